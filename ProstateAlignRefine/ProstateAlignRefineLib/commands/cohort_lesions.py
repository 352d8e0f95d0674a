"""A cohort's lesions as a table for a statistician: one row each, read from the studies' reports."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.plain_data import read_json
from ..core.storage.signed_file import signed_file
from ..results.report import REPORT_NAME
from ..results.run import AGAIN

COLUMNS = (
    "case",
    "lesion",
    "volume_ml",
    "longest_axial_mm",
    "perpendicular_axial_mm",
    "craniocaudal_mm",
    "diameter_3d_mm",
    "mean_adc_1e-6mm2/s",
    "p10_adc_1e-6mm2/s",
    "confidence",
    "mean_similarity",
    "side",
    "level",
    "zone",
    "sector",
    "slices",
    "centre_l_mm",
    "centre_p_mm",
    "centre_s_mm",
    "found_with_place_given",
    "gland_ml",
    "psa_ng/ml",
    "psa_density_ng/ml/ml",
    "cautions",
)
"""Lengths in mm, LPS centres; an empty cell is not known. A study without a lesion has one row without a number."""


def write_lesion_table(path: Path, cases: Iterable[str], folder: Path) -> None:
    """Of those `cases` whose result lies in `folder`. InputError where `path` is not ours or a report is damaged."""
    with signed_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for case in cases:
            if (folder / case / REPORT_NAME).is_file():
                writer.writerows(_rows(case, read_json(folder / case / REPORT_NAME, REPORT_NAME, AGAIN)))


def _rows(case: str, report: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    gland, run = report["gland"] or {}, report["run"]
    study = {
        "case": case,
        "gland_ml": gland.get("volume_ml"),
        "psa_ng/ml": run["psa"],
        "psa_density_ng/ml/ml": gland.get("psa_density_ng_per_ml_per_ml"),
        "cautions": " ".join(told["code"] for told in run["cautions"]),
    }
    for lesion in report["lesions"]:
        yield {**study, **_of_lesion(lesion)}
    if not report["lesions"]:
        yield study


def _of_lesion(lesion: Mapping[str, Any]) -> dict[str, object]:
    place, sizes = lesion["place"], lesion["diameters"]
    left, back, up = lesion["centre_lps"]
    return {
        "lesion": lesion["number"],
        "volume_ml": lesion["volume_ml"],
        "longest_axial_mm": lesion["max_axial_diameter_mm"],
        "perpendicular_axial_mm": sizes["perpendicular_axial_mm"],
        "craniocaudal_mm": sizes["craniocaudal_mm"],
        "diameter_3d_mm": lesion["diameter_3d_mm"],
        "mean_adc_1e-6mm2/s": lesion["mean_adc"],
        "p10_adc_1e-6mm2/s": lesion["p10_adc"],
        "confidence": lesion["confidence"],
        "mean_similarity": lesion["mean_similarity"],
        "side": place["side"],
        "level": place["level"],
        "zone": place["zone"],
        "sector": place["sector"],
        "slices": lesion["slices_shown"],
        "centre_l_mm": left,
        "centre_p_mm": back,
        "centre_s_mm": up,
        "found_with_place_given": lesion["found_with_place_given"],
    }
