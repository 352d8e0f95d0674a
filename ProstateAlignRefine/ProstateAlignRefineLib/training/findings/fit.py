"""The rule of findings, fitted on studies with known lesions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ...core.findings.measures import MEASURES
from ...core.findings.rule import FARTHEST, FindingRule, FrocPoint, Term
from .cases import FindingCase, FindingGate, stacked

PENALTY = 2.0
"""Of squared weights, in findings; 0.3 to 10 gave the same likelihood in cross-validation."""
RATES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0)
"""False positives a study at which the rule's FROC is kept."""
ALLOWED = 0.3
"""False positives a study at the operating point: what the benchmark's targets allow."""
FOLDS = 10


def fitted(cases: Sequence[FindingCase], gate: FindingGate) -> FindingRule:
    """Logistic regression on the findings of all cases; FROC and operating point in cross-validation."""
    rule = _rule(cases, gate)
    points = froc(_out_of_fold(cases, gate), cases)
    table = tuple({point.confidence: point for rate in RATES for point in _at(points, rate)}.values())
    operating = _at(points, ALLOWED) or table[:1]
    return replace(rule, operating_confidence=operating[0].confidence, froc=table)


def froc(confidences: Sequence[NDArray[np.float64]], cases: Sequence[FindingCase]) -> list[FrocPoint]:
    """At every confidence of a finding, from the highest down. `confidences`: of each case's findings."""
    lesions = max(sum(case.lesions for case in cases), 1)
    steps = sorted(
        (step for case, sure in zip(cases, confidences, strict=True) for step in _steps(case, sure)), reverse=True
    )
    found, alarms, points = 0, 0, []
    for number, (level, more_found, more_alarms) in enumerate(steps):
        found, alarms = found + more_found, alarms + more_alarms
        if number + 1 == len(steps) or steps[number + 1][0] < level:
            points.append(FrocPoint(level, alarms / len(cases), found / lesions))
    return points


def _steps(case: FindingCase, sure: NDArray[np.float64]) -> Iterator[tuple[float, int, int]]:
    """Confidence, and how many more lesions and false positives there are of a case from it on."""
    before = (0, 0)
    for level in np.unique(sure)[::-1]:
        found, alarms = case.found(sure >= level)
        yield float(level), found - before[0], alarms - before[1]
        before = found, alarms


def _rule(cases: Sequence[FindingCase], gate: FindingGate) -> FindingRule:
    """Without a FROC of its own yet."""
    measures, genuine = stacked(cases)
    middle, spread = measures.mean(axis=0), measures.std(axis=0)
    used = np.flatnonzero(spread > 0)
    apart = np.clip((measures[:, used] - middle[used]) / spread[used], -FARTHEST, FARTHEST)
    bias, *weights = _logistic(apart, genuine)
    terms = tuple(
        Term(MEASURES[index], *(float(f"{value:.6g}") for value in numbers))
        for index, *numbers in zip(used, middle[used], spread[used], weights, strict=True)
    )
    nothing = (FrocPoint(1.0, 0.0, 0.0),)
    return FindingRule(float(f"{bias:.6g}"), terms, 1.0, nothing, len(cases), gate.tau, gate.alpha)


def _out_of_fold(cases: Sequence[FindingCase], gate: FindingGate) -> list[NDArray[np.float64]]:
    """Confidences of each case's findings, by a rule fitted on the other folds."""
    rules = [_rule([case for n, case in enumerate(cases) if n % FOLDS != fold], gate) for fold in range(FOLDS)]
    return [rules[number % FOLDS].confidences(case.measures) for number, case in enumerate(cases)]


def _at(points: Sequence[FrocPoint], rate: float) -> tuple[FrocPoint, ...]:
    """The point that finds most lesions with at most `rate` false positives a study; of equal ones the surest."""
    allowed = [point for point in points if point.false_positives <= rate]
    best = max(allowed, key=lambda point: (point.sensitivity, point.confidence), default=None)
    return () if best is None else (_rounded(best),)


def _rounded(point: FrocPoint) -> FrocPoint:
    """The confidence rounded down, so that the finding at the point still counts."""
    return FrocPoint(
        float(np.floor(point.confidence * 1e4) / 1e4), round(point.false_positives, 4), round(point.sensitivity, 4)
    )


def _logistic(apart: NDArray[np.float64], genuine: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Bias and weights of the highest penalised likelihood; the bias is free."""

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = apart @ values[1:] + values[0]
        gap = 1.0 / (1.0 + np.exp(-logits)) - genuine
        cost = np.logaddexp(0.0, np.where(genuine, -logits, logits)).sum() + PENALTY / 2 * (values[1:] ** 2).sum()
        return float(cost), np.concatenate([[gap.sum()], apart.T @ gap + PENALTY * values[1:]])

    return np.asarray(minimize(loss, np.zeros(apart.shape[1] + 1), jac=True, method="L-BFGS-B").x)
