"""A bundle on a real study with a human label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from ..core.geometry import NEAREST, Grid, resample, to_array
from ..core.maps import read_volume
from ..core.study import Modality, Study
from ..core.study_files import find_study_files, read_study_files
from ..evaluation.detection import match_findings
from ..evaluation.metrics import overlap, surface_distances
from ..network.bundle import Bundle
from ..results.overview import Overview, draw_overview
from .contrast import lesion_contrasts
from .judging import GatedAnswer, gated_answers
from .rules import brightest_hbv

INSIDE_SHARE = 0.5
"""A finding is inside the gland where at least this share of its voxels is."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RealStudy:
    """`lesion` and `gland` (None where none is given): [Z, Y, X] on the T2W grid."""

    study: Study
    lesion: Mask
    gland: Mask | None


def read_real(images: Path, label: Path, gland: Path | None) -> RealStudy:
    """InputError where a file is missing or cannot be read."""
    files = find_study_files(images)
    if files is None:
        raise InputError("The folder of the real study holds no *_t2w, *_adc and *_hbv files; name another folder.")
    study = read_study_files(files)
    return RealStudy(study, _mask(label, study.grid), None if gland is None else _mask(gland, study.grid))


def judge_real(real: RealStudy, bundle: Bundle) -> tuple[dict[str, Any], Image.Image]:
    """Figures, and the picture of what was found."""
    given, base = gated_answers(real.study, bundle, (bundle.config.alpha, 0.0))
    return figures_of(real, given, base), _picture(real.study, given, bundle)


def figures_of(real: RealStudy, given: GatedAnswer, base: GatedAnswer) -> dict[str, Any]:
    """`base`: the answer without the refiner. The rank of the lesion is None where it is missed."""
    found, grid = given.labels > 0, real.study.grid
    findings = _findings(real, given)
    return {
        "lesion_ml": float(real.lesion.sum()) * grid.voxel_ml,
        "contrasts": [] if real.gland is None else lesion_contrasts(real.study, real.lesion, real.gland),
        "found_ml": float(found.sum()) * grid.voxel_ml,
        "dice": overlap(real.lesion, found).dice,
        "nsd_2mm": surface_distances(real.lesion, found, grid.spacing_zyx).nsd(2.0),
        "dice_without_refiner": overlap(real.lesion, base.labels > 0).dice,
        "rule_dice": _rule_dice(real),
        "findings": findings,
        **_ranking(findings, real.gland is not None),
    }


def _findings(real: RealStudy, given: GatedAnswer) -> list[dict[str, Any]]:
    """By falling confidence, as they are numbered."""
    matching = match_findings(real.lesion.astype(np.uint8), given.labels)
    findings = []
    for lesion in given.lesions:
        inside = given.labels == lesion.number
        findings.append(
            {
                "number": lesion.number,
                "is_lesion": lesion.number not in matching.false_positives,
                "confidence": lesion.confidence,
                "volume_ml": lesion.volume_ml,
                "dice": overlap(real.lesion, inside).dice,
                "in_gland": None if real.gland is None else float(real.gland[inside].mean()) >= INSIDE_SHARE,
            }
        )
    return findings


def _ranking(findings: list[dict[str, Any]], gland_known: bool) -> dict[str, Any]:
    ranks = [finding["number"] for finding in findings if finding["is_lesion"]]
    others = [finding for finding in findings if not finding["is_lesion"]]
    return {
        "lesion_rank": ranks[0] if ranks else None,
        "others_in_gland": sum(finding["in_gland"] for finding in others) if gland_known else None,
        "others_outside": sum(not finding["in_gland"] for finding in others) if gland_known else None,
    }


def _rule_dice(real: RealStudy) -> float | None:
    if real.gland is None:
        return None
    return overlap(real.lesion, brightest_hbv(real.study, real.gland).mask).dice


def _picture(study: Study, given: GatedAnswer, bundle: Bundle) -> Image.Image:
    volumes = {modality: to_array(resample(study.volume(modality), study.grid)) for modality in Modality}
    return draw_overview(Overview(volumes, given.maps, given.found, bundle.config.notice))


def _mask(path: Path, grid: Grid) -> Mask:
    mask: Mask = to_array(resample(read_volume(path), grid, NEAREST)) > 0
    return mask
