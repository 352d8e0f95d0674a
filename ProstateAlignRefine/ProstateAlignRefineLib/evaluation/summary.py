"""What an evaluation says, as JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .cases import CaseRow
from .evaluate import Judged, Protocol
from .figures import Figures, cohort_figures, save_picai_metrics
from .statistics import SEED, Estimate, Paired, paired_tests, resampled

JSON_NAME, MARKDOWN_NAME = "evaluation.json", "evaluation.md"
KIND = "evaluation"
PLOTS = ("froc.png", "dice.png", "reliability.png")
TABLES = tuple(f"{what}{suffix}.csv" for what in ("cases", "lesions") for suffix in ("", "-against"))
PICAI_METRICS = ("picai_eval.json", "picai_eval-against.json")
NAMES = (JSON_NAME, MARKDOWN_NAME, *TABLES, *PICAI_METRICS, *PLOTS)
FORMAT = 1
DECIMALS = 6
MEASURES = ("dice", "precision", "recall", "nsd_1mm", "nsd_2mm", "hd95", "hd95_pooled", "assd")
VOLUMES = ("reference_ml", "prediction_ml")
RULES = (
    "Lesions are connected components (26 neighbours) of the reference above zero, whatever the value.",
    "Empty rule: both masks empty is a perfect answer (Dice 1, NSD 1, distances 0); one empty gives Dice 0 and NSD 0 "
    "and no distance. Positives are cases with a lesion in the reference. 'Always empty' is what an answer that never "
    "finds anything gets on the same cases.",
    "A lesion is found by a predicted component with an intersection over union of at least 0.10, one to one.",
    "HD95 is the larger of the two directed 95th percentiles; `hd95_pooled` pools both directions.",
    "ASSD is the mean over the surface voxels of both masks together (not the mean of the two directed means); figures "
    "of lesions found are means over those lesions.",
    "AP and AUROC are picai_eval's, on candidates of the probability map (dynamic-v2), or on the components of a mask "
    "or detection map with their own values; the case score is the highest candidate. A mask has no graded confidence: "
    "its AP, AUROC and FROC rest on one operating point.",
    "Calibration is measured over voxels with a probability; masks and detection maps have none.",
    "Publications cite Saha et al., Lancet Oncology 2024 (PI-CAI), for picai_eval, and Bosma et al., Radiology: "
    "Artificial Intelligence 2023 (report-guided annotation), for the candidates.",
    "Intervals are 95 % percentile bootstrap over patients; p values are two-sided and not corrected for their number.",
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One system's figures, and a second one's with their differences (first less second) where there is one.

    `empty`: the figures of an answer that never finds a lesion, which every system must be held against.
    """

    protocol: Protocol
    systems: tuple[Judged, ...]
    figures: tuple[Mapping[str, Estimate], ...]
    empty: Figures
    differences: Mapping[str, Estimate]
    tests: Mapping[str, Paired]


def evaluation_of(protocol: Protocol, first: Judged, second: Judged | None = None) -> Evaluation:
    """Figures with bootstrap intervals of one system or of two; of two also their differences and paired tests."""
    systems = (first,) if second is None else (first, second)
    drawn = [resampled(system.rows, cohort_figures, protocol.resamples) for system in systems]
    figures = tuple(each.estimates for each in drawn)
    empty = cohort_figures(first.empty)
    if second is None:
        return Evaluation(protocol, systems, figures, empty, {}, {})
    gaps = (drawn[0] - drawn[1]).estimates
    tests = paired_tests(first.rows, second.rows, protocol.resamples)
    return Evaluation(protocol, systems, figures, empty, gaps, tests)


def write_summary(evaluation: Evaluation, folder: Path) -> None:
    """evaluation.json, evaluation.md, and for each system a cases and a lesions table and picai_eval's own file."""
    text = json.dumps(_as_json(evaluation), indent=2) + "\n"
    (folder / JSON_NAME).write_text(text, encoding="utf-8")
    (folder / MARKDOWN_NAME).write_text(as_markdown(evaluation), encoding="utf-8")
    for system, suffix in zip(evaluation.systems, ("", "-against"), strict=False):
        _write_table(folder / f"cases{suffix}.csv", [_case(row) for row in system.rows])
        lesions = [lesion for row in system.rows for lesion in _lesions(row)]
        _write_table(folder / f"lesions{suffix}.csv", lesions)
        save_picai_metrics(system.rows, folder / f"picai_eval{suffix}.json")


def as_tables(evaluation: Evaluation) -> str:
    """Every figure of every system, differences and paired tests, in Markdown."""
    heads = [f"`{system.name}`" for system in evaluation.systems]
    heads += ["difference"] if evaluation.differences else []
    columns = [*evaluation.figures, *([evaluation.differences] if evaluation.differences else [])]
    table = [f"| figure | {' | '.join(heads)} | always empty |", "|---|" + "---|" * len(heads) + "---|"]
    table += [
        f"| {name} | {' | '.join(_cell(column[name]) for column in columns)} | {shown(evaluation.empty[name])} |"
        for name in columns[0]
    ]
    return "\n".join([*table, "", *_tests(evaluation.tests)])


