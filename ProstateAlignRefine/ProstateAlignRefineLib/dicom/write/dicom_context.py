"""Two ways from image files to DICOM results: the original series they were made of, or a new research study."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset

from ...core.errors import InputError
from ...core.geometry import Grid, to_array
from ...core.orientation import order_between
from ...core.study import Modality, Study
from ..match.classify import SeriesVolume
from ..match.select import select, series_volumes
from ..quiet import silent
from ..read.dataset import UnreadableError, read_header
from ..read.folder import FolderContents, scan_folder
from ..read.volume import read_volume
from .provenance import RESEARCH_PREFIX
from .series import StudyLabel, write_study

Headers = Mapping[Modality, tuple[Dataset, ...]]


@silent()
def link_to_dicom(t2w: sitk.Image, folder: Path) -> Headers:
    """The headers of the series in `folder` that `t2w` was made of, and of the ADC and HBV beside it.

    A series is accepted only if every voxel lies at the same place within 1e-3 mm, in whatever order, and is equal.
    InputError where none does.
    """
    if not folder.is_dir():
        raise InputError("The DICOM folder to link to does not exist; check its path.")
    contents = scan_folder(folder)
    for series in series_volumes(contents):
        headers = _headers_if_equal(series, t2w)
        if headers:
            return MappingProxyType({**_beside(contents, series), Modality.T2W: headers})
    raise InputError(
        "No series of the DICOM folder has the voxels and the position of the T2W file, so results cannot refer to it; "
        "give the folder of the original study, or write a research study."
    )


@silent()
def write_research_study(study: Study, folder: Path) -> Headers:
    """Writes the volumes as a new DICOM study marked as research, and returns its headers.

    For volumes whose patient is unknown: new UIDs that follow from the voxels, Patient ID RESEARCH-<digest>, derived
    secondary images, no acquisition values, no dates. It is not for a clinical archive.
    """
    digest = _digest(study)
    label = StudyLabel(
        seed=f"research {digest}",
        patient_name="Research^Unknown",
        patient_id=f"{RESEARCH_PREFIX}{digest[:12]}",
        description="Research study, patient context unknown",
        derivation="Converted from image files; patient context unknown; not for clinical use",
        synthetic=False,
        b_value=None,
    )
    write_study(study, folder, label)
    return MappingProxyType(
        {
            modality: tuple(read_header(path) for path in sorted((folder / modality.value).glob("*.dcm")))
            for modality in Modality
        }
    )


def _headers_if_equal(series: SeriesVolume, t2w: sitk.Image) -> tuple[Dataset, ...]:
    order = None if series.stack is None else order_between(Grid.of(t2w), series.stack.grid)
    if series.stack is None or order is None:
        return ()
    try:
        volume, headers = read_volume(series.stack)
    except UnreadableError:
        return ()
    return headers if np.array_equal(to_array(volume), order.of_array(to_array(t2w)).astype(np.float32)) else ()


def _beside(contents: FolderContents, t2w: SeriesVolume) -> Headers:
    """Headers of the ADC and HBV that would be read with this T2W; none where the study has no such series."""
    number = t2w.frames[0].series_number
    try:
        choices = select(contents, {} if number is None else {Modality.T2W: number}).choices
    except InputError:
        return {}
    files = {
        modality: dict.fromkeys(frame.path for one in choices[modality].volumes for frame in one.frames)
        for modality in (Modality.ADC, Modality.HBV)
    }
    return {modality: tuple(read_header(path) for path in paths) for modality, paths in files.items()}


def _digest(study: Study) -> str:
    digest = hashlib.sha256()
    for modality in Modality:
        volume = study.volume(modality)
        digest.update(repr(Grid.of(volume)).encode())
        digest.update(np.ascontiguousarray(to_array(volume), np.float32).tobytes())
    return digest.hexdigest()
