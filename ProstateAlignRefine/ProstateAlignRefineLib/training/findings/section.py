"""What a rule of findings is worth, as a section of the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.findings.rule import FindingRule
from ...evaluation.calibration import Reliability
from ...evaluation.statistics import INTERVAL, RESAMPLES, SEED
from ..taught_parts import FINDINGS_HEADING as HEADING
from .cases import FindingCase
from .fit import ALLOWED

NEXT = "## Benchmark"
Kept = Sequence[NDArray[np.bool_]]
Sure = Sequence[NDArray[np.float64]]


def with_findings(card: str, rule: FindingRule, seeds: str, measured: Mapping[str, Sequence[FindingCase]]) -> str:
    """The card with this section before its benchmark, in place of an earlier one. `measured`: studies that the rule
    was not fitted on, by what they are; `seeds`: of those that it was."""
    before, _, after = card.partition(NEXT)
    before = before.split(HEADING)[0].rstrip()
    return f"{before}\n\n{_section(rule, seeds, measured)}\n" + (f"\n{NEXT}{after}" if after else "")


def _section(rule: FindingRule, seeds: str, measured: Mapping[str, Sequence[FindingCase]]) -> str:
    at, least = rule.expected(rule.operating_confidence), f"{rule.operating_confidence:.3f}"
    terms = "\n".join(f"| {t.measure} | {t.weight:+.2f} | {t.middle:.2f} | {t.spread:.2f} |" for t in rule.terms)
    table = "\n".join(f"| {p.confidence:.3f} | {p.false_positives:.2f} | {p.sensitivity:.3f} |" for p in rule.froc)
    return f"""{HEADING}

A logistic rule, fitted on what the model finds at tau {rule.tau:g} and alpha {rule.alpha:g} in {rule.studies}
synthetic studies of the first family that its network was not trained on (seeds {seeds}); for the
model's own prompt alone. A finding is a lesion from confidence {least} on, the most sensitive point with at most
{ALLOWED:g} false positives a study in cross-validation ({at.false_positives:.2f}; {at.sensitivity:.3f} of the lesions
found); below it is a candidate.

| measure | weight | middle | spread |
|---|---|---|---|
{terms}

| confidence from | false positives a study | lesions found |
|---|---|---|
{table}

On studies that the rule was not fitted on (95 % bootstrap over studies). ECE: of the confidence of what is reported
as a lesion, and of all findings down to the last row above; by chance: what a perfectly calibrated rule would have with
so few. Without the rule a finding's confidence is the mean over its voxels.

| studies | figure | without the rule | with it |
|---|---|---|---|
{chr(10).join(row for name, cases in measured.items() for row in _rows(name, rule, cases))}
"""


def _rows(name: str, rule: FindingRule, cases: Sequence[FindingCase]) -> list[str]:
    sure = [rule.confidences(case.measures) for case in cases]
    plain = figures(cases, [np.arange(len(c.measures)) < c.marked for c in cases], [c.voxel_means for c in cases])
    ruled = figures(cases, [s >= rule.operating_confidence for s in sure], sure)
    shown = calibration(cases, [s >= rule.froc[-1].confidence for s in sure], sure)
    ruled |= {f"{figure}, candidates too": cell for figure, cell in shown.items()}
    heads = f"{name}: {len(cases)} studies, {sum(case.lesions for case in cases)} lesions"
    return [f"| {heads} | {figure} | {plain.get(figure, '-')} | {cell} |" for figure, cell in ruled.items()]


def figures(cases: Sequence[FindingCase], kept: Kept, sure: Sure) -> dict[str, str]:
    """Of the findings kept in each case, with these confidences, as cells of a table."""
    counts = np.array([(*case.found(keep), case.lesions, keep.any()) for case, keep in zip(cases, kept, strict=True)])

    def of(rows: NDArray[np.int64]) -> tuple[float, float, float]:
        found, alarms, lesions, marked = rows.T
        negative = lesions == 0
        return (
            found.sum() / max(lesions.sum(), 1),
            alarms.sum() / len(rows),
            float((marked[negative] == 0).sum() / max(negative.sum(), 1)),
        )

    rng = np.random.default_rng(SEED)
    drawn = np.array([of(counts[rng.integers(0, len(cases), len(cases))]) for _ in range(RESAMPLES)])
    bounds = np.percentile(drawn, INTERVAL, axis=0).T
    names = ("lesions found", "false positives a study", "specificity")
    cells = {
        name: f"{value:.3f} ({low:.3f} to {high:.3f})"
        for name, value, (low, high) in zip(names, of(counts), bounds, strict=True)
    }
    return cells | calibration(cases, kept, sure)


def calibration(cases: Sequence[FindingCase], kept: Kept, sure: Sure) -> dict[str, str]:
    """ECE and its level by chance, with the number of findings; resamples without any are left out."""
    parts = [
        Reliability.of(certain[keep], case.genuine[keep]) for case, keep, certain in zip(cases, kept, sure, strict=True)
    ]
    rng = np.random.default_rng(SEED)

    def of(index: Sequence[int] | NDArray[np.int64]) -> Reliability:
        whole = Reliability.of(np.zeros(0), np.zeros(0, bool))
        for number in index:
            whole = whole + parts[int(number)]
        return whole

    whole = of(range(len(parts)))
    if not whole.count.sum():
        return {"ECE": "-"}
    resampled = [of(rng.integers(0, len(parts), len(parts))) for _ in range(200)]
    drawn = [part.expected_error for part in resampled if part.count.sum()]
    low, high = np.percentile(drawn, INTERVAL)
    text = f"{whole.expected_error:.3f} ({low:.3f} to {high:.3f}); by chance {whole.error_by_chance:.3f}"
    return {"ECE": f"{text}; {int(whole.count.sum())} findings"}
