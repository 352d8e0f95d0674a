"""The PI-RADS v2.1 sector map as shapes: our own drawing, seen as an axial image is (the patient's right at the left).

Each level is a gland seen from the feet: a peripheral ring around an inner oval, both cut by angles from the front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians, sin

from .places import Level, Side
from .sectors import SPHINCTER, VESICLE, Sector

Polygon = tuple[tuple[float, float], ...]

WIDTH, HEIGHT = 400.0, 116.0
CELL = 100.0
MIDDLE_Y = 54.0
OUTER, INNER = (46.0, 40.0), (29.0, 26.0)
INNER_UP = 7.0  # the inner oval's centre lies this far in front of the gland's
SIZES = {Level.BASE: 1.0, Level.MID: 0.94, Level.APEX: 0.78}
STEP = 6  # degrees between the points of a curve

# Degrees from the front, along one side.
RING = {"PZa": (52, 100), "PZpl": (100, 142), "PZpm": (142, 180)}
OVAL = {"TZa": (52, 100), "TZp": (100, 180)}
OVAL_OF_BASE = {"TZa": (52, 92), "TZp": (92, 132), "CZ": (132, 180)}
STROMA = "AS"
FRONT = 52


@dataclass(frozen=True)
class SectorShape:
    """One sector's outline, and where a mark for it goes."""

    sector: Sector
    outline: Polygon
    centre: tuple[float, float]


def sector_shapes() -> tuple[SectorShape, ...]:
    """All 41, in a picture of `WIDTH` by `HEIGHT`: seminal vesicles, base, mid, apex with the sphincter below it."""
    return tuple(_vesicles()) + tuple(shape for level in Level for shape in _level(level)) + (_sphincter(),)


def captions() -> tuple[tuple[str, float], ...]:
    """What stands below each part of the picture, and the middle of that part."""
    names = ("seminal vesicles", *(level.value for level in Level))
    return tuple((name, CELL * (index + 0.5)) for index, name in enumerate(names))


def _level(level: Level) -> Iterator[SectorShape]:
    middle = CELL * (list(Level).index(level) + 1.5)
    oval = OVAL_OF_BASE if level is Level.BASE else OVAL
    halves = {
        **{name: _ring(*angles) for name, angles in RING.items()},
        **{name: _band(*angles) for name, angles in oval.items()},
        STROMA: (*_arc(OUTER, 0.0, 0, FRONT), _on(INNER, INNER_UP, FRONT), (0.0, _on(INNER, INNER_UP, FRONT)[1])),
    }
    for name, half in halves.items():
        for side in (Side.RIGHT, Side.LEFT):
            yield _shape(Sector(name, side, level), half, middle, SIZES[level])


def _shape(sector: Sector, half: Polygon, middle: float, size: float) -> SectorShape:
    """`half`: on the patient's left, about the gland's centre."""
    across = size if sector.side is Side.LEFT else -size
    outline = tuple((middle + across * x, MIDDLE_Y + size * y) for x, y in half)
    return SectorShape(sector, outline, _centroid(outline))


def _ring(start: int, end: int) -> Polygon:
    return (*_arc(OUTER, 0.0, start, end), *reversed(_arc(INNER, INNER_UP, start, end)))


def _band(start: int, end: int) -> Polygon:
    """Of the oval, from its rim to the midline."""
    rim = _arc(INNER, INNER_UP, start, end)
    return (*rim, (0.0, rim[-1][1]), (0.0, rim[0][1]))


def _arc(radii: tuple[float, float], up: float, start: int, end: int) -> Polygon:
    return tuple(_on(radii, up, angle) for angle in (*range(start, end, STEP), end))


def _on(radii: tuple[float, float], up: float, angle: float) -> tuple[float, float]:
    """A point of an oval, by the angle from its front; y grows to the back."""
    return radii[0] * sin(radians(angle)), -up - radii[1] * cos(radians(angle))


def _vesicles() -> Iterator[SectorShape]:
    for side, sign in ((Side.RIGHT, -1), (Side.LEFT, 1)):
        points = [_on((20.0, 9.0), 0.0, angle) for angle in range(0, 360, 2 * STEP)]
        outline = tuple((CELL / 2 + sign * (23 + 0.94 * x), MIDDLE_Y - 0.35 * x + y) for x, y in points)
        yield SectorShape(Sector(VESICLE, side), outline, _centroid(outline))


def _sphincter() -> SectorShape:
    middle = (3.5 * CELL, MIDDLE_Y + 42.0)
    outline = tuple((middle[0] + x, middle[1] + y) for x, y in (_on((9.0, 6.0), 0.0, a) for a in range(0, 360, 20)))
    return SectorShape(Sector(SPHINCTER, Side.MIDLINE), outline, middle)


def _centroid(outline: Polygon) -> tuple[float, float]:
    """Of the enclosed area."""
    area = x_moment = y_moment = 0.0
    for (x0, y0), (x1, y1) in zip(outline, (*outline[1:], outline[0]), strict=True):
        cross = x0 * y1 - x1 * y0
        area += cross
        x_moment += (x0 + x1) * cross
        y_moment += (y0 + y1) * cross
    return x_moment / (3 * area), y_moment / (3 * area)
