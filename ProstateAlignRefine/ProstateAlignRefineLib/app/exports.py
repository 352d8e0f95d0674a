"""The result as files. Every function takes the reading and writes one file, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import slicer

from ..core.errors import InputError
from ..core.maps import write_volume
from ..core.palette import LESION_RGB
from ..core.storage.files import replacing_file
from ..core.study import Modality
from ..results.dicom_names import MEASUREMENTS_NAME, SEGMENTATION_NAME, SIMILARITY_FOLDER
from ..results.folder import segmentation_info
from ..results.review import FoundLesion
from ..scene.reading import Reading
from ..scene.terminology import AUTOMATIC
from .i18n import _
from .study_source import DicomHeaders, Headers
from .texts import csv_text

if TYPE_CHECKING:
    from ..dicom import SegmentationInfo

NIFTI_SUFFIXES = (".nii.gz", ".nii")
SEGMENTATION_SUFFIX = ".seg.nrrd"


@dataclass(frozen=True)
class DicomExtras:
    """What is written besides the segmentation."""

    report: bool = False
    similarity: bool = False


def write_labels(reading: Reading, path: Path) -> None:
    """Lesion labels on the T2W grid as NIfTI, or the segmentation itself as .seg.nrrd, by the file's suffix."""
    labels = reading.labels()
    if path.name.endswith(NIFTI_SUFFIXES):
        with replacing_file(path) as temporary:
            write_volume(labels, reading.maps.grid, temporary)
    elif path.name.endswith(SEGMENTATION_SUFFIX):
        _write_segmentation_node(reading, path)
    else:
        raise InputError(_("Give the file a name that ends on .nii.gz or .seg.nrrd."))


def write_csv(reading: Reading, path: Path) -> None:
    """UTF-8, one row a lesion, in place of an earlier file as a whole."""
    with replacing_file(path) as temporary:
        temporary.write_text(csv_text(reading), encoding="utf-8")


def write_dicom_segmentation(reading: Reading, headers: DicomHeaders, path: Path, seg_type: str = "binary") -> None:
    """A DICOM segmentation of the lesions that are not rejected; InputError where it cannot be. `seg_type`: a value of
    `dicom.SegType`."""
    from ..dicom import SegType, write_segmentation

    labels, kept = reading.labels(), kept_lesions(reading)
    if not kept:
        raise InputError(_("There is no lesion to export."))
    masks = np.stack([labels == found.lesion.number for found in kept], axis=-1)
    info = _info(reading, kept)
    write_segmentation(masks, reading.maps.grid, headers_of(reading, headers), info, path, seg_type=SegType(seg_type))


def write_dicom_report(reading: Reading, headers: DicomHeaders, path: Path) -> Path:
    """A DICOM report of measurements (TID 1500), and beside it the segmentation it refers to, which is returned."""
    from ..dicom.write.sr import write_measurements

    segmentation = beside_report(path)
    write_dicom_segmentation(reading, headers, segmentation)
    kept = kept_lesions(reading)
    lesions = [found.lesion for found in kept]
    said = [found.assessment for found in kept]
    info = _info(reading, kept)
    write_measurements(lesions, segmentation, headers_of(reading, headers), info, path, assessments=said)
    return segmentation


def beside_report(path: Path) -> Path:
    """The segmentation that belongs to a report of this name."""
    return path.with_name(path.name.split(".")[0] + ".seg.dcm")


def write_dicom_results(reading: Reading, headers: DicomHeaders, extras: DicomExtras, folder: Path) -> None:
    """The segmentation and what else is wanted, into one folder; InputError where it cannot be."""
    from ..dicom import write_map

    if extras.report:
        write_dicom_report(reading, headers, folder / MEASUREMENTS_NAME)
    else:
        write_dicom_segmentation(reading, headers, folder / SEGMENTATION_NAME)
    if extras.similarity:
        info, maps = dicom_info(reading), reading.maps
        write_map(maps.similarity, maps.grid, headers_of(reading, headers), info, folder / SIMILARITY_FOLDER)


def kept_lesions(reading: Reading) -> list[FoundLesion]:
    """What leaves as a result: neither rejected ones nor candidates that were not accepted."""
    return [found for found in reading.lesions if found.kept]


def headers_of(reading: Reading, headers: DicomHeaders) -> Headers:
    """InputError where a slice's file is missing."""
    found = {modality: headers.of(node) for modality, node in zip(Modality, reading.inputs, strict=True)}
    if not all(found.values()):
        raise InputError(_("Not all DICOM files of the study were found; load the study again."))
    return found


def dicom_info(reading: Reading) -> SegmentationInfo:
    """How the lesions that leave the program came about."""
    return _info(reading, kept_lesions(reading))


def _info(reading: Reading, kept: Sequence[FoundLesion]) -> SegmentationInfo:
    info = segmentation_info(reading.run, reading.setting, [found.lesion for found in kept])
    return replace(
        info,
        version=reading.run.versions.get("prostate-align-refine", ""),
        edited=reading.algorithm_type != AUTOMATIC,
        labels=tuple(f"Lesion {found.lesion.number}" for found in kept),
        tracking_uids=tuple(found.uid for found in kept),
        colours=(LESION_RGB,) * len(kept),
    )


def _write_segmentation_node(reading: Reading, path: Path) -> None:
    storage = slicer.vtkMRMLSegmentationStorageNode()
    with replacing_file(path) as temporary:
        storage.SetFileName(str(temporary))
        if not storage.WriteData(reading.nodes.lesions):
            raise InputError(_("The segmentation could not be written; choose another folder."))
