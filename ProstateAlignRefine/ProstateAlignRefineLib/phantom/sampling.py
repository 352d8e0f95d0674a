"""How a study is sampled: the grids of T2W and of diffusion imaging, oblique in patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import Grid, triple
from .fields import AnatomyFrame, Triple, rotation_matrix


@dataclass(frozen=True)
class Sampling:
    """The T2W grid a caller asks for: voxels and spacing (mm) in x, y, z order."""

    size: tuple[int, int, int]
    spacing: Triple

    @classmethod
    def of_field(cls, spacing: Triple, field_mm: Triple) -> Sampling:
        """The grid of this spacing that covers a field of view of `field_mm` (x, y, z)."""
        size = [max(round(f / s), 1) for f, s in zip(field_mm, spacing, strict=True)]
        return cls((size[0], size[1], size[2]), spacing)


@dataclass(frozen=True)
class _Protocol:
    spacing: float
    thickness: float
    fields_mm: tuple[float, ...]
    slices: tuple[int, int]
    share: float


_PROTOCOLS = (
    _Protocol(0.5, 3.0, (192.0, 160.0), (19, 27), 0.40),
    _Protocol(0.3, 3.6, (144.0, 192.0), (19, 24), 0.20),
    _Protocol(0.34, 3.0, (170.0, 180.0), (20, 26), 0.25),
    _Protocol(0.3, 1.5, (144.0,), (40, 50), 0.15),
)
"""In-plane spacing, slice distance, field of view, number of slices and share of vendor-like T2W protocols."""


def draw_sampling(rng: np.random.Generator) -> Sampling:
    """A vendor-like T2W grid."""
    protocol = _PROTOCOLS[rng.choice(len(_PROTOCOLS), p=[p.share for p in _PROTOCOLS])]
    in_plane = round(rng.choice(protocol.fields_mm) / protocol.spacing)
    slices = int(rng.integers(protocol.slices[0], protocol.slices[1] + 1))
    return Sampling((in_plane, in_plane, slices), (protocol.spacing, protocol.spacing, protocol.thickness))


def draw_frame(rng: np.random.Generator) -> AnatomyFrame:
    """Where the patient lies: the gland's axis leans forward by up to 25 degrees, the rest is posture."""
    lean = float(rng.uniform(0.0, 25.0))
    turn = rotation_matrix((-lean, float(rng.normal(0, 1.5)), float(rng.normal(0, 2.5))))
    return AnatomyFrame(rng.uniform((-15.0, -20.0, -60.0), (15.0, 40.0, 60.0)), turn)


def draw_t2w_grid(rng: np.random.Generator, frame: AnatomyFrame, sampling: Sampling) -> Grid:
    """An axial grid about the gland: perpendicular to its axis within a few degrees, or straight in one of six."""
    tilt = rng.normal(0.0, (4.0, 1.5, 1.5))
    axes = frame.rotation @ rotation_matrix(triple(tilt))
    if rng.random() < 0.17 and np.degrees(np.arccos(frame.rotation[2, 2])) < 14.0:
        axes = np.eye(3)
    extent = np.asarray(sampling.size) * np.asarray(sampling.spacing)
    offset = np.clip(rng.normal(0.0, (4.0, 7.0, 4.0)), -14.0, 14.0) * np.minimum(extent / (150.0, 150.0, 75.0), 1.0)
    return grid_about(frame.centre + axes @ offset, axes, sampling.size, sampling.spacing)


def draw_diffusion_grid(rng: np.random.Generator, t2w: Grid, whole_field: bool) -> Grid:
    """The coarser grid of diffusion imaging on the T2W slices' axes: 1.6 to 2.5 mm, its own field of view.

    Without `whole_field` it covers the T2W field and a margin: what lies further costs time and shows nowhere.
    """
    spacing = float(rng.choice((1.6, 1.75, 2.0, 2.0, 2.25, 2.5)))
    extent = np.asarray(t2w.size[:2]) * np.asarray(t2w.spacing[:2])
    field = rng.uniform((160.0, 200.0), (240.0, 280.0)) if whole_field else extent + rng.uniform(6.0, 24.0, 2)
    thickness = t2w.spacing[2] if rng.random() < 0.6 else float(rng.uniform(3.0, 4.0))
    thickness = max(thickness, 3.0)
    slices = int(np.ceil(t2w.size[2] * t2w.spacing[2] / thickness)) + int(rng.integers(0, 3))
    size = (int(field[0] / spacing), int(field[1] / spacing), slices)
    centre = t2w.centre + t2w.axes @ (rng.normal(0.0, (2.0, 4.0, 0.7)) if whole_field else rng.normal(0.0, 1.0, 3))
    return grid_about(centre, t2w.axes, size, (spacing, spacing, thickness))


def measuring_grid(frame: AnatomyFrame, radii: NDArray[np.float64]) -> Grid:
    """1.5 mm voxels on the anatomy's own axes about a gland of these half-axes, to place and measure lesions on."""
    size = np.ceil((2 * radii * 1.15 + 14.0) / 1.5).astype(int)
    return grid_about(frame.centre, frame.rotation, (int(size[0]), int(size[1]), int(size[2])), (1.5, 1.5, 1.5))


def grid_about(
    centre: NDArray[np.float64], axes: NDArray[np.float64], size: tuple[int, int, int], spacing: Triple
) -> Grid:
    """The grid with its middle at `centre` (LPS mm)."""
    origin = centre - axes @ ((np.asarray(size) - 1) / 2 * np.asarray(spacing))
    return Grid(size, spacing, triple(origin), tuple(map(float, axes.ravel())))
