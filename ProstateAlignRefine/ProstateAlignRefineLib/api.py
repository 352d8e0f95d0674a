"""ProstateAlignRefine in a few lines of Python. For research use only.

    from ProstateAlignRefineLib import load_model, read_study, segment

    model = load_model()
    segmented = segment(read_study("STUDY"), model)
    for lesion in segmented.lesions:
        print(lesion.number, lesion.volume_ml, lesion.confidence, lesion.place.text)
    segmented.regate(tau=0.5, alpha=0.4).save("RESULT")

Images are read, checked and judged exactly as by the command `segment`; what cannot be used raises
`InputError`, whose text is one sentence for the user. Coordinates are LPS millimetres; arrays are indexed [z, y, x].
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from .bundle.starter import starter_bundle_path
from .bundle.summary import ModelFacts, prompt_in_force
from .core.cautions import Caution
from .core.checks.study_cautions import looked_at
from .core.checks.study_entry import entered
from .core.errors import InputError
from .core.gate import check_gate
from .core.geometry import Array, to_image
from .core.given_arrays import given_grid, given_volumes
from .core.gland import Gland
from .core.lesions import Lesion
from .core.maps import Maps
from .core.psa import read_psa
from .core.storage.output import writing_folder
from .core.storage.signed_file import require_replaceable, signed_file
from .core.study import Modality, Study
from .core.study_files import read_study_files
from .results.folder import (
    KIND,
    NAMES,
    Result,
    edit_counts,
    lesions_of,
    segmentation_info,
    volumes_on_t2w,
    write_gated,
    write_inputs,
)
from .results.lesions_at import LesionsAt
from .results.report import report_facts
from .results.run import Run
from .results.setting import Setting, check_false_positives

if TYPE_CHECKING:
    from .inference.device import Compute
    from .inference.engine.choice import Loaded

# (stage, done, all): "preprocess", "network" (`done` of `all` forwards), "maps".
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Model:
    """A model bundle, loaded once for many studies, and what computes it."""

    bundle: Loaded
    compute: Compute

    @property
    def facts(self) -> ModelFacts:
        """Name, gate, prompt and identity."""
        return ModelFacts.of(self.bundle.config)


@dataclass(frozen=True, eq=False)
class SegmentedStudy:
    """What a model found in a study, at one setting. Nothing in it changes; `regate` gives another."""

    result: Result

    @property
    def maps(self) -> Maps:
        """float32 [z, y, x] on the T2W grid in axial order: margins in logits, similarity in 0..1, zones as codes."""
        return self.result.maps

    @property
    def setting(self) -> Setting:
        """What the lesions follow from beside the maps: tau, alpha, smallest volume, false positives a study, paint."""
        return self.result.setting

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What a reader must know of the images and the answer (docs/cautions.md)."""
        return self.result.run.cautions

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        """By falling confidence; empty where nothing was found."""
        return self.found.lesions

    @property
    def candidates(self) -> tuple[Lesion, ...]:
        """Findings below the model's operating point, as far as the setting's `false_positives` asks for them."""
        return self.found.candidates

    @property
    def gland(self) -> Gland | None:
        """None where the model tells no gland."""
        return self.result.anatomy.gland

    @cached_property
    def found(self) -> LesionsAt:
        """Lesions, candidates and edits with their label arrays."""
        return lesions_of(self.result)

    @property
    def labels(self) -> sitk.Image:
        """uint8, 0 background, 1..n the lesions' numbers, on the grid and in the order of the T2W as it was given."""
        return to_image(*self.result.as_stored(self.found.whole))

    def regate(
        self, tau: float | None = None, alpha: float | None = None, false_positives: float | None = None
    ) -> SegmentedStudy:
        """Another gate or sensitivity on the same maps, without the network; None: as it is. InputError where one is
        out of range."""
        setting = _moved(self.setting, tau, alpha, false_positives)
        return SegmentedStudy(replace(self.result, setting=setting))

    def to_report(self) -> Mapping[str, Any]:
        """What `report.json` says but for the files' hashes."""
        return report_facts(
            self.result.run, self.found, edit_counts(self.found.gated), self.gland, self.result.slice_names
        )

    def to_dicom_seg(self, path: Path | str) -> Path:
        """Writes a DICOM Segmentation, one segment a lesion, that refers to the study's own series.

        InputError where the study did not come from DICOM, nothing was found, or a file lies there that this did not
        write. A hidden file beside it tells that.
        """
        from .dicom import write_segmentation

        result = self.result
        if not result.headers:
            raise InputError(
                "The study did not come from DICOM, so no DICOM object can refer to it; save it, then `export --link`."
            )
        if not self.lesions:
            raise InputError("No lesion was found, so there is nothing to write as a DICOM segmentation.")
        info = segmentation_info(result.run, result.setting, self.lesions)
        require_replaceable(Path(path))
        with signed_file(Path(path)) as temporary:
            write_segmentation(self.found.whole, result.maps.grid, result.headers, info, temporary)
        return Path(path)

    def save(self, folder: Path | str) -> Path:
        """Writes what `segment` writes, which `gate` and `export` read. InputError where the folder holds anything that
        this program did not write."""
        with writing_folder(Path(folder), KIND, NAMES) as draft:
            write_inputs(draft.folder, self.result)
            draft.hashed.update(write_gated(draft.folder, self.result).files)
        return Path(folder)


