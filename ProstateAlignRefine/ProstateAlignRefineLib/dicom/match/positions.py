"""Whether the positions of two series can be compared: a common frame of reference, or good reasons to believe so."""

from __future__ import annotations

import numpy as np

from ...core.cautions import Caution
from ...core.checks.study import prostate_region
from ...core.errors import InputError
from ...core.geometry import Grid
from ...core.study import Modality
from .classify import SeriesVolume

LEAST_SHARE = 0.8  # of the prostate region that the other series must cover
FARTHEST_MM = 60.0  # between the middles of two fields of view about one prostate


def check_positions(
    t2w: SeriesVolume, modality: Modality, other: SeriesVolume, trust: bool = False
) -> tuple[Caution, ...]:
    """A caution where the series names another frame of reference than the T2W, or the T2W names none.

    De-identifiers often give every series one of its own. InputError where nothing else speaks for comparable
    positions, which are a common study, a field of view about the same place, and the user's word (`trust`).
    """
    ours, theirs = t2w.frames[0], other.frames[0]
    if ours.frame_of_reference and ours.frame_of_reference == theirs.frame_of_reference:
        return ()
    if not ours.frame_of_reference and not trust:
        raise InputError(
            f"The T2W {t2w.name} has no frame of reference, so its position beside other series is not known; export "
            "the study again, give image files, or trust the positions (--trust-positions)."
        )
    doubt = "" if ours.study == theirs.study else "they name different studies"
    doubt = doubt or _misplaced(t2w, other)
    if doubt and not trust:
        raise InputError(
            f"The T2W {t2w.name} and the {modality.name} {other.name} have no common frame of reference, and {doubt}, "
            "so their positions cannot be compared; give series of one examination, or trust the positions "
            "(--trust-positions)."
        )
    why = "as the user asked" if trust else "since both are of one study and show the same place"
    return (
        Caution(
            "frame-of-reference-differs",
            f"The {modality.name} {other.name} has no frame of reference in common with the T2W; its position was "
            f"trusted, {why}. If the patient was moved in between, findings lie beside what they mark.",
        ),
    )


def _misplaced(t2w: SeriesVolume, other: SeriesVolume) -> str:
    """Why the series does not look as if it shows the same place; empty where it does."""
    if t2w.stack is None or other.stack is None:
        return ""
    share = covered_share(prostate_region(t2w.stack.grid), other.stack.grid)
    if share < LEAST_SHARE:
        return f"only {share:.0%} of the middle of the T2W lies in its field of view"
    distance = float(np.linalg.norm(t2w.stack.grid.centre - other.stack.grid.centre))
    return f"the middles of their fields of view lie {distance:.0f} mm apart" if distance > FARTHEST_MM else ""


def covered_share(region: Grid, grid: Grid) -> float:
    """Share (0 to 1) of the voxel centres of `region` that lie within the field of view of `grid`."""
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in region.size), indexing="ij"), axis=-1).reshape(-1, 3)
    inside = grid.to_index(region.to_lps(indices))
    return float(np.mean(((inside >= -0.5) & (inside <= np.asarray(grid.size) - 0.5)).all(axis=1)))
