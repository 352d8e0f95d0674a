"""Predictions and references as files: pairing by name, reading, one grid.

A case is named by its file, less suffix and the endings that programs add (`_detection_map`, `_label`, ...), or by its
folder where that is a result of `segment`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.cautions import TRAINING_CASE, codes_of
from ..core.errors import InputError
from ..core.gate import gated_margin
from ..core.geometry import LINEAR, NEAREST, Grid, resample, to_array, to_image
from ..core.maps import load_maps, read_volume
from ..core.orientation import order_between
from ..core.storage.files import file_sha256
from ..core.storage.staging import finish_interrupted
from ..core.storage.volume_files import read_volume_file
from ..core.study_files import SUFFIXES, suffix_of
from ..results.report import REPORT_NAME, read_run, read_setting
from .calibration import probabilities
from .candidates import is_detection_map
from .nnunet_probabilities import saved_probability

ENDINGS = ("_detection_map", "_softmax", "_probability", "_prediction", "_pred", "_lesions", "_label", "_mask")
NAMED_AT_MOST = 5


@dataclass(frozen=True, eq=False)
class ReferenceMask:
    """`mask` [Z, Y, X]: where a lesion is, whatever its value (lesion number or grade)."""

    mask: NDArray[np.bool_]
    grid: Grid
    placed: bool = True


@dataclass(frozen=True, eq=False)
class Prediction:
    """One system's answer on the reference's grid.

    `confidence` [Z, Y, X], 0 to 1. `mask`: the outline that overlap and surface measures judge. `graded`: whether
    `confidence` is a probability a voxel, not one value a lesion (a mask or a detection map).
    """

    confidence: NDArray[np.float32]
    mask: NDArray[np.bool_]
    graded: bool
    resampled: bool

    @classmethod
    def nothing(cls, grid: Grid) -> Prediction:
        """Of a system that finds no lesion."""
        return cls(np.zeros(grid.shape, np.float32), np.zeros(grid.shape, bool), graded=False, resampled=False)


def find_cases(folder: Path) -> Mapping[str, Path]:
    """Case name to image file or result folder. InputError where there is none, or two share a name."""
    if not folder.is_dir():
        raise InputError(f"The folder '{folder.name}' does not exist; name a folder of masks or probability maps.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            finish_interrupted(path)
        name = "" if path.name.startswith(".") else _case_name(path)
        if name in found:
            raise InputError(f"Two files in '{folder.name}' are named for the case '{name}'; keep one of them.")
        if name:
            found[name] = path
    if not found:
        kinds = ", ".join(SUFFIXES)
        raise InputError(f"'{folder.name}' holds no {kinds} file and no result of `segment`; name another folder.")
    return found


def require_prediction_of_each(references: Mapping[str, Path], predictions: Mapping[str, Path], folder: Path) -> None:
    """InputError naming the references that have no prediction: leaving cases out would flatter a system."""
    missing = sorted(set(references) - set(predictions))
    if missing:
        more = ", ..." if len(missing) > NAMED_AT_MOST else ""
        raise InputError(
            f"{len(missing)} of {len(references)} references have no prediction of the same name in '{folder.name}' "
            f"({', '.join(missing[:NAMED_AT_MOST])}{more}); add them, an empty mask where nothing was found."
        )


def read_reference(path: Path) -> ReferenceMask:
    """From a label volume or a result folder of `segment`; every value above 0 is lesion. InputError where it cannot be
    read."""
    path = path / "lesions.nii.gz" if path.is_dir() else path
    file = read_volume_file(path, f"file '{path.name}'")
    return ReferenceMask(to_array(file.image) > 0, Grid.of(file.image), file.placed)


def read_prediction(path: Path, grid: Grid, threshold: float) -> Prediction:
    """A mask, probability map, detection map, or `segment` result, on `grid`.

    The mask is where a map is at least `threshold`; a result of `segment` brings its own. nnU-Net's probabilities are
    read where they lie beside its mask. On another grid it is interpolated linearly where graded, else by nearest
    neighbour. InputError for values outside 0 to 1 that are no labels.
    """
    if path.is_dir():
        return _segment_result(path, grid)
    file = read_volume_file(path, f"file '{path.name}'")
    image = file.image
    values = to_array(image).astype(np.float32)
    saved = saved_probability(path, values.shape)
    if saved is not None:
        image, values = to_image(saved, Grid.of(image)), saved
    if not np.isfinite(values).all() or values.min() < 0:
        raise InputError(
            f"'{path.name}' holds values that are negative or not finite; give masks, or probabilities from 0 to 1."
        )
    if values.max() > 1 and np.array_equal(values, np.round(values)):
        image, values = sitk.Cast(image > 0, sitk.sitkFloat32), np.minimum(values, 1)
    if values.max() > 1:
        raise InputError(
            f"'{path.name}' holds values up to {values.max():g}; give masks, or probabilities from 0 to 1."
        )
    graded = saved is not None or not is_detection_map(values)
    order = order_between(Grid.of(image), grid)
    if order is not None:
        values = np.ascontiguousarray(order.of_array(values))
    else:
        require_placed(path, file.placed)
        values = to_array(resample(image, grid, LINEAR if graded else NEAREST)).astype(np.float32)
    return Prediction(values, values >= threshold, graded, order is None)


def of_training_case(path: Path) -> bool:
    """Whether it is a result of `segment` of a study that its model was trained on."""
    return path.is_dir() and TRAINING_CASE.code in codes_of(read_run(path).cautions)


def require_placed(path: Path, placed: bool) -> None:
    """InputError where a file on another grid than its counterpart does not say where it lies."""
    if not placed:
        raise InputError(
            f"'{path.name}' does not say where in the patient it lies (in NIfTI, qform and sform both 0), and its grid "
            "is not that of its counterpart; write both on one grid."
        )


def fingerprint(cases: Mapping[str, Path], names: Sequence[str]) -> str:
    """SHA-256 over the names and the files' contents of the judged cases: says which split and labels were used."""
    digest = hashlib.sha256()
    for name in sorted(names):
        path = cases[name]
        contents = file_sha256(path / "lesions.nii.gz" if path.is_dir() else path)
        digest.update(name.encode() + b"\0" + bytes.fromhex(contents))
    return digest.hexdigest()


def _case_name(path: Path) -> str:
    if path.is_dir():
        return path.name if (path / REPORT_NAME).is_file() else ""
    suffix = suffix_of(path)
    stem = path.name.removesuffix(path.name[-len(suffix) :]) if suffix else ""
    return next((stem.removesuffix(ending) for ending in ENDINGS if stem.endswith(ending)), stem)


def _segment_result(folder: Path, grid: Grid) -> Prediction:
    """The gated margin as probability, and the lesions above the bundle's minimum volume as mask."""
    maps = load_maps(folder)
    margin = gated_margin(maps, *read_setting(folder).gate)
    lesions = read_volume(folder / "lesions.nii.gz")
    order = order_between(maps.grid, grid)
    if order is not None:
        confidence, mask = (
            np.ascontiguousarray(order.of_array(values)) for values in (probabilities(margin), to_array(lesions) > 0)
        )
        return Prediction(confidence.astype(np.float32), mask, True, False)
    image = sitk.GetImageFromArray(probabilities(margin).astype(np.float32))
    image.CopyInformation(lesions)
    mask = to_array(resample(sitk.Cast(lesions > 0, sitk.sitkUInt8), grid, NEAREST)) > 0
    return Prediction(to_array(resample(image, grid)).astype(np.float32), mask, True, True)
