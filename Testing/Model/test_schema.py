"""Records from plain data: unions by their kind, and the remedy the caller names."""

from dataclasses import dataclass
from typing import Literal

import pytest

from ProstateAlignRefineLib.core import schema
from ProstateAlignRefineLib.core.errors import InputError


@dataclass(frozen=True)
class Circle:
    kind: Literal["circle"]
    radius: float


@dataclass(frozen=True)
class Square:
    kind: Literal["square"]
    side: float


@dataclass(frozen=True)
class Drawing:
    shape: Circle | Square
    title: str | None


def test_a_union_is_read_by_its_kind() -> None:
    data = {"shape": {"kind": "square", "side": 2}, "title": None}
    assert schema.from_dict(Drawing, data, "the drawing") == Drawing(Square("square", 2.0), None)
    assert schema.to_dict(schema.from_dict(Drawing, data, "the drawing")) == data


@pytest.mark.parametrize(
    ("shape", "says"),
    [({"kind": "line"}, "circle, square"), ({"side": 1.0}, "circle, square"), ({"kind": "circle"}, "radius")],
)
def test_a_union_of_another_kind_is_refused(shape: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        schema.from_dict(Drawing, {"shape": shape, "title": None}, "the drawing")


def test_an_error_ends_with_the_callers_remedy() -> None:
    with pytest.raises(InputError, match=r"unknown entries \(width\); mend the drawing\."):
        schema.from_dict(Drawing, {"shape": {}, "title": None, "width": 1}, "the drawing", "mend the drawing")
