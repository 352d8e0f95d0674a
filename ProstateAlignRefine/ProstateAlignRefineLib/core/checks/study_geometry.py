"""Whether the voxels of a study lie as those of a pelvic MRI do, and in which plane its T2W was acquired."""

from __future__ import annotations

from ..cautions import Caution, caution
from ..errors import InputError
from ..geometry import Grid
from ..orientation import order_between
from ..study import Study

SPACING_MM = (0.05, 20.0)
FIELD_MM = (30.0, 1000.0)
"""Of the two in-plane sides the shorter, and of all three the longest, with room for odd scanners."""
ISOTROPIC = 1.5
"""Up to this share of the wider of the other two spacings a third one makes no thick slices."""

PLANES = ("sagittal", "coronal", "axial")


def check_field(grid: Grid, name: str) -> None:
    """InputError where the voxels or the field of view are too small or too large to show a prostate."""
    extents = [count * step for count, step in zip(grid.size, grid.spacing, strict=True)]
    small = min(grid.spacing) < SPACING_MM[0] or sorted(extents)[1] < FIELD_MM[0]
    if small or max(grid.spacing) > SPACING_MM[1] or max(extents) > FIELD_MM[1]:
        field, steps = (" x ".join(f"{value:.3g}" for value in values) for values in (extents, grid.spacing))
        raise InputError(
            f"The {name} covers {field} mm with voxels of {steps} mm, which is no image of a prostate; its voxel "
            "spacing may be in another unit than mm, so export it again."
        )


def check_plane(t2w: Grid) -> None:
    """InputError where the T2W, in axial order, has thick slices in another plane than the axial one."""
    thick = max(range(3), key=lambda axis: t2w.spacing[axis])
    if thick != 2 and is_thick(t2w, thick):
        raise InputError(
            f"The T2W has {PLANES[thick]} slices, {t2w.spacing[thick]:.3g} mm apart; give the axial T2W, or a "
            "three-dimensional one with nearly equal spacings."
        )


def geometry_cautions(study: Study) -> tuple[Caution, ...]:
    """That a T2W with nearly equal spacings was acquired in another plane than the axial one."""
    order = None if study.stored is None else order_between(study.stored, study.grid)
    if order is None or order.axes[2] == 2 or is_thick(study.grid, 2):
        return ()
    across = order.axes.index(2)
    return (caution("t2w-reformatted", plane=PLANES[across], spacing=f"{study.grid.spacing[2]:.3g}"),)


def is_thick(grid: Grid, axis: int) -> bool:
    """Whether voxels are clearly longer along this axis than along both others: slices lie across it."""
    return grid.spacing[axis] > ISOTROPIC * max(grid.spacing[other] for other in range(3) if other != axis)
