"""A dataset in the layout of nnU-Net v2 (its documentation: "dataset format", "manual data splits")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.geometry import NEAREST, Grid, resample, to_array, to_image
from ..core.storage.image_writing import write_image
from ..core.study import Modality, Study

FILE_ENDING = ".nii.gz"
DATASET_JSON, SPLITS_JSON = "dataset.json", "splits_final.json"
CHANNELS = (Modality.T2W, Modality.ADC, Modality.HBV)
TRAINING, TEST = "Tr", "Ts"
NAMES = (DATASET_JSON, SPLITS_JSON, *(f"{what}{part}" for what in ("images", "labels") for part in (TRAINING, TEST)))


@dataclass(frozen=True)
class Split:
    """Case names of one nnU-Net fold."""

    train: tuple[str, ...]
    val: tuple[str, ...]


def write_case(folder: Path, name: str, study: Study, lesions: sitk.Image, part: str = TRAINING) -> None:
    """One case: the three volumes on the T2W grid as `name_0000` to `name_0002`, the lesions as 0 and 1.

    nnU-Net reads channels of one geometry, so ADC and HBV are interpolated linearly onto T2W. `part`: Tr or Ts.
    """
    grid = study.grid
    for number, modality in enumerate(CHANNELS):
        volume = study.volume(modality)
        image = volume if modality is Modality.T2W else resample(volume, grid)
        values = np.nan_to_num(to_array(image).astype(np.float32))
        _write(values, grid, folder / f"images{part}" / f"{name}_{number:04d}{FILE_ENDING}")
    _write(_mask_on(lesions, grid), grid, folder / f"labels{part}" / f"{name}{FILE_ENDING}")


def write_dataset_json(folder: Path, count: int, about: str) -> None:
    """Channels named for z-scoring of each volume; `about`: where the cases come from."""
    content = {
        "channel_names": {str(number): modality.name for number, modality in enumerate(CHANNELS)},
        "labels": {"background": 0, "lesion": 1},
        "numTraining": count,
        "file_ending": FILE_ENDING,
        "overwrite_image_reader_writer": "SimpleITKIO",
        "description": about,
    }
    _write_json(content, folder / DATASET_JSON)


def write_splits(folder: Path, splits: Sequence[Split]) -> None:
    """Copy the file into nnU-Net's preprocessed folder of the dataset before it trains."""
    _write_json([{"train": list(split.train), "val": list(split.val)} for split in splits], folder / SPLITS_JSON)


def splits_of(folds: Mapping[str, int]) -> tuple[Split, ...]:
    """Every fold once as validation, the others as training."""
    return tuple(
        Split(
            tuple(name for name in sorted(folds) if folds[name] != fold),
            tuple(name for name in sorted(folds) if folds[name] == fold),
        )
        for fold in sorted(set(folds.values()))
    )


def _mask_on(lesions: sitk.Image, grid: Grid) -> NDArray[np.uint8]:
    mask = lesions > 0
    on_grid = mask if Grid.of(mask).matches(grid) else resample(mask, grid, NEAREST)
    return to_array(on_grid).astype(np.uint8)


def _write(values: NDArray[np.float32] | NDArray[np.uint8], grid: Grid, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(to_image(values, grid), path)


def _write_json(content: object, path: Path) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
