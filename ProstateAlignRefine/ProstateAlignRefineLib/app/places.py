"""Where a lesion lies, in words that claim no more than the images give: the gland itself is not segmented."""

from __future__ import annotations

from ..core.geometry import Grid
from ..core.lesions import Lesion
from .i18n import _

MIDLINE_MM = 3.0


def side_of(lesion: Lesion, grid: Grid) -> str:
    """Left or right of the patient, seen from the middle of the T2W field of view."""
    offset = lesion.centre_lps[0] - float(grid.centre[0])
    if abs(offset) < MIDLINE_MM:
        return _("midline")
    return _("left") if offset > 0 else _("right")


def level_of(lesion: Lesion, grid: Grid) -> str:
    """The third of the T2W stack, from the head down."""
    slices = grid.size[2]
    index = float(grid.to_index(lesion.centre_lps)[2])
    upwards = grid.axes[2, 2] >= 0
    from_head = (slices - 1 - index if upwards else index) / max(slices - 1, 1)
    return (_("upper"), _("middle"), _("lower"))[min(int(from_head * 3), 2)]


def slices_of(lesion: Lesion) -> str:
    """T2W slices, counted from 1 as viewers do."""
    first, last = (number + 1 for number in lesion.slices)
    return str(first) if first == last else f"{first}–{last}"
