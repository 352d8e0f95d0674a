"""A judgement in words: for the screen, and for the model card."""

from __future__ import annotations

from ...evaluation.statistics import Estimate
from ..taught_parts import REFINER_HEADING as HEADING
from .judging import EditJudgement

NEXT = "\n## "


def card_section(judgement: EditJudgement, other: EditJudgement) -> str:
    """Markdown for the model card: what the refiner does to outlines on validation studies and on the other family."""
    return (
        f"At tau {judgement.gate.tau:g} and alpha {judgement.gate.alpha:g}; 95 % intervals over studies. What the base "
        "did not find the refiner cannot find.\n\n"
        "**Validation studies**, which chose the weights (early stopping), tau, alpha and the constant.\n\n"
        f"{_outlines(judgement)}\n**The other family**, which nothing was trained on or chosen by.\n\n"
        f"{_outlines(other)}"
    )


def _outlines(judgement: EditJudgement) -> str:
    gains = {way: judgement.gain(way) for way in judgement.ways if way != "refined"}
    rows = [
        f"| {way} | {shown(found.estimates['Dice'])} | {shown(found.estimates['NSD 1 mm'])} | "
        f"{shown(gains[way]['NSD 1 mm'], '+') if way in gains else ''} |"
        for way, found in judgement.ways.items()
    ]
    return "\n".join(
        [
            f"{judgement.studies} synthetic studies with a finding, {judgement.sites} sites of lesions that the base "
            "found.",
            "",
            "| outline | Dice | NSD 1 mm | refined less this, NSD 1 mm |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Constant shift {judgement.shift:+g}. Delta in the band: mean {judgement.mean:+.3f}, standard deviation "
            f"{judgement.spread:.3f}. Voxels removed {judgement.removed}, added {judgement.added}; some are removed in "
            f"{judgement.removing:.0%} of these studies. A false finding changes by {judgement.false_ml:+.3f} mL.",
            "",
        ]
    )


def with_section(card: str, section: str) -> str:
    """The card with the section in its earlier one's place, else before its next heading of that level, else last."""
    before, found, behind = card.partition(f"{HEADING}\n")
    rest = behind if found else card
    head, _, others = rest.partition(NEXT)
    start = before if found else f"{head.rstrip()}\n\n"
    end = f"{NEXT}{others}" if others else "\n"
    return f"{start}{HEADING}\n\n{section.rstrip()}\n{end}".rstrip() + "\n"


def summary(judgement: EditJudgement) -> str:
    """One line a figure, for people."""
    lines = [
        f"{judgement.sites} sites of found lesions, {judgement.studies} studies with a finding; "
        f"tau {judgement.gate.tau:g}, alpha {judgement.gate.alpha:g}",
        f"delta: mean {judgement.mean:+.3f}, standard deviation {judgement.spread:.3f}; voxels removed "
        f"{judgement.removed}, added {judgement.added}; some removed in {judgement.removing:.0%} of the studies",
    ]
    for way, found in judgement.ways.items():
        gain = judgement.gain(way) if way != "refined" else {}
        parts = [
            f"{name} {shown(value)}" + (f", refined {shown(gain[name], '+')}" if gain else "")
            for name, value in found.estimates.items()
        ]
        name = f"{way} ({judgement.shift:+g})" if way == "best constant shift" else way
        lines.append(f"{name}: " + "; ".join(parts))
    return "\n".join(lines)


def shown(estimate: Estimate, sign: str = "") -> str:
    """Value and 95 % interval."""
    value, interval = estimate.value, estimate.interval
    if value is None or interval is None:
        return "none"
    return f"{value:{sign}.3f} ({interval[0]:{sign}.3f} to {interval[1]:{sign}.3f})"
