"""From folders of images and labels to a manifest: every case checked, every case reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from tqdm import tqdm

from ..core.anatomy import GlandZone
from ..core.case_names import patient_of
from ..core.errors import InputError
from ..core.geometry import NEAREST, Grid, overlap_share, resample, to_array
from ..core.orientation import order_between
from ..core.storage.files import file_sha256
from ..core.storage.volume_files import read_volume_file
from ..core.study import Modality, Study
from ..core.study_files import read_study_files
from .layout import (
    GLAND,
    MARKSHEETS,
    ZONES,
    Grade,
    LabelFile,
    find_anatomy,
    find_images,
    find_labels,
    nearest,
    read_marksheet,
)
from .lesion_numbers import numbered_lesions
from .licence import licence_of
from .manifest import FORMAT_VERSION, LABEL, MASKS, ExcludedCase, Manifest, ManifestCase, split_digest
from .pool import mapped
from .splits import deal_folds, read_folds

SAME_GRID_MM = 0.01
LABEL_OVERLAP = 0.9  # of the T2W field of view that a label on another grid must cover


@dataclass(frozen=True)
class RawDataset:
    """Where the data lies and how it is split. `splits`: a file of folds; without it `folds` are dealt from `seed`.

    `label_sets`, `zone_sets`, `gland_sets`: see `layout`. `licence`: of images and labels, where the user says it.
    """

    images: Path
    labels: Path
    label_sets: tuple[str, ...] = ()
    splits: Path | None = None
    folds: int = 5
    seed: int = 0
    zone_sets: tuple[str, ...] = ()
    gland_sets: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True)
class RawCase:
    """A study as found, before anything is read."""

    name: str
    images: Mapping[Modality, Sequence[Path]]
    label: LabelFile | None
    anatomy: Mapping[str, LabelFile]
    grade: Grade


def prepare(raw: RawDataset, workers: int = 1) -> Manifest:
    """Every study found under the images' folder, checked; InputError where none can be used."""
    raw = replace(raw, images=raw.images.resolve(), labels=raw.labels.resolve())
    marksheet = nearest(raw.labels, MARKSHEETS)
    found = _raw_cases(raw, read_marksheet(marksheet))
    checked = list(tqdm(mapped(partial(check_case, raw), found, workers), "cases", len(found), unit="case"))
    usable = [case for case in checked if isinstance(case, ManifestCase)]
    excluded = [case for case in checked if isinstance(case, ExcludedCase)]
    if not usable:
        raise InputError(f"None of {len(checked)} cases can be used; the first: {excluded[0].reason}.")
    folds, split = _folds(raw, usable)
    excluded += [
        ExcludedCase(case.name, "the file of folds does not name it") for case in usable if case.name not in folds
    ]
    cases = tuple(replace(case, fold=folds[case.name]) for case in usable if case.name in folds)
    if not cases:
        raise InputError("The file of folds names none of the cases that can be used; give the folds of this data.")
    digest = split_digest({case.name: case.fold for case in cases})
    count = 1 + max(folds.values())
    return Manifest(
        format_version=FORMAT_VERSION,
        images=str(raw.images),
        labels=str(raw.labels),
        folds=count,
        split=split,
        split_sha256=digest,
        licence=raw.licence or licence_of(raw.labels),
        marksheet=marksheet is not None,
        cases=cases,
        excluded=tuple(excluded),
    )


def _folds(raw: RawDataset, cases: Sequence[ManifestCase]) -> tuple[dict[str, int], str]:
    if raw.splits is not None:
        return read_folds(raw.splits), f"file {raw.splits.name}"
    positive = {case.name: case.positive for case in cases}
    return deal_folds(positive, raw.folds, raw.seed), f"{raw.folds} folds by patient, seed {raw.seed}"


def _raw_cases(raw: RawDataset, grades: Mapping[str, Grade]) -> list[RawCase]:
    """Studies with images, and labels without any, by name."""
    images, labels = find_images(raw.images), find_labels(raw.labels, raw.label_sets)
    masks = {
        kind: find_anatomy(raw.labels, kind, sets) for kind, sets in ((ZONES, raw.zone_sets), (GLAND, raw.gland_sets))
    }
    nothing = Grade(None, None)
    return [
        RawCase(
            name,
            images.get(name, {}),
            labels.get(name),
            {kind: found[name] for kind, found in masks.items() if name in found},
            grades.get(name, nothing),
        )
        for name in sorted(images.keys() | labels.keys())
    ]


