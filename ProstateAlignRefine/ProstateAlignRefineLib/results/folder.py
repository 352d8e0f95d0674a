"""The output folder of `segment`, which `gate` redoes: what lies in it, and how it is written. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..core.errors import InputError
from ..core.findings.judge import Judge
from ..core.gate import ADDED, REMOVED, Gated
from ..core.geometry import Array, Grid, resample, to_array, to_image
from ..core.lesions import Lesion
from ..core.maps import (
    MAP_NAMES,
    ZONES_NAME,
    Maps,
    laid_maps,
    load_maps,
    read_volume,
    save_maps,
    write_volume,
    write_volumes,
)
from ..core.orientation import axial_order, laid_on
from ..core.places import Anatomy
from ..core.study import Modality, Study
from .case_report import CaseReport
from .dicom_names import SEGMENTATION_NAME
from .html_report import html_report
from .lesions_at import LesionsAt, lesions_at
from .overview import Overview, draw_overview
from .report import REPORT_NAME, read_report, require_unchanged, write_report
from .review import FoundLesion
from .run import Run
from .setting import Setting
from .slice_names import SliceNames

if TYPE_CHECKING:
    from ..dicom import SegmentationInfo

STUDY_FOLDER = "study"
LESIONS_NAME = "lesions.nii.gz"
OVERVIEW_NAME = "overview.png"
HTML_NAME = "report.html"
KIND = "segmentation"
NAMES = (
    *(f"{name}.nii.gz" for name in (*MAP_NAMES, ZONES_NAME, "edits")),
    *(LESIONS_NAME, SEGMENTATION_NAME, OVERVIEW_NAME, HTML_NAME, STUDY_FOLDER, REPORT_NAME),
)


@dataclass(frozen=True)
class Result:
    """What the network gave, and the setting in force. `volumes` [Z, Y, X], `maps`: on the T2W grid, in axial order.

    `files`: SHA-256 by name of the files it was read from; empty where it was computed. `stored`: the T2W grid in the
    order in which the T2W is stored, which is that of the files written.
    """

    volumes: Mapping[Modality, Array]
    maps: Maps
    headers: Mapping[Modality, tuple[Any, ...]]
    run: Run
    setting: Setting
    files: Mapping[str, str] = field(default_factory=dict)
    stored: Grid | None = None

    def as_stored(self, array: Array) -> tuple[Array, Grid]:
        """[Z, Y, X] of the result in the order of `stored`, and that grid."""
        grid = self.stored or self.maps.grid
        return laid_on(array, self.maps.grid, grid), grid

    @cached_property
    def anatomy(self) -> Anatomy:
        """What the lesions' places are told from."""
        return Anatomy.of(self.maps)

    @cached_property
    def slice_names(self) -> SliceNames:
        """What the T2W slices are called."""
        return SliceNames.of(self.maps.grid, self.headers.get(Modality.T2W, ()), self.stored)

    @cached_property
    def judge(self) -> Judge:
        """What parts findings, and tells lesions from candidates."""
        return Judge(self.run.finding_rule, self.maps, self.volumes)


@dataclass(frozen=True)
class WrittenResult:
    """What one gate setting gave. `files`: SHA-256 by name of all that was written but the report."""

    lesions: tuple[Lesion, ...]
    candidates: tuple[Lesion, ...]
    added: int
    removed: int
    wrote_dicom: bool
    files: Mapping[str, str]


def volumes_on_t2w(study: Study) -> Mapping[Modality, Array]:
    """The three volumes on the T2W grid; ADC and HBV linearly interpolated."""
    return {
        modality: to_array(study.t2w) if modality is Modality.T2W else to_array(resample(volume, study.grid))
        for modality in Modality
        for volume in [study.volume(modality)]
    }


def write_inputs(folder: Path, result: Result) -> None:
    """The parts of the folder that no gate setting changes."""
    save_maps(laid_maps(result.maps, result.stored or result.maps.grid), folder)
    study = folder / STUDY_FOLDER
    study.mkdir()
    volumes = {study / f"{m.value}.nii.gz": result.as_stored(_compact(values)) for m, values in result.volumes.items()}
    write_volumes(volumes)
    if result.headers:
        from ..dicom import save_headers

        save_headers(result.headers, study / "headers")


def _compact(values: Array) -> Array:
    """The same values as 16-bit integers where they are such, as scanners store them; else in float32."""
    whole = values.astype(np.int16) if np.abs(values).max(initial=0) <= np.iinfo(np.int16).max else None
    return whole if whole is not None and np.array_equal(whole, values) else values.astype(np.float32)


