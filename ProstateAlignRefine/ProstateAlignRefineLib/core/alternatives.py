"""A lesion in two places, as reports have it ("mid to apex", "left and right PZ"): in one or the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Said = tuple[str, tuple[str, ...]]
"""A spelling, and the concepts that it stands for."""

JOINING = frozenset({"and", "or", "to", "through", "into", "extending", "extends"})
REACHING = JOINING - {"and", "or"}
"""What lies between two levels so joined is meant, too."""


def readings(said: Sequence[Said], groups: Iterable[Sequence[str]], ordered: Sequence[str]) -> list[list[str]]:
    """The concepts of a line, once for each of the places in it that stand for one another; once where none do.

    `groups`: of each the line means one, where a word joins those that it names and nothing but words that mean nothing
    stands between. `ordered`: the one of them whose members lie in a row.
    """
    found = [list(said)]
    for group in groups:
        found = [reading for line in found for reading in _of_group(line, group, ranked=group is ordered)]
    return [[concept for _, concepts in line for concept in concepts] for line in found]


def _of_group(line: list[Said], group: Sequence[str], ranked: bool) -> list[list[Said]]:
    at = [number for number, (_, concepts) in enumerate(line) if set(group).intersection(concepts)]
    named = [[concept for concept in line[number][1] if concept in group] for number in at]
    rest = [[concept for concept in line[number][1] if concept not in group] for number in at]
    between = [line[before + 1 : after] for before, after in pairwise(at)]
    alike = all(len(concepts) == 1 for concepts in named) and all(others == rest[0] for others in rest)
    if len(at) < 2 or not alike or not all(map(_joins, between)):
        return [line]
    members = dict.fromkeys(concept for concepts in named for concept in concepts)
    if ranked and any(spelling in REACHING for words in between for spelling, _ in words):
        places = sorted(group.index(concept) for concept in members)
        members = dict.fromkeys(group[places[0] : places[-1] + 1])
    return [[*line[: at[0]], (member, (member, *rest[0])), *line[at[-1] + 1 :]] for member in members]


def _joins(words: Sequence[Said]) -> bool:
    return not any(concepts for _, concepts in words) and any(spelling in JOINING for spelling, _ in words)
