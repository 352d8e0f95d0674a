"""What a benchmark found, as the section of a model card: from its JSON alone."""

from __future__ import annotations

from .curves import TELLING
from .markdown import Report, estimate_text, head_row, number_text, section
from .prompt_card import prompts_section
from .targets import FAMILY

HEADING = "## Benchmark"

FAMILY_NAMES = {"standard": "the family it was trained on", "holdout": "a family it was never trained on"}
SYSTEM_HEADS = {
    "model": "model",
    "without the refiner": "refiner off",
    "brightest HBV": "rule: brightest HBV",
    "lowest ADC": "rule: lowest ADC",
}
SHOWN = {
    "Dice, positives": "Dice, positives",
    "Dice, all cases": "Dice, all studies",
    "NSD 1 mm, positives": "NSD at 1 mm, positives",
    "NSD 2 mm, positives": "NSD at 2 mm, positives",
    "lesion sensitivity": "lesions found",
    "lesion sensitivity, below 0.5 mL": "of those below 0.5 mL",
    "lesion sensitivity, 0.5 to 1.5 mL": "of those from 0.5 to 1.5 mL",
    "lesion sensitivity, above 1.5 mL": "of those above 1.5 mL",
    "lesion sensitivity, contrast below 1.5": "of those with a contrast below 1.5",
    "lesion sensitivity, contrast 1.5 to 2.5": "of those with a contrast of 1.5 to 2.5",
    "lesion sensitivity, contrast above 2.5": "of those with a contrast above 2.5",
    "false positives a case": "false positives a study",
    "lesion sensitivity at 0.5 false positives a case": "lesions found at 0.5 false positives a study",
    "empty answer, share of negatives": "specificity: negatives without a finding",
    "AP": "AP",
    "AUROC": "AUROC",
    "ECE, gland and 10 mm": "ECE, gland and 10 mm around",
    "Brier score, gland and 10 mm": "Brier score, gland and 10 mm around",
    "ECE, all voxels": "ECE, all voxels",
    "Brier score, all voxels": "Brier score, all voxels",
    "ECE, findings": "ECE of the findings' confidence",
    "ECE by chance, findings": "the same, by chance alone",
    "Brier score, findings": "Brier score of the findings' confidence",
}
ANATOMY = {
    "Dice, gland": "Dice, gland",
    "Dice, peripheral zone": "Dice, peripheral zone",
    "Dice, transition zone": "Dice, transition zone and urethra",
    "Dice, central zone": "Dice, central zone",
    "Dice, anterior stroma": "Dice, anterior fibromuscular stroma",
    "gland volume error, mL": "gland volume, mean error in mL",
    "gland volume error, share": "gland volume, mean error as a share",
}
VERDICT_NAMES = {
    "lesion_rank": "rank of the lesion among the findings",
    "dice": "Dice",
    "others_in_gland": "other findings in the gland",
    "megabytes": "size of the bundle, MB",
    "seconds": "seconds from a cold start to the result",
    "forwards": "forwards through the network",
}
AGREEMENTS = {"agreement": "agreement", TELLING: "where something is found"}
PLACES = {"holdout": "other family", "real": "real study", "model": "the model"}

RULES = (
    "Intervals are 95 % percentile bootstrap over studies; differences are paired by study, p values two-sided "
    "(Wilcoxon signed-rank for Dice and NSD, McNemar exact for lesions found) and not corrected for their number.",
    "Empty rule of the all-study Dice: nothing there and nothing found is 1, one of the two empty is 0.",
    "A lesion is found by a finding with an intersection over union of at least 0.10, one to one; findings below the "
    "bundle's minimum volume do not count. AP and AUROC are picai_eval's, on candidates of the probability map.",
    "A lesion's contrast is how far its mean lies from that of the gland 1.5 to 6 mm around it, in standard deviations "
    "of that gland, ADC and HBV taken together (root of the sum of squares).",
    "A finding's confidence is told by the bundle's rule, without one the mean over its voxels; its calibration is "
    "against being a lesion. That over voxels "
    "is dominated by background, which is easy: the findings' is the one to look at. With so few findings a perfectly "
    "calibrated model has an ECE too, that by chance alone.",
)


