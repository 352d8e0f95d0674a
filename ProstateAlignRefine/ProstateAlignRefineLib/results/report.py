"""report.json: what was found, with what, and how."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from ..core.errors import InputError
from ..core.findings.rule import FindingRule, FrocPoint
from ..core.gland import Gland
from ..core.lesions import Lesion
from ..core.plain_data import read_json, shown
from ..core.psa import psa_density
from ..core.storage.files import file_sha256, replacing_file
from ..core.storage.signature import PROGRAM, plain_files, state_of
from ..core.storage.staging import finish_interrupted
from .gland_words import THE_MODEL
from .lesions_at import LesionsAt
from .run import AGAIN, Run, plain_run, run_from, setting_from
from .setting import Setting
from .slice_names import COUNTED, SliceNames

REPORT_NAME = "report.json"
FORMAT = 1
RESEARCH_USE = "For research use only. Not a medical device; not for diagnosis or treatment decisions."


@dataclass(frozen=True)
class StoredReport:
    """What is read of a folder's report. `files`: SHA-256 by name of the files that it lists."""

    run: Run
    setting: Setting
    files: Mapping[str, str]


def write_report(
    folder: Path,
    run: Run,
    found: LesionsAt,
    edited: Mapping[str, int],
    *,
    gland: Gland | None,
    kept: Mapping[str, str] = MappingProxyType({}),
    names: SliceNames = COUNTED,
) -> Mapping[str, str]:
    """Written last: it lists the SHA-256 of all files of the result; those that lie in `folder` are returned.

    `edited`: voxels added and removed by the refiner. `gland`: None where the model told none. `kept`: SHA-256 by name
    of files of the result that do not lie in `folder`. `names`: of the T2W slices.
    """
    written = {name: file_sha256(folder / name) for name in plain_files(folder) if name != REPORT_NAME}
    facts = report_facts(run, found, edited, gland, names)
    content = {**facts, "files": dict(sorted({**kept, **written}.items()))}
    with replacing_file(folder / REPORT_NAME) as path:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return written


def report_facts(
    run: Run, found: LesionsAt, edited: Mapping[str, int], gland: Gland | None, names: SliceNames = COUNTED
) -> dict[str, Any]:
    """All that the report says but the files' hashes; see `write_report`."""
    return {
        "program": PROGRAM,
        "format": FORMAT,
        "use": RESEARCH_USE,
        "notice": run.model.notice,
        "gland": None
        if gland is None
        else _rounded({"outlined_by": run.gland_by or THE_MODEL, **_gland_facts(gland, run.psa)}),
        "lesions": [_rounded(_lesion_facts(lesion, run, names)) for lesion in found.lesions],
        "candidates": [_rounded(_lesion_facts(candidate, run, names)) for candidate in found.candidates],
        "findings": _rounded(_finding_facts(run.finding_rule, found.setting)),
        "edits_voxels": dict(edited),
        "run": {**plain_run(run, found.setting), "seconds": _rounded(dict(run.seconds))},
    }


def read_run(folder: Path) -> Run:
    """How the folder's result came about; InputError where it holds no report of this program."""
    return run_from(_read_report(folder).get("run"))


def read_setting(folder: Path) -> Setting:
    """What the folder's lesions were found with; InputError as for `read_run`."""
    stored = _read_report(folder).get("run")
    return setting_from(stored, run_from(stored))


def read_report(folder: Path) -> StoredReport:
    """InputError as for `read_run`, and where the report lists no files."""
    report = _read_report(folder)
    stored, files = report.get("run"), report.get("files")
    if not isinstance(files, dict):
        raise InputError(
            f"{REPORT_NAME} lists no files, as those of earlier versions do not; run the segmentation again."
        )
    listed = {str(name): str(digest) for name, digest in files.items()}
    run = run_from(stored)
    return StoredReport(run, setting_from(stored, run), listed)


def require_unchanged(folder: Path, names: Collection[str], files: Mapping[str, str]) -> None:
    """InputError naming the first of `names` that is missing or no longer what `files` (SHA-256) says."""
    for name in names:
        state = state_of(folder, name)
        plain = PurePosixPath(name).name
        if state is None:
            raise InputError(f"The file '{plain}' is missing; run the segmentation again to make it.")
        if state != files.get(name):
            raise InputError(f"The file '{plain}' is not as it was written; run the segmentation again.")


def _read_report(folder: Path) -> Mapping[str, Any]:
    finish_interrupted(folder)
    path = folder / REPORT_NAME
    if not folder.is_dir():
        raise InputError("The folder given does not exist; check its path.")
    if not path.is_file():
        raise InputError(f"There is no {REPORT_NAME} in the folder given; give a folder that `segment` has written.")
    try:
        content = read_json(path, REPORT_NAME, AGAIN)
        if content["format"] != FORMAT:
            raise InputError(
                f"{REPORT_NAME} has format {shown(content['format'])}, this version reads {FORMAT}; segment again."
            )
        return dict(content)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{REPORT_NAME} is damaged; {AGAIN}.") from None