def load_model(bundle: Path | str | None = None, device: str = "auto", precision: str = "auto") -> Model:
    """A bundle's folder, None: the model that comes with the program. `device`: auto, cpu, cuda, cuda:N or mps.
    `precision`: auto, fp32 or bf16. InputError where a file is damaged or the device is not there."""
    from .inference.engine.choice import compute_for, load_for

    folder = starter_bundle_path() if bundle is None else Path(bundle)
    compute = compute_for(folder, device, precision)
    return Model(load_for(folder, compute.without_torch), compute)


def read_study(
    folder: Path | str | None = None,
    *,
    t2w: Path | str | None = None,
    adc: Path | str | None = None,
    hbv: Path | str | None = None,
    series: Mapping[Modality, int] = MappingProxyType({}),
) -> Study:
    """A folder with DICOM or a zip of it, a folder with files named `*_t2w`, `*_adc`, `*_hbv`, or the three files.

    `series`: DICOM series numbers to read instead of the automatic choice. InputError where the study is not clear
    or an image cannot be used.
    """
    files = {modality: path for modality, path in zip(Modality, (t2w, adc, hbv), strict=True) if path is not None}
    if (folder is None) == (not files) or (files and len(files) < len(Modality)):
        raise InputError("Give either a study's folder, or all three of t2w, adc and hbv.")
    if files:
        return looked_at(read_study_files({modality: Path(path) for modality, path in files.items()}))
    from .dicom.study_folder import read_study_folder

    if not Path(str(folder)).exists():
        raise InputError("The study's folder does not exist; check its path.")
    return looked_at(read_study_folder(Path(str(folder)), series))


def study_of_images(t2w: sitk.Image, adc: sitk.Image, hbv: sitk.Image) -> Study:
    """A study from SimpleITK images, each with its own geometry in one patient space. ADC in 1e-6 mm2/s, or another
    usual unit, which is converted. InputError as for `read_study`."""
    reasons = MappingProxyType(dict.fromkeys(Modality, "an image given by the caller."))
    return looked_at(entered(Study(t2w, adc, hbv, reasons=reasons)))


def study_of_arrays(
    t2w: Array,
    adc: Array,
    hbv: Array,
    *,
    spacing: Sequence[float],
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    direction: Sequence[float] | Array = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
) -> Study:
    """A study from arrays [z, y, x] on one grid. `spacing`, `origin` in mm, in x, y, z order; `direction`: 3 x 3, also
    row by row, its columns the unit vectors of the x, y and z axes in LPS. InputError as for `read_study`."""
    volumes = given_volumes(t2w, adc, hbv)
    grid = given_grid(volumes[0].shape, spacing, origin, direction)
    return study_of_images(*(to_image(volume, grid) for volume in volumes))


def segment(
    study: Study,
    model: Model | None = None,
    *,
    prompt: str | None = None,
    tau: float | None = None,
    alpha: float | None = None,
    false_positives: float = 0.0,
    psa: float | None = None,
    progress: Progress = lambda stage, done, whole: None,
) -> SegmentedStudy:
    """Finds and outlines the lesions of a study that `read_study` or `study_of_...` gave.

    `prompt`, `tau`, `alpha`: None: the model's own. `false_positives`: also give findings below the operating point, as
    candidates, as far as so many false positives a study are expected in all. `psa`: ng/mL. InputError where an option
    is out of range, a prompt's word is not known, or memory does not suffice.
    """
    from .inference.asking import with_prompt
    from .inference.segment import segment_entered
    from .inference.versions import versions

    started = time.perf_counter()
    model = model or load_model()
    config = model.bundle.config
    setting = _moved(Setting(config.tau, config.alpha, config.minimum_lesion_ml), tau, alpha, false_positives)
    given_psa = None if psa is None else read_psa(str(psa))
    bundle = model.bundle if prompt is None else with_prompt(model.bundle, prompt)
    segmentation = segment_entered(study, bundle, model.compute, progress)
    run = Run(
        model=model.facts,
        prompt=prompt_in_force(config, prompt),
        device=segmentation.compute.description,
        precision=segmentation.compute.precision,
        sources={modality.value: reason for modality, reason in study.reasons.items()},
        versions=versions(),
        seconds={**segmentation.seconds, "whole": time.perf_counter() - started},
        cautions=segmentation.cautions,
        psa=given_psa,
    )
    setting = replace(run.own_setting.moved(setting.tau, setting.alpha), false_positives=false_positives)
    volumes, headers = volumes_on_t2w(study), study.headers
    return SegmentedStudy(Result(volumes, segmentation.maps, headers, run, setting, stored=study.stored))


def _moved(setting: Setting, tau: float | None, alpha: float | None, rate: float | None) -> Setting:
    tau, alpha = setting.tau if tau is None else tau, setting.alpha if alpha is None else alpha
    rate = setting.false_positives if rate is None else rate
    check_gate(tau, alpha)
    check_false_positives(rate)
    return replace(setting.moved(tau, alpha), false_positives=rate)