def as_markdown(evaluation: Evaluation) -> str:
    """The report of `evaluate` for a reader: cases, figures, tests, and the rules they were counted by."""
    first = evaluation.systems[0]
    positives = sum(row.positive for row in first.rows)
    protocol = evaluation.protocol
    patients = len({row.patient for row in first.rows})
    return "\n".join(
        [
            "# Evaluation",
            "",
            *(f"**{flattered(system)}**\n" for system in evaluation.systems if system.flattered),
            f"{len(first.rows)} cases of {patients} patients, {positives} of them with a lesion, "
            f"{sum(row.detection.lesions for row in first.rows)} lesions. Threshold {protocol.threshold:g}; components "
            f"below {protocol.minimum_ml:g} mL dropped; {protocol.resamples} resamples, seed {SEED}.",
            "",
            as_tables(evaluation),
            "## Rules",
            "",
            *(f"- {rule}" for rule in RULES),
            *(f"- {note}" for system in evaluation.systems for note in _notes(system)),
            "",
        ]
    )


def _notes(system: Judged) -> list[str]:
    notes = [
        f"`{system.name}`: SHA-256 of the judged predictions {system.predictions_sha256}, of the references "
        f"{system.references_sha256}."
    ]
    if system.resampled:
        notes.append(f"`{system.name}`: {system.resampled} predictions lay on another grid and were resampled.")
    if system.unused:
        notes.append(f"`{system.name}`: {system.unused} predictions have no reference and were not judged.")
    return notes


def flattered(system: Judged) -> str:
    """What a reader must know of results of training cases."""
    return (
        f"`{system.name}`: {system.flattered} of {len(system.rows)} answers are to studies that the model was trained "
        "on, so that these figures flatter it."
    )


def _tests(tests: Mapping[str, Paired]) -> list[str]:
    if not tests:
        return []
    rows = [
        f"| {name} | {test.difference:+.4f} ({test.interval[0]:+.4f} to {test.interval[1]:+.4f}) | {test.cases} | "
        f"{test.p:.4g} | {test.test} |"
        for name, test in tests.items()
    ]
    return ["## Paired tests", "", "| measure | difference | pairs | p | test |", "|---|---|---|---|---|", *rows, ""]


def shown(value: float | None) -> str:
    """Four decimals; a dash where there is no figure."""
    return "-" if value is None else f"{value:.4f}"


def _cell(estimate: Estimate) -> str:
    if estimate.interval is None:
        return shown(estimate.value)
    return f"{shown(estimate.value)} ({estimate.interval[0]:.4f} to {estimate.interval[1]:.4f})"


def _as_json(evaluation: Evaluation) -> dict[str, Any]:
    protocol = evaluation.protocol
    return {
        "format": FORMAT,
        "rules": list(RULES),
        "protocol": {
            "threshold": protocol.threshold,
            "minimum_ml": protocol.minimum_ml,
            "resamples": protocol.resamples,
            "seed": SEED,
            "calibration_region": protocol.regions.name if protocol.regions else None,
        },
        "systems": [
            {
                "name": system.name,
                "cases": len(system.rows),
                "positives": sum(row.positive for row in system.rows),
                "predictions_sha256": system.predictions_sha256,
                "references_sha256": system.references_sha256,
                "resampled": system.resampled,
                "without_reference": system.unused,
                "trained_on": system.flattered,
                "figures": {name: asdict(estimate) for name, estimate in figures.items()},
            }
            for system, figures in zip(evaluation.systems, evaluation.figures, strict=True)
        ],
        "always_empty": dict(evaluation.empty),
        "differences": {name: asdict(estimate) for name, estimate in evaluation.differences.items()},
        "tests": {name: asdict(test) for name, test in evaluation.tests.items()},
    }


def _case(row: CaseRow) -> dict[str, Any]:
    return {
        "case": row.case,
        "patient": row.patient,
        "positive": int(row.positive),
        **{name: getattr(row.metrics, name) for name in (*MEASURES, *VOLUMES)},
        **asdict(row.detection),
        "score": row.detections.score,
    }


def _lesions(row: CaseRow) -> list[dict[str, Any]]:
    return [
        {
            "case": row.case,
            "lesion": lesion.number,
            "found": int(lesion.found),
            **{name: getattr(lesion.metrics, name) for name in (*MEASURES, *VOLUMES)},
        }
        for lesion in row.lesions
    ]


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """An empty cell is a value that does not exist; without rows the file is empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        if rows:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({name: _rounded(value) for name, value in row.items()} for row in rows)


def _rounded(value: Any) -> Any:
    return round(value, DECIMALS) if isinstance(value, float) else value
