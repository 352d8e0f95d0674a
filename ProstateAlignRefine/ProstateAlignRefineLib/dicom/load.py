"""From a DICOM folder to a study: the three series found, checked and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..core.diffusion_fit import DEFAULT_HIGH_B, fit_diffusion, trace
from ..core.errors import InputError
from ..core.geometry import Grid, to_array, to_image
from ..core.study import Modality, Study
from ..core.study_checks import check_study, prostate_region
from .match.classify import Candidate
from .match.diffusion_sources import b_values_for_fit
from .match.select import NO_CHOICES, Choice, Selection, select
from .quiet import silent
from .read.adc_units import adc_in_micrometres
from .read.dataset import UnreadableError
from .read.folder import scan_folder
from .read.volume import read_volume


@silent()
def load_study(folder: Path, choices: Mapping[Modality, int] = NO_CHOICES) -> Study:
    """T2W, ADC (1e-6 mm2/s) and HBV of the one study in `folder` and below, float32, LPS, each on its own grid.

    `choices`: series numbers for modalities where the user overrules the automatic choice. The study's `headers` are
    the DICOM headers of each volume in slice order, without pixels; `reasons` say why each series was taken. An ADC
    map or a high-b image (b = 1400) that the study lacks is computed from diffusion-weighted images, and the reason
    begins with "computed"; its headers are those of these images.
    InputError where a series is missing, ambiguous or irregular, where units or geometry do not fit.
    """
    if not folder.is_dir():
        raise InputError("The input is not a folder; give the folder that holds the study's DICOM files.")
    selection = select(scan_folder(folder), choices)
    _check_frame_of_reference(selection)
    volumes: dict[Modality, sitk.Image] = {}
    headers: dict[Modality, tuple[Dataset, ...]] = {}
    for modality, choice in selection.choices.items():
        read = [_read(modality, candidate) for candidate in choice.candidates]
        volumes[modality] = _computed(modality, choice, [image for image, _ in read]) if choice.computed else read[0][0]
        headers[modality] = _distinct(header for _, slices in read for header in slices)
    centre = prostate_region(Grid.of(volumes[Modality.T2W]))
    volumes[Modality.ADC], unit = adc_in_micrometres(volumes[Modality.ADC], centre)
    reasons = {modality: choice.reason for modality, choice in selection.choices.items()}
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
        raise InputError(f"The {modality.name} {candidate.name} cannot be used: {candidate.problem}; take another.")
    try:
        return read_volume(candidate.stack)
    except UnreadableError as reason:
        raise InputError(
            f"The {modality.name} {candidate.name} cannot be read: it has {reason}; export the series again."
        ) from None


def _computed(modality: Modality, choice: Choice, images: Sequence[sitk.Image]) -> sitk.Image:
    """The ADC map or the high-b image of the diffusion-weighted volumes of a choice."""
    grid = Grid.of(images[0])
    by_b: dict[float, list[NDArray[np.float32]]] = {}
    for candidate, image in zip(choice.candidates, images, strict=True):
        by_b.setdefault(candidate.b_value or 0.0, []).append(to_array(image).astype(np.float32))
    b_values = b_values_for_fit(list(by_b))
    fit = fit_diffusion([trace(by_b[b]) if len(by_b[b]) > 1 else by_b[b][0] for b in b_values], b_values)
    return to_image(fit.adc if modality is Modality.ADC else fit.signal_at(DEFAULT_HIGH_B), grid)


def _distinct(headers: Iterable[Dataset]) -> tuple[Dataset, ...]:
    return tuple({str(header.SOPInstanceUID): header for header in headers}.values())


def _check_frame_of_reference(selection: Selection) -> None:
    t2w = selection.choices[Modality.T2W]
    if not t2w.frame_of_reference:
        raise InputError(
            f"The T2W {t2w.name} has no frame of reference, so its position beside other series is not known; "
            "export the study again, or give the volumes as image files."
        )
    for modality in (Modality.ADC, Modality.HBV):
        other = selection.choices[modality]
        if other.frame_of_reference != t2w.frame_of_reference:
            raise InputError(
                f"The T2W {t2w.name} and the {modality.name} {other.name} have no common frame of reference, so their "
                "positions cannot be compared; give series of one examination."
            )
