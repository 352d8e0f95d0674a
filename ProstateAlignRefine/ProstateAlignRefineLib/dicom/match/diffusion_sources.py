"""Which diffusion-weighted images an ADC map or a high-b image is computed from where the study lacks it."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.match.rules import Kind
from .classify import SeriesVolume

FEWEST_B_VALUES = 2
MOST_B_FOR_ADC = 1000.0  # s/mm2; above it the decay is no longer mono-exponential (PI-RADS v2.1)


def diffusion_sources(volumes: Sequence[SeriesVolume], t2w: SeriesVolume) -> tuple[SeriesVolume, ...]:
    """Volumes of two or more b-values on one grid and in one frame of reference; empty where there are none.

    Of several such sets one in the T2W's frame of reference, then that with most b-values, then the later one. Of one
    b-value, a direction-free volume is taken, else all its directions (three or more), whose geometric mean takes its
    place.
    """
    reference = _frame(t2w)
    usable = [one for one in volumes if _usable(one)]
    sets: list[list[SeriesVolume]] = []
    for one in usable:
        home = next((group for group in sets if _same_grid(group[0], one)), None)
        if home is None:
            sets.append([one])
        else:
            home.append(one)
    chosen = [tuple(volume for b in sorted(_b_values(group)) for volume in _at(group, b)) for group in sets]
    chosen = [group for group in chosen if len(_b_values(group)) >= FEWEST_B_VALUES]

    def worth(group: tuple[SeriesVolume, ...]) -> tuple[bool, int, int]:
        return _frame(group[0]) == reference, len(_b_values(group)), _latest(group)

    return max(chosen, key=worth, default=())


def b_values_for_fit(b_values: Sequence[float]) -> tuple[float, ...]:
    """Those up to 1000 s/mm2 if they are two or more, else all."""
    low = tuple(b for b in sorted(set(b_values)) if b <= MOST_B_FOR_ADC)
    return low if len(low) >= FEWEST_B_VALUES else tuple(sorted(set(b_values)))


def _usable(one: SeriesVolume) -> bool:
    is_diffusion = one.kind in (Kind.DWI, Kind.HBV)
    return is_diffusion and one.evidence.plane == "axial" and one.b_value is not None and one.stack is not None


def _same_grid(one: SeriesVolume, other: SeriesVolume) -> bool:
    if one.stack is None or other.stack is None or _frame(one) != _frame(other):
        return False
    return one.stack.grid.matches(other.stack.grid)


def _frame(one: SeriesVolume) -> str:
    return one.frames[0].frame_of_reference


def _b_values(group: Sequence[SeriesVolume]) -> set[float]:
    return {one.b_value for one in group if one.b_value is not None}


def _at(group: Sequence[SeriesVolume], b: float) -> tuple[SeriesVolume, ...]:
    volumes = [one for one in group if one.b_value == b]
    free = [one for one in volumes if not one.frames[0].direction]
    if free:
        return (max(free, key=lambda one: one.frames[0].series_number or 0),)
    return tuple(volumes) if len(volumes) >= 3 else ()


def _latest(group: Sequence[SeriesVolume]) -> int:
    return max(one.frames[0].series_number or 0 for one in group)
