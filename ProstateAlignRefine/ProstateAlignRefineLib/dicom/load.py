"""From a DICOM folder to a study: the three series found, checked and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..core.cautions import Caution, caution
from ..core.checks.adc_units import adc_in_micrometres
from ..core.checks.study import prostate_region
from ..core.checks.study_entry import entered
from ..core.diffusion_fit import DEFAULT_HIGH_B, fit_diffusion, trace
from ..core.errors import InputError
from ..core.geometry import Grid, to_array, to_image
from ..core.match.ranking import in_other_planes
from ..core.study import Modality, Study
from .match.classify import SeriesVolume
from .match.diffusion_sources import b_values_for_fit
from .match.select import NO_CHOICES, Choice, Selection, select
from .match.studies import of_study
from .quiet import silent
from .read.dataset import UnreadableError
from .read.folder import scan_folder
from .read.scaling import adc_scaling
from .read.source import dicom_folder
from .read.volume import read_volume
from .write.rehearsal import exportable_headers


@silent()
def load_study(
    source: Path,
    choices: Mapping[Modality, int] = NO_CHOICES,
    trust_positions: bool = False,
    study: str = "",
    *,
    with_planes: bool = False,
) -> Study:
    """T2W, ADC (1e-6 mm2/s) and HBV of one study in a folder and below, or in a zip: float32, LPS, each on its own
    grid.

    `study`: its number in `list_studies`, or its Study Instance UID, where there are several. `choices`: series numbers
    for modalities where the user overrules the automatic choice. The study's `headers` are the DICOM headers of each
    volume in slice order, without pixels; `reasons` say why each series was taken. An ADC map or a high-b image (b =
    1400) that the study lacks is computed from diffusion-weighted images, and the reason begins with "computed"; its
    headers are those of these images. `trust_positions`: series of different frames of reference, or of different
    studies, are taken as they lie. `with_planes`: sagittal and coronal T2W too, where the study has them and they
    can be read. `cautions`: what a reader must know of the choice.
    InputError where a series is missing, ambiguous or irregular, where units or geometry do not fit;
    SeveralStudiesError where it is not clear which study is meant.
    """
    with dicom_folder(source) as folder:
        return _load(select(of_study(scan_folder(folder), study), choices, trust_positions), with_planes)


def _load(selection: Selection, with_planes: bool) -> Study:
    volumes: dict[Modality, sitk.Image] = {}
    headers: dict[Modality, tuple[Dataset, ...]] = {}
    for modality, choice in selection.choices.items():
        is_map = modality is Modality.ADC and not choice.computed
        read = [_read(modality, volume, is_map) for volume in choice.volumes]
        volumes[modality] = _computed(modality, choice, [image for image, _ in read]) if choice.computed else read[0][0]
        headers[modality] = _distinct(header for _, slices in read for header in slices)
    centre = prostate_region(Grid.of(volumes[Modality.T2W]))
    reasons = {modality: choice.reason for modality, choice in selection.choices.items()}
    volumes[Modality.ADC], unit, doubts = _in_micrometres(
        volumes[Modality.ADC], selection.choices[Modality.ADC], centre
    )
    if unit != "1e-6 mm2/s":
        reasons[Modality.ADC] += f" Its values, in {unit}, were converted to 1e-6 mm2/s."
    exportable, unexportable = exportable_headers(headers, Grid.of(volumes[Modality.T2W]))
    study = Study(
        volumes[Modality.T2W],
        volumes[Modality.ADC],
        volumes[Modality.HBV],
        headers=exportable,
        reasons=MappingProxyType(reasons),
        cautions=(*selection.cautions, *doubts, *unexportable),
        planes=_planes(selection) if with_planes else {},
    )
    return entered(study)


def _planes(selection: Selection) -> dict[str, sitk.Image]:
    found = in_other_planes(selection.volumes, selection.choices[Modality.T2W].volumes[0])
    images = {plane: volume.image(is_adc=False) for plane, volume in found.items()}
    return {plane: image for plane, image in images.items() if image is not None}


def _in_micrometres(image: sitk.Image, choice: Choice, centre: Grid) -> tuple[sitk.Image, str, tuple[Caution, ...]]:
    """The map in 1e-6 mm2/s, the unit that was converted, and a caution where values and named unit disagree."""
    named = adc_scaling(choice.volumes[0].frames[0].scalings).used[0]
    if choice.computed or named.factor is None:
        return (*adc_in_micrometres(image, centre), ())
    try:
        found, unit = adc_in_micrometres(image, centre)
    except InputError:
        found, unit = adc_in_micrometres(sitk.Cast(image, sitk.sitkFloat64) / named.factor, centre)
        return sitk.Cast(found, sitk.sitkFloat32), unit, (_unit_caution(named.unit, unit),)
    if unit == "1e-6 mm2/s":
        return found, named.unit if named.factor != 1.0 else unit, ()
    return found, unit, (_unit_caution(named.unit, unit),)


def _unit_caution(named: str, found: str) -> Caution:
    return caution("adc-unit-differs", named=named, found=found)


def _read(modality: Modality, volume: SeriesVolume, is_map: bool) -> tuple[sitk.Image, tuple[Dataset, ...]]:
    if volume.stack is None:
        raise InputError(f"The {modality.name} {volume.name} cannot be used: {volume.problem}; take another.")
    try:
        return read_volume(volume.stack, is_map)
    except UnreadableError as reason:
        raise InputError(
            f"The {modality.name} {volume.name} cannot be read: it has {reason}; export the series again."
        ) from None


def _computed(modality: Modality, choice: Choice, images: Sequence[sitk.Image]) -> sitk.Image:
    """The ADC map or the high-b image of the diffusion-weighted volumes of a choice."""
    grid = Grid.of(images[0])
    by_b: dict[float, list[NDArray[np.float32]]] = {}
    for volume, image in zip(choice.volumes, images, strict=True):
        by_b.setdefault(volume.b_value or 0.0, []).append(to_array(image).astype(np.float32))
    b_values = b_values_for_fit(list(by_b))
    fit = fit_diffusion([trace(by_b[b]) if len(by_b[b]) > 1 else by_b[b][0] for b in b_values], b_values)
    return to_image(fit.adc if modality is Modality.ADC else fit.signal_at(DEFAULT_HIGH_B), grid)


def _distinct(headers: Iterable[Dataset]) -> tuple[Dataset, ...]:
    return tuple({str(header.SOPInstanceUID): header for header in headers}.values())