def lesion_table(lesions: Sequence[Lesion], names: SliceNames = COUNTED) -> str:
    """A text table for the screen; a sentence where nothing was found. `names`: of the T2W slices."""
    return _table(lesions, names) if lesions else "No lesion found."


def candidate_table(
    candidates: Sequence[Lesion], rule: FindingRule | None, setting: Setting, names: SliceNames = COUNTED
) -> str:
    """The candidates under a line that says what they are; empty where the setting asks for none."""
    if setting.false_positives == 0:
        return ""
    if rule is None:
        return "No rule of findings tells candidates for this model and prompt."
    point = rule.expected(rule.shown_from(setting.false_positives))
    about = (
        f"with them {point.false_positives:.2f} false positives a study are expected, and {point.sensitivity:.0%} of "
        "all lesions found"
    )
    if not candidates:
        return f"No candidate below the operating point; {about}."
    return f"Candidates, which are no lesions and are not exported; {about}:\n{_table(candidates, names)}"


def _table(lesions: Sequence[Lesion], names: SliceNames) -> str:
    slices = [names.text(*lesion.slices) for lesion in lesions]
    width = max(len("slices"), *map(len, slices))
    header = f"  #  volume mL  axial mm  3D mm  ADC mean  ADC p10  confidence  similarity  {'slices':<{width}}  place"
    rows = (_row(lesion, f"{text:<{width}}") for lesion, text in zip(lesions, slices, strict=True))
    return "\n".join([header, *rows])


def _lesion_facts(lesion: Lesion, run: Run, names: SliceNames) -> dict[str, Any]:
    shown = {"slices_shown": names.text(*lesion.slices), "place": lesion.place.facts}
    return {
        **asdict(lesion),
        **shown,
        "diameters": _diameter_facts(lesion, names),
        "found_with_place_given": run.place_given,
    }


def _diameter_facts(lesion: Lesion, names: SliceNames) -> dict[str, Any]:
    """As a radiologist takes them; the ends of the axial ones in LPS mm."""
    found = lesion.diameters
    return {
        "longest_axial_mm": found.longest.length_mm,
        "perpendicular_axial_mm": found.across.length_mm,
        "craniocaudal_mm": found.craniocaudal_mm,
        "slice_shown": names.text(found.slice, found.slice),
        "longest_axial_ends_lps": [found.longest.start, found.longest.end],
        "perpendicular_axial_ends_lps": [found.across.start, found.across.end],
    }


def _finding_facts(rule: FindingRule | None, setting: Setting) -> dict[str, Any]:
    """What a finding's confidence means, and what is to be expected at the setting."""
    if rule is None:
        return {"confidence": "mean over the finding's voxels; not calibrated, since no rule tells it for this prompt"}
    point = rule.expected(rule.operating_confidence)
    shown = rule.shown_from(setting.false_positives)
    return {
        "confidence": "share of findings like this one that were lesions in synthetic studies",
        "lesion_from_confidence": rule.operating_confidence,
        "expected_at_lesions": _expected(point),
        "candidate_from_confidence": shown if shown < rule.operating_confidence else None,
        "expected_with_candidates": _expected(rule.expected(shown)),
        "measured_on_studies": rule.studies,
    }


def _expected(point: FrocPoint) -> dict[str, float]:
    return {"false_positives_a_study": point.false_positives, "sensitivity": point.sensitivity}


def _gland_facts(gland: Gland, psa: float | None) -> dict[str, float | None]:
    across, depth, height = gland.size_mm
    return {
        "volume_ml": gland.volume_ml,
        "ellipsoid_volume_ml": gland.ellipsoid_ml,
        "transverse_mm": across,
        "anteroposterior_mm": depth,
        "craniocaudal_mm": height,
        "psa_density_ng_per_ml_per_ml": None if psa is None else psa_density(psa, gland.volume_ml),
    }


def _row(lesion: Lesion, slices: str) -> str:
    def adc(value: float | None) -> str:
        return "-" if value is None else f"{value:.0f}"

    return (
        f"{lesion.number:>3}  {lesion.volume_ml:>9.2f}  {lesion.max_axial_diameter_mm:>8.1f}"
        f"  {lesion.diameter_3d_mm:>5.1f}  {adc(lesion.mean_adc):>8}  {adc(lesion.p10_adc):>7}"
        f"  {lesion.confidence:>10.2f}  {lesion.mean_similarity:>10.2f}"
        f"  {slices}  {lesion.place.text}"
    )


def _rounded(value: Any) -> Any:
    """Floats to four decimals, wherever they stand."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value
