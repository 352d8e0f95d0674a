"""Faults that imaging code really has and general mutation operators do not make: swapped axes, swapped words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Example, Operator

PAIRS = (
    ("min", "max"), ("minimum", "maximum"), ("any", "all"), ("argmin", "argmax"), ("floor", "ceil"), ("sin", "cos"),
    ("first", "last"), ("low", "high"), ("mean", "median"), ("left", "right"), ("NEAREST", "LINEAR"), ("tau", "alpha"),
    ("added", "erased"), ("rows", "columns"), ("added", "removed"),
)  # fmt: skip
OTHER = {**dict(PAIRS), **{other: one for one, other in PAIRS}}
LISTS = ("arglist", "testlist_comp", "subscriptlist", "testlist_star_expr", "exprlist", "testlist")


class SwapNeighbours(Operator):
    """(z, y, x) becomes (y, z, x): two neighbours of a call, a tuple, a list or an unpacking."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for index in _neighbours(node):
            yield node.children[index].start_pos, node.children[index + 2].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        at = _neighbours(node)[index]
        one, other = node.children[at], node.children[at + 2]
        first, second = one.get_first_leaf(), other.get_first_leaf()
        first.prefix, second.prefix = second.prefix, first.prefix
        node.children[at], node.children[at + 2] = other, one
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("f(a, b)", "f(b, a)"),)


class SwapWords(Operator):
    """min becomes max, any all, NEAREST LINEAR."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "name" and node.value in OTHER and node.parent.type in ("trailer", "atom_expr", "argument"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = OTHER[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("min(a)", "max(a)"),)


def _neighbours(node: Any) -> list[int]:
    """Where a comma stands between two positional values that are not written alike."""
    if node.type not in LISTS:
        return []
    return [
        index
        for index in range(0, len(node.children) - 2, 2)
        if not any(child.type == "argument" for child in (node.children[index], node.children[index + 2]))
        and node.children[index].get_code().strip() != node.children[index + 2].get_code().strip()
    ]
