"""From a DICOM folder to a study: the three series found, checked and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import SimpleITK as sitk
from pydicom.dataset import Dataset

from ..core.errors import InputError
from ..core.geometry import Grid
from ..core.study import Modality, Study
from ..core.study_checks import check_study, prostate_region
from .classify import Candidate
from .quiet import silent
from .reading import UnreadableError
from .scan import scan_folder
from .select import NO_CHOICES, Selection, select
from .units import adc_in_micrometres
from .volume import read_volume


@silent()
def load_study(folder: Path, choices: Mapping[Modality, int] = NO_CHOICES) -> Study:
    """T2W, ADC (1e-6 mm2/s) and HBV of the one study in `folder` and below, float32, LPS, each on its own grid.

    `choices`: series numbers for modalities where the user overrules the automatic choice. The study's `headers` are
    the DICOM headers of each volume in slice order, without pixels; `reasons` say why each series was taken.
    InputError where a series is missing, ambiguous or irregular, where units or geometry do not fit.
    """
    if not folder.is_dir():
        raise InputError("The input is not a folder; give the folder that holds the study's DICOM files.")
    selection = select(scan_folder(folder), choices)
    _check_frame_of_reference(selection)
    volumes: dict[Modality, sitk.Image] = {}
    headers: dict[Modality, tuple[Dataset, ...]] = {}
    for modality, candidate in selection.chosen.items():
        volumes[modality], headers[modality] = _read(modality, candidate)
    centre = prostate_region(Grid.of(volumes[Modality.T2W]))
    volumes[Modality.ADC], unit = adc_in_micrometres(volumes[Modality.ADC], centre)
    reasons = dict(selection.reasons)
    if unit != "1e-6 mm2/s":
        reasons[Modality.ADC] += f" Its values, in {unit}, were converted to 1e-6 mm2/s."
    study = Study(
        volumes[Modality.T2W],
        volumes[Modality.ADC],
        volumes[Modality.HBV],
        headers=MappingProxyType(headers),
        reasons=MappingProxyType(reasons),
    )
    check_study(study)
    return study


def _read(modality: Modality, candidate: Candidate) -> tuple[sitk.Image, tuple[Dataset, ...]]:
    if candidate.stack is None:
        raise InputError(f"The {modality.name} {candidate.name} cannot be used: {candidate.problem}.")
    try:
        return read_volume(candidate.stack)
    except UnreadableError as reason:
        raise InputError(
            f"The {modality.name} {candidate.name} cannot be read: it has {reason}; export the series again."
        ) from None


def _check_frame_of_reference(selection: Selection) -> None:
    chosen = selection.chosen
    t2w = chosen[Modality.T2W].frames[0].frame_of_reference
    for modality in (Modality.ADC, Modality.HBV):
        if chosen[modality].frames[0].frame_of_reference != t2w:
            raise InputError(
                f"The T2W {chosen[Modality.T2W].name} and the {modality.name} {chosen[modality].name} have no common "
                "frame of reference, so their positions cannot be compared; give series of one examination."
            )
