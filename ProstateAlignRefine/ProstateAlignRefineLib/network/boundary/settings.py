"""What boundary.json says of a bundle's boundary refiner. Read without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import InputError

LARGEST_MARGIN = 12.0
MARGIN_SCALE = 0.2


@dataclass(frozen=True)
class BoundarySettings:
    """`spacing_mm`: of the voxels it reads, in plane; along the slices it keeps the T2W's own, but none finer than
    `least_slice_mm`. `reach_mm`: how far from a finding it may edit. `widths`: of its three levels. `text_width`: of
    the prompt's token."""

    spacing_mm: float
    least_slice_mm: float
    reach_mm: float
    widths: tuple[int, int, int]
    text_width: int

    def __post_init__(self) -> None:
        lengths = min(self.spacing_mm, self.least_slice_mm, self.reach_mm)
        if lengths <= 0 or min(*self.widths, self.text_width) < 1:
            raise InputError("The settings of the boundary refiner cannot be used; get the model bundle again.")