def read_result(folder: Path) -> Result:
    """What `write_inputs` and the report left; InputError where a part is missing or damaged."""
    from ..dicom import load_headers

    report = read_report(folder)
    inputs = {name: digest for name, digest in report.files.items() if _is_input(name)}
    require_unchanged(folder, (*_always_read(), *inputs), inputs)
    stored = load_maps(folder)
    order = axial_order(stored.grid)
    volumes = {}
    for modality in Modality:
        image = read_volume(folder / STUDY_FOLDER / f"{modality.value}.nii.gz")
        if not stored.grid.matches(Grid.of(image)):
            raise InputError(f"The stored {modality.value.upper()} lies on another grid than the maps; segment again.")
        volumes[modality] = to_array(order.of_image(image)).astype(np.float32, copy=False)
    headers = folder / STUDY_FOLDER / "headers"
    maps = laid_maps(stored, order.of_grid(stored.grid))
    kept_headers = load_headers(headers) if headers.is_dir() else {}
    return Result(volumes, maps, kept_headers, report.run, report.setting, inputs, stored.grid)


def _is_input(name: str) -> bool:
    """Of the files that no gate setting changes."""
    return name.startswith(f"{STUDY_FOLDER}/") or name.removesuffix(".nii.gz") in (*MAP_NAMES, ZONES_NAME)


def _always_read() -> tuple[str, ...]:
    return (
        *(f"{name}.nii.gz" for name in MAP_NAMES),
        *(f"{STUDY_FOLDER}/{modality.value}.nii.gz" for modality in Modality),
    )


def lesions_of(result: Result) -> LesionsAt:
    """The result at its setting."""
    adc = to_image(result.volumes[Modality.ADC], result.maps.grid)
    return lesions_at(result.maps, adc, result.setting, result.anatomy, result.judge)


def write_gated(folder: Path, result: Result) -> WrittenResult:
    """Everything that depends on the gate: lesions, edits, SEG, reports, overview."""
    found = lesions_of(result)
    gated, labels, lesions = found.gated, found.whole, found.lesions
    write_volume(*result.as_stored(labels), folder / LESIONS_NAME)
    write_volume(*result.as_stored(gated.edits), folder / "edits.nii.gz")
    wrote_dicom = _write_dicom(folder / SEGMENTATION_NAME, result, labels, lesions)
    edited = edit_counts(gated)
    run, gland = result.run, result.anatomy.gland
    overview = Overview(result.volumes, result.maps, found, run.model.notice, gland, result.slice_names, run.psa)
    draw_overview(overview).save(folder / OVERVIEW_NAME)
    (folder / HTML_NAME).write_text(html_report(_case_of(result, overview)), encoding="utf-8")
    names = result.slice_names
    files = write_report(folder, run, found, edited, gland=gland, kept=result.files, names=names)
    return WrittenResult(lesions, found.candidates, edited["added"], edited["removed"], wrote_dicom, files)


def segmentation_info(run: Run, setting: Setting, lesions: Sequence[Lesion]) -> SegmentationInfo:
    """How the lesions came about and where they lie, for DICOM."""
    from ..dicom import SegmentationInfo

    return SegmentationInfo(
        version=__version__,
        tau=setting.tau,
        alpha=setting.alpha,
        prompt=run.prompt,
        weights_sha256=run.model.weights_digest,
        edited=not run.untouched_at(setting),
        places=tuple(lesion.place for lesion in lesions),
        notice=run.model.notice,
        cautions=run.cautions,
        place_given=run.place_given,
        gland_by=run.gland_by,
    )


def _case_of(result: Result, overview: Overview) -> CaseReport:
    """Nobody has reviewed it yet. It names no patient: whoever may open the folder need not be told."""
    return CaseReport(
        slices=overview.slices,
        lesions=[FoundLesion(lesion, uid="") for lesion in overview.found.lesions],
        run=result.run,
        setting=result.setting,
        names=result.slice_names,
        gland=overview.gland,
        waiting=len(overview.found.candidates),
        by_hand=not result.run.untouched_at(result.setting),
    )


def edit_counts(gated: Gated) -> dict[str, int]:
    """Voxels that the refiner added and removed."""
    edits = gated.edits
    return {"added": int((edits == ADDED).sum()), "removed": int((edits == REMOVED).sum())}


def _write_dicom(path: Path, result: Result, labels: Array, lesions: Sequence[Lesion]) -> bool:
    if not result.headers or not labels.any():
        return False
    from ..dicom import write_segmentation

    info = segmentation_info(result.run, result.setting, lesions)
    write_segmentation(labels, result.maps.grid, result.headers, info, path)
    return True