def as_markdown(report: Report) -> str:
    """The last section of a MODEL_CARD.md."""
    parts = [f"{HEADING}\n", _targets(report)]
    parts += [_family(name, family, report) for name, family in report["families"].items()]
    if report["real"]:
        parts.append(_real(report["real"]))
    if report.get("prompts"):  # which earlier reports do not name
        parts.append(prompts_section(report["prompts"], FAMILY_NAMES))
    if report["degradation"]:
        parts.append(_degradation(report["degradation"], report["model"]["normalization"] == "absolute_adc"))
    parts.append(_model(report["model"]))
    return "\n".join(parts)


def with_section(card: str, section: str) -> str:
    """The card with this section at its end, in place of an earlier one."""
    return f"{card.split(HEADING, maxsplit=1)[0].rstrip()}\n\n{section}"


def readme_rows(report: Report) -> list[str]:
    """A table row a family: Dice on positives, lesions found, false positives a study, silent negatives."""
    rows = []
    for name, family in report["families"].items():
        figures = family["systems"]["model"]
        cells = [
            number_text(figures["Dice, positives"]["value"], 3),
            f"{_count(figures['lesion sensitivity']['value'], family['lesions'])} of {family['lesions']}",
            number_text(figures["false positives a case"]["value"], 2),
            f"{_count(figures['empty answer, share of negatives']['value'], _negatives(family))} of "
            f"{_negatives(family)}",
        ]
        rows.append(f"| {FAMILY_NAMES[name]} | {' | '.join(cells)} |")
    return rows


def _targets(report: Report) -> str:
    rows = [
        f"| {PLACES[one['where']]} | {SHOWN.get(one['figure'], VERDICT_NAMES.get(one['figure'], one['figure']))} "
        f"| {one['target']} | {number_text(one['value'], 3)} | {'yes' if one['met'] else '**no**'} |"
        for one in report["targets"]
    ]
    met = sum(one["met"] for one in report["targets"])
    return section(
        "Targets",
        f"Set before the model was trained; {met} of {len(rows)} are met.",
        "| where | figure | target | value | met |",
        rows,
    )


def _family(name: str, family: Report, report: Report) -> str:
    protocol = report["protocol"]
    volumes, contrasts = (
        ", ".join(f"{count} {stratum}" for stratum, count in family[f"lesions by {quality}"].items())
        for quality in ("volume", "contrast")
    )
    intro = (
        f"{family['studies']} synthetic studies of {FAMILY_NAMES[name]}, seeds from {protocol['first_seed']}, on "
        f"vendor-like grids, never used before: {family['positives']} with a lesion, {_negatives(family)} without, "
        f"{family['lesions']} lesions (volume: {volumes}; contrast: {contrasts}). The rules know the true prostate and "
        f"mark a ball ({protocol['hbv_ball_mm']:g} mm and {protocol['adc_ball_mm']:g} mm radius, the best on other "
        "seeds) about the brightest HBV voxel or the lowest smoothed ADC in it."
    )
    heads = [*SYSTEM_HEADS.values(), "model less brightest HBV"]
    target = ["target"] if name == "holdout" else []
    figures = {key: text for key, text in (SHOWN | ANATOMY).items() if _exists(family, key)}
    rows = [_figure_row(key, text, family, bool(target)) for key, text in figures.items()]
    table = section(f"Synthetic studies: {FAMILY_NAMES[name]}", intro, head_row(["figure", *target, *heads]), rows)
    rules = "\n".join(f"- {rule}" for rule in RULES)
    return f"{table}\n{_refiner(family)}\n" + (f"\n{rules}\n" if name == list(report["families"])[-1] else "")


def _figure_row(key: str, text: str, family: Report, with_target: bool) -> str:
    decimals = 4 if key.startswith(("ECE", "Brier")) else 3
    cells = [estimate_text(family["systems"][system][key], decimals=decimals) for system in SYSTEM_HEADS]
    rival = "brightest HBV"
    test = family["tests"][rival].get(key)
    p = f", p {test['p']:.2g}" if test else ""
    gap = family["differences"][rival][key]
    cells.append(f"{estimate_text(gap, signed=True)}{p}" if gap["value"] is not None else "-")
    target = [FAMILY[key].text if key in FAMILY else ""] if with_target else []
    return f"| {' | '.join([text, *target, *cells])} |"


