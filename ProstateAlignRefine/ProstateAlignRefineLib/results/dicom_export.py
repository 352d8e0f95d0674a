"""The DICOM objects of a stored result, chosen one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .dicom_names import GLAND_NAME, MEASUREMENTS_NAME, SEGMENTATION_NAME, SIMILARITY_FOLDER
from .folder import Result, lesions_of, segmentation_info


@dataclass(frozen=True)
class FurtherObjects:
    """What is written besides the segmentation of the lesions. `seg_type`: a value of `dicom.SegType`, of lesions and
    gland."""

    measurements: bool = False
    gland: bool = False
    similarity: bool = False
    seg_type: str = "binary"


def write_objects(result: Result, objects: FurtherObjects, folder: Path) -> list[str]:
    """Their names; InputError where one cannot be made. They refer to the result's `headers`."""
    from ..dicom import SegType, write_gland, write_map, write_measurements, write_segmentation

    seg_type = SegType(objects.seg_type)
    if objects.measurements and seg_type is not SegType.BINARY:
        raise InputError("A report refers to a BINARY segmentation; leave out --measurements or --seg-type.")
    found, headers, grid = lesions_of(result), result.headers, result.maps.grid
    info = segmentation_info(result.run, result.setting, found.lesions)
    segmentation = folder / SEGMENTATION_NAME
    write_segmentation(found.whole, grid, headers, info, segmentation, seg_type=seg_type)
    written = [SEGMENTATION_NAME]
    if objects.measurements:
        write_measurements(found.lesions, segmentation, headers, info, folder / MEASUREMENTS_NAME)
        written.append(MEASUREMENTS_NAME)
    if objects.gland:
        write_gland(_gland_of(result), grid, headers, info, folder / GLAND_NAME, seg_type=seg_type)
        written.append(GLAND_NAME)
    if objects.similarity:
        write_map(result.maps.similarity, grid, headers, info, folder / SIMILARITY_FOLDER)
        written.append(f"{SIMILARITY_FOLDER}/")
    return written


def _gland_of(result: Result) -> NDArray[np.bool_]:
    """[Z, Y, X]; InputError where the model gave none."""
    gland = result.maps.gland()
    if gland is None:
        raise InputError("The result holds no gland, since its model gives none; leave out --gland.")
    return gland
