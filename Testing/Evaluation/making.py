"""Small hand-made volumes: 1 x 1.2 x 2.5 mm voxels, so that a voxel is 0.003 mL, tilted."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_image

GRID = Grid((30, 30, 8), (1.0, 1.2, 2.5), (-14.0, -17.0, 3.0), (1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96))
FIRST = (slice(2, 5), slice(4, 12), slice(4, 12))  # 192 voxels, 0.576 mL
SECOND = (slice(2, 5), slice(20, 25), slice(20, 25))  # 75 voxels, 0.225 mL


def volume(*parts: tuple[tuple[slice, ...], float]) -> np.ndarray:
    """Each part of the volume at its value, the rest 0."""
    values = np.zeros(GRID.shape, np.float32)
    for place, value in parts:
        values[place] = value
    return values


def write(values: np.ndarray, path: Path, grid: Grid = GRID) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_image(values, grid), str(path))