def _refiner(family: Report) -> str:
    rival = "without the refiner"
    gap, test = family["differences"][rival]["Dice, positives"], family["tests"][rival].get("Dice, positives")
    if test is None:
        return ""
    return (
        f"The refiner changes the Dice on positives by {estimate_text(gap, signed=True)} (p {test['p']:.2g}, "
        f"{test['cases']} pairs)."
    )


def _real(real: Report) -> str:
    rows = [
        f"| {one['number']} | {'yes' if one['is_lesion'] else 'no'} | {one['confidence']:.2f} | {one['volume_ml']:.2f} "
        f"| {one['dice']:.2f} | {'-' if one['in_gland'] is None else 'inside' if one['in_gland'] else 'outside'} |"
        for one in real["findings"]
    ]
    rule = "" if real["rule_dice"] is None else f" (brightest HBV: {real['rule_dice']:.2f})"
    contrasts = ", ".join(f"{contrast:.1f}" for contrast in real["contrasts"] if contrast is not None)
    seen = f", contrast {contrasts}" if contrasts else ""
    intro = (
        f"Lesion of {real['lesion_ml']:.2f} mL by its human label{seen}; found in all {real['found_ml']:.2f} mL, Dice "
        f"{real['dice']:.2f}{rule}, without the refiner {real['dice_without_refiner']:.2f}, NSD at 2 mm "
        f"{real['nsd_2mm']:.2f}. Findings by confidence; one study is an anecdote, not an accuracy."
    )
    return section(
        "A real study",
        intro,
        "| finding | the lesion | confidence | mL | Dice | gland |",
        rows or ["| none | | | | | |"],
    )


def _degradation(curves: Report, absolute_adc: bool) -> str:
    names = ("Dice, positives", "lesion sensitivity", "false positives a case", "empty answer, share of negatives")
    agreements = [name for name in AGREEMENTS if name in curves["points"][0]["figures"]]
    telling = "; its second column leaves out studies with nothing in either answer" if TELLING in agreements else ""
    rows = []
    for point in curves["points"]:
        figures, gap = point["figures"], point["differences"]["Dice, positives"]
        cells = [number_text(figures[name]["value"], 2) for name in names]
        change = "" if point is curves["points"][0] else estimate_text(gap, signed=True)
        agreement = [number_text(figures[name]["value"], 2) for name in agreements]
        label = f"{point['curve']} {point['amount']}".strip()
        rows.append(f"| {' | '.join([label, *cells, change, *agreement])} |")
    scale = (
        "ADC is read on its physical scale." if absolute_adc else "ADC is z-scored, so that a factor changes nothing."
    )
    intro = (
        f"The same {curves['studies']} studies ({curves['positives']} with a lesion, {curves['lesions']} lesions; half "
        "of each family, on a 0.75 x 0.75 x 3 mm grid) made worse on purpose. Agreement is the Dice with the answer to "
        f"the study as acquired; swapped sides are swapped back first{telling}. {scale} A blank channel is zero for "
        "the network: `segment` never runs so. It computes a missing ADC or HBV from diffusion-weighted images of "
        "several b-values; where a DICOM study has none of these, or an image file is missing, it stops with a "
        "sentence that names the series. HBV cannot be computed from ADC alone."
    )
    heads = ["degradation", "Dice, positives", "lesions found", "false positives a study", "specificity", "Dice change"]
    return section("Degradation", intro, head_row([*heads, *(AGREEMENTS[name] for name in agreements)]), rows)


def _model(model: Report) -> str:
    text = f"{model['parameters']:,} parameters; the bundle has {model['megabytes']:.1f} MB."
    if "seconds" in model:
        text += (
            f" `segment` on the real study took {model['seconds']:.1f} s from a cold start to the result, with "
            f"{model['cores']} core{'s' if model['cores'] > 1 else ''} ({model['device']}), {model['forwards']} "
            f"forward{'s' if model['forwards'] > 1 else ''}."
        )
    return f"### Size and speed\n\n{text}\n"


def _exists(family: Report, key: str) -> bool:
    return any(family["systems"][system][key]["value"] is not None for system in SYSTEM_HEADS)


def _negatives(family: Report) -> int:
    return int(family["studies"] - family["positives"])


def _count(share: float | None, whole: int) -> int:
    return round((share or 0.0) * whole)
