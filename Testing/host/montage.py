"""Synthetic studies beside a real one, as thumbnails: which is the fake, and why?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ProstateAlignRefineLib.core.geometry import NEAREST, Array, Grid, resample, to_array
from ProstateAlignRefineLib.core.storage.files import replacing_file
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.phantom.generate import make_phantom
from ProstateAlignRefineLib.phantom.sampling import Sampling
from ProstateAlignRefineLib.phantom.truth import Phantom

FIELD_MM = 120.0
THUMB = 128
LEVELS = (0.28, 0.5, 0.72)
OUTLINE = (255, 70, 70)
BAND = 14
VIEW = Sampling.of_field((0.5, 0.5, 3.0), (160.0, 160.0, 60.0))
"""How `main` samples its phantoms."""


def write_montage(path: Path, phantoms: Sequence[Phantom], real: Study | None = None) -> None:
    """A PNG with one row a study, the real one first: T2W, ADC and HBV at three levels of the stack.

    Phantoms get a fourth triple: their largest lesion's slice, outlined, or their middle again where there is none.
    """
    rows = [] if real is None else [("real", _row(real, LEVELS, None))]
    for number, phantom in enumerate(phantoms):
        largest = _lesion_slice(phantom)
        cells = _row(phantom.study, LEVELS, None) + _row(phantom.study, (largest,), phantom.truth.lesions)
        rows.append((f"synthetic {number + 1}", cells))
    width = max(len(cells) for _, cells in rows)
    sheet = Image.new("RGB", (width * THUMB, len(rows) * (THUMB + BAND)))
    pen = ImageDraw.Draw(sheet)
    for at, (name, cells) in enumerate(rows):
        top = at * (THUMB + BAND)
        pen.text((3, top + 1), name, fill=(255, 200, 80))
        for column, cell in enumerate(cells):
            sheet.paste(cell, (column * THUMB, top + BAND))
    with replacing_file(path) as temporary:
        sheet.save(temporary)


def _lesion_slice(phantom: Phantom) -> float:
    areas = (to_array(phantom.truth.lesions) > 0).sum(axis=(1, 2))
    return float(areas.argmax()) / max(len(areas) - 1, 1) if areas.any() else 0.5


def _row(study: Study, levels: Sequence[float], lesions: sitk.Image | None) -> list[Image.Image]:
    """Thumbnails at these levels (0 caudal to 1 cranial), each modality nearest-neighbour on a common view."""
    grid = _view(study.grid)
    labels = None if lesions is None else to_array(resample(lesions, grid, NEAREST))
    volumes = [to_array(resample(v, grid, NEAREST)).astype(float) for v in (study.t2w, study.adc, study.hbv)]
    whites = (np.percentile(volumes[0], 99.0), 2600.0, np.percentile(_middle(volumes[2]), 99.5) * 1.1)
    cells = []
    for level in levels:
        k = round(level * (grid.size[2] - 1))
        for volume, white in zip(volumes, whites, strict=True):
            cells.append(_thumb(volume[k], float(white), None if labels is None else labels[k] > 0))
    return cells


def _view(grid: Grid) -> Grid:
    """Square voxels over the central field of view, on the study's own slices."""
    pixel = FIELD_MM / THUMB
    return grid.with_spacing((pixel, pixel, grid.spacing[2])).centre_box((THUMB, THUMB, grid.size[2]))


def _middle(volume: Array) -> Array:
    z, y, x = (n // 4 for n in volume.shape)
    return volume[z : -z or None, y : -y or None, x : -x or None]


def _thumb(plane: Array, white: float, lesion: NDArray[np.bool_] | None) -> Image.Image:
    grey = np.clip(plane / max(white, 1e-6), 0, 1) * 255
    colour = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    if lesion is not None:
        inner = lesion.copy()
        inner[1:-1, 1:-1] &= lesion[:-2, 1:-1] & lesion[2:, 1:-1] & lesion[1:-1, :-2] & lesion[1:-1, 2:]
        colour[lesion & ~inner] = OUTLINE
    return Image.fromarray(colour)


def main(arguments: Sequence[str] | None = None) -> None:
    """`python Testing/host/montage.py -o FILE [--seeds A B] [--real FOLDER] [--family F]`."""
    parser = argparse.ArgumentParser(description="synthetic studies beside a real one, as a picture")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="PNG")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 8), metavar=("FIRST", "END"), help="default: 0 8")
    parser.add_argument("--real", type=Path, metavar="DIR", help="folder with *_t2w, *_adc and *_hbv files")
    parser.add_argument("--family", choices=("standard", "holdout"), default="standard")
    chosen = parser.parse_args(arguments)
    phantoms = [make_phantom(seed, VIEW, chosen.family) for seed in range(*chosen.seeds)]
    files = None if chosen.real is None else find_study_files(chosen.real)
    write_montage(chosen.output, phantoms, None if files is None else read_study_files(files))


if __name__ == "__main__":
    main()