def check_case(raw: RawDataset, case: RawCase) -> ManifestCase | ExcludedCase:
    """The case as the manifest names it (fold 0 until folds are known), or why it cannot be used."""
    try:
        paths = _image_paths(case)
        if case.label is None:
            raise InputError("no label in the label sets.")
        study = read_study_files(paths)
        positive, notes = _check_label(case, case.label, study)
        anatomy, doubts = _usable_anatomy(case, study)
    except InputError as error:
        return ExcludedCase(case.name, str(error).rstrip("."))
    files = {modality.value: path for modality, path in paths.items()} | {LABEL: case.label.path}
    files |= {kind: mask.path for kind, mask in anatomy.items()}
    roots = {name: raw.labels if name in MASKS else raw.images for name in files}
    return ManifestCase(
        name=case.name,
        patient=patient_of(case.name),
        files={name: _below(roots[name], path) for name, path in files.items()},
        sha256={name: file_sha256(path) for name, path in files.items()},
        label_source=case.label.source,
        anatomy_sources={kind: mask.source for kind, mask in anatomy.items()},
        positive=positive,
        isup=case.grade.isup,
        fold=0,
        notes=(*notes, *doubts),
    )


def _below(root: Path, path: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _image_paths(case: RawCase) -> dict[Modality, Path]:
    missing = [modality.value for modality in Modality if not case.images.get(modality)]
    if missing:
        raise InputError(f"no image {', '.join(missing)}.")
    double = [modality.value for modality, paths in case.images.items() if len(paths) > 1]
    if double:
        raise InputError(f"several images {', '.join(double)} of one name.")
    return {modality: paths[0] for modality, paths in case.images.items()}


def _check_label(case: RawCase, label: LabelFile, study: Study) -> tuple[bool, tuple[str, ...]]:
    """Whether it holds a lesion, and what is worth a note; InputError where it cannot be used."""
    image, placed = _read_label(label.path)
    notes = []
    if order_between(Grid.of(image), study.grid, SAME_GRID_MM) is None:
        if not placed:
            raise InputError("the label does not say where in the patient it lies (in NIfTI, qform and sform both 0).")
        share = overlap_share(image, study.grid)
        if share < LABEL_OVERLAP:
            raise InputError(f"the label covers {share:.0%} of the T2W, at least {LABEL_OVERLAP:.0%} are needed.")
        notes.append("the label lies on another grid than the T2W and is resampled")
    positive = bool(to_array(numbered_lesions(image)).any())
    said = case.grade.positive
    if said and not positive:
        raise InputError("the marksheet says csPCa, but the label is empty.")
    if said is False and positive:
        notes.append("the marksheet says no csPCa, but the label has a lesion")
    return positive, tuple(notes)


def _usable_anatomy(case: RawCase, study: Study) -> tuple[dict[str, LabelFile], list[str]]:
    """The masks that can teach, and why the others cannot: a case without them still has its lesions."""
    usable, doubts = {}, []
    for kind, mask in case.anatomy.items():
        try:
            _check_anatomy(kind, mask, study)
            usable[kind] = mask
        except InputError as error:
            doubts.append(f"the {kind} mask of {mask.source} is not used: {str(error).rstrip('.')}")
    return usable, doubts


def _check_anatomy(kind: str, mask: LabelFile, study: Study) -> None:
    image, placed = _read_label(mask.path, f"{kind} mask")
    if not placed and order_between(Grid.of(image), study.grid, SAME_GRID_MM) is None:
        raise InputError("it does not say where in the patient it lies.")
    values = to_array(image)
    if not values.any():
        raise InputError("it is empty.")
    if kind == ZONES and values.max() > max(GlandZone):
        raise InputError("it holds values that are no zone: 1 is peripheral, 2 transition, 3 central, 4 stroma.")
    if not to_array(resample(image, study.grid, NEAREST)).any():
        raise InputError("it lies outside the T2W.")


def _read_label(path: Path, what: str = "label") -> tuple[sitk.Image, bool]:
    """The image, and whether the file says where it lies."""
    file = read_volume_file(path, what)
    image = file.image
    values = to_array(image)
    if not np.array_equal(values, np.round(values)) or values.min() < 0 or values.max() > np.iinfo(np.uint8).max:
        raise InputError(f"the {what} holds values that are no label numbers.")
    return image, file.placed
