"""The network's maps on the T2W grid, and their files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .anatomy import GlandZone, plausible_gland
from .boxes import Box, crop_grid
from .errors import InputError
from .geometry import Array, Grid, to_array, to_image
from .orientation import laid_on
from .storage.image_writing import write_image
from .storage.volume_files import read_image

MAP_NAMES = ("base_margin", "refined_margin", "confidence", "similarity")
ZONES_NAME = "zones"
SHARES = ("confidence", "similarity")
"""The maps whose values lie between 0 and 1."""


@dataclass(frozen=True)
class Maps:
    """What the network says of each T2W voxel, float32 [Z, Y, X].

    `base_margin`, `refined_margin`: foreground minus background logit without and with the (ungated) refiner.
    `confidence`: what the gate's tau is compared with, 0 to 1. `similarity`: text-image similarity, 0 to 1.
    `zones`: uint8 codes of `anatomy.GlandZone`, None where the model tells no anatomy.
    InputError where a value is not finite or lies out of its range.
    """

    grid: Grid
    base_margin: NDArray[np.float32]
    refined_margin: NDArray[np.float32]
    confidence: NDArray[np.float32]
    similarity: NDArray[np.float32]
    zones: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            if array.shape != self.grid.shape:
                raise ValueError(f"{name} has shape {array.shape}, the grid {self.grid.shape}")
            _check_values(name, array)

    @property
    def arrays(self) -> dict[str, Array]:
        """The maps by field name; `zones` only where there are any."""
        maps: dict[str, Array] = {name: getattr(self, name) for name in MAP_NAMES}
        return maps if self.zones is None else {**maps, ZONES_NAME: self.zones}

    def gland(self) -> NDArray[np.bool_] | None:
        """`plausible_gland` of the zones [Z, Y, X]; None also where the model tells no anatomy."""
        return None if self.zones is None else plausible_gland(self.zones, self.grid)

    def within(self, box: Box) -> Maps:
        """The part in a box, as views."""
        return Maps(crop_grid(self.grid, box), **{name: array[box.slices] for name, array in self.arrays.items()})


def value_range(array: Array) -> tuple[float, float]:
    """Smallest and largest value; NaN where there is one."""
    return float(array.min()), float(array.max())


def laid_maps(maps: Maps, grid: Grid) -> Maps:
    """The same voxels in the order of `grid`, which holds them at the same places."""
    return Maps(grid, **{name: laid_on(array, maps.grid, grid) for name, array in maps.arrays.items()})


def write_volume(array: Array, grid: Grid, path: Path) -> None:
    """A compressed NIfTI file of an array [Z, Y, X], read back; InputError, and no file, where it is not whole."""
    write_image(to_image(array, grid), path)


def write_volumes(volumes: Mapping[Path, tuple[Array, Grid]]) -> None:
    """`write_volume` of several, some at once."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for written in [pool.submit(write_volume, *volume, path) for path, volume in volumes.items()]:
            written.result()


def read_volume(path: Path) -> sitk.Image:
    """An image file of three axes and one value a voxel; InputError where it is missing, unreadable or another kind."""
    if not path.is_file():
        raise InputError(f"The file '{path.name}' is missing; run the segmentation again to make it.")
    return read_image(path, f"file '{path.name}'")


def save_maps(maps: Maps, folder: Path) -> None:
    """One file a map; no `zones.nii.gz` where there are no zones."""
    (folder / f"{ZONES_NAME}.nii.gz").unlink(missing_ok=True)
    write_volumes({folder / f"{name}.nii.gz": (array, maps.grid) for name, array in maps.arrays.items()})


def load_maps(folder: Path) -> Maps:
    """The maps that `save_maps` wrote; InputError where one is missing or lies on another grid."""
    has_zones = (folder / f"{ZONES_NAME}.nii.gz").is_file()
    names = (*MAP_NAMES, ZONES_NAME) if has_zones else MAP_NAMES
    images = {name: read_volume(folder / f"{name}.nii.gz") for name in names}
    grid = Grid.of(images["base_margin"])
    for name, image in images.items():
        if not grid.matches(Grid.of(image)):
            raise InputError(f"The map '{name}' lies on another grid than 'base_margin'; run the segmentation again.")
    base, refined, confidence, similarity = (to_array(images[name]).astype(np.float32) for name in MAP_NAMES)
    zones = to_array(images[ZONES_NAME]).astype(np.uint8) if has_zones else None
    return Maps(grid, base, refined, confidence, similarity, zones)


def _check_values(name: str, array: Array) -> None:
    if not array.size:
        return
    low, high = value_range(array)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"The map '{name}' holds values that are not numbers; run the segmentation again.")
    most = {**dict.fromkeys(SHARES, 1.0), ZONES_NAME: float(max(GlandZone))}.get(name)
    if most is not None and not 0.0 <= low <= high <= most:
        raise InputError(
            f"The map '{name}' runs from {low:.3g} to {high:.3g}, not from 0 to {most:g}; run the segmentation again."
        )
