"""Phantoms as files in PI-CAI's layout, to try and to test what reads that data set."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.storage.image_writing import write_image
from ProstateAlignRefineLib.phantom import gland_zones
from ProstateAlignRefineLib.phantom.generate import make_phantom
from ProstateAlignRefineLib.phantom.sampling import Sampling
from ProstateAlignRefineLib.phantom.truth import LesionFact, Phantom

LABEL_SET = Path("csPCa_lesion_delineations", "human_expert", "resampled")
MARKSHEET = Path("clinical_information", "marksheet.csv")
ANATOMY = Path("anatomical_delineations")
ZONE_SET, GLAND_SET = ANATOMY / "zonal_pz_tz" / "AI" / "Yuan23", ANATOMY / "whole_gland" / "AI" / "Bosma22b"
COLUMNS = ("patient_id", "study_id", "lesion_ISUP", "case_ISUP", "case_csPCa", "center")
FIRST_PATIENT, FIRST_STUDY = 90_000, 9_000_000


def write_picai(folder: Path, seeds: Iterable[int], sampling: Sampling | None = None) -> list[str]:
    """`images`/<patient>/<patient>_<study>_{t2w,adc,hbv}.mha and `labels` as in picai_labels; returns the study names.

    A label voxel holds the lesion's ISUP grade, 2 to 5, which here follows from its ADC alone. Zones are two, as
    PI-CAI's: all that is not peripheral counts as transition zone.
    """
    rows = []
    for seed in seeds:
        phantom = make_phantom(seed, sampling)
        patient, study = str(FIRST_PATIENT + seed), str(FIRST_STUDY + seed)
        _write_images(phantom, folder / "images" / patient, f"{patient}_{study}")
        grades = [_grade(fact) for fact in phantom.truth.facts]
        _write_label(phantom, grades, folder / "labels" / LABEL_SET / f"{patient}_{study}.nii.gz")
        _write_anatomy(phantom, folder / "labels", f"{patient}_{study}")
        isup = max(grades, default=0)
        lesions = ",".join(map(str, grades))
        rows.append((patient, study, lesions, isup, "YES" if isup >= 2 else "NO", "phantom"))
    marksheet = folder / "labels" / MARKSHEET
    marksheet.parent.mkdir(parents=True, exist_ok=True)
    with marksheet.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return [f"{patient}_{study}" for patient, study, *_ in rows]


def _write_images(phantom: Phantom, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    volumes = {"t2w": phantom.study.t2w, "adc": phantom.study.adc, "hbv": phantom.study.hbv}
    for modality, image in volumes.items():
        write_image(image, folder / f"{name}_{modality}.mha")


def _write_label(phantom: Phantom, grades: list[int], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = to_array(phantom.truth.lesions)
    grade_of = np.array([0, *grades], np.uint8)
    write_image(to_image(grade_of[numbers], Grid.of(phantom.truth.lesions)), path)


def _write_anatomy(phantom: Phantom, labels: Path, name: str) -> None:
    zones = np.minimum(gland_zones(to_array(phantom.truth.zones)), GlandZone.TRANSITION)
    for place, mask in ((ZONE_SET, zones), (GLAND_SET, zones > 0)):
        (labels / place).mkdir(parents=True, exist_ok=True)
        write_image(to_image(mask.astype(np.uint8), Grid.of(phantom.truth.zones)), labels / place / f"{name}.nii.gz")


def _grade(fact: LesionFact) -> int:
    """ISUP grade group, higher where diffusion is lower."""
    return 5 - int(np.searchsorted((650.0, 800.0, 950.0), fact.adc))
