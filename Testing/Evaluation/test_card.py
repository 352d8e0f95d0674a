"""The section of the model card, from figures written by hand."""

from typing import Any

import pytest

from ProstateAlignRefineLib.benchmark.card import ANATOMY, SHOWN, SYSTEM_HEADS, as_markdown, readme_rows, with_section
from ProstateAlignRefineLib.benchmark.curves import TELLING
from ProstateAlignRefineLib.benchmark.targets import verdicts


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "interval": None if low is None else [low, high]}


def family() -> dict[str, Any]:
    nothing = {name: estimate(None) for name in SHOWN | ANATOMY}
    model = {
        **nothing,
        "Dice, positives": estimate(0.7, 0.6, 0.8),
        "lesion sensitivity": estimate(0.75, 0.5, 1.0),
        "false positives a case": estimate(1.25, 1.0, 1.5),
        "empty answer, share of negatives": estimate(0.5, 0.0, 1.0),
    }
    rule = {**nothing, "Dice, positives": estimate(0.2, 0.1, 0.3), "lesion sensitivity": estimate(0.25, 0.0, 0.5)}
    gap = {**nothing, "Dice, positives": estimate(0.5, 0.4, 0.6)}
    test = {"Dice, positives": {"difference": 0.5, "interval": [0.4, 0.6], "cases": 8, "p": 0.0078125, "test": "W"}}
    rivals = [name for name in SYSTEM_HEADS if name != "model"]
    return {
        "studies": 10,
        "positives": 8,
        "lesions": 12,
        "lesions by volume": {"below 0.5 mL": 2, "0.5 to 1.5 mL": 4, "above 1.5 mL": 6},
        "lesions by contrast": {"below 1.5": 3, "1.5 to 2.5": 4, "above 2.5": 5},
        "systems": {"model": model, **dict.fromkeys(rivals, rule)},
        "differences": dict.fromkeys(rivals, gap),
        "tests": dict.fromkeys(rivals, test),
    }


@pytest.fixture
def a_report() -> dict[str, Any]:
    finding = {"number": 1, "is_lesion": True, "confidence": 0.8, "volume_ml": 0.4, "dice": 0.55, "in_gland": True}
    other = {"number": 2, "is_lesion": False, "confidence": 0.6, "volume_ml": 0.2, "dice": 0.0, "in_gland": False}
    names = ("Dice, positives", "lesion sensitivity", "false positives a case", "empty answer, share of negatives")
    figures = {name: estimate(0.5, 0.4, 0.6) for name in (*names, "agreement")}
    report = {
        "model": {
            "parameters": 2_300_000,
            "megabytes": 9.25,
            "seconds": 7.5,
            "cores": 2,
            "device": "CPU: 2 threads, bf16",
        }
        | {"forwards": 1, "normalization": "absolute_adc"},
        "protocol": {"first_seed": 900_000, "hbv_ball_mm": 8.0, "adc_ball_mm": 7.0},
        "families": {"standard": family(), "holdout": family()},
        "real": {
            "lesion_ml": 0.31,
            "contrasts": [2.19],
            "found_ml": 0.6,
            "dice": 0.5,
            "nsd_2mm": 0.66,
            "dice_without_refiner": 0.49,
            "rule_dice": 0.12,
            "findings": [finding, other],
            "lesion_rank": 1,
            "others_in_gland": 0,
            "others_outside": 1,
        },
        "degradation": {
            "studies": 32,
            "positives": 20,
            "lesions": 30,
            "points": [
                {"curve": "as acquired", "amount": "", "figures": figures, "differences": figures},
                {"curve": "DWI displaced, mm", "amount": "4", "figures": figures, "differences": figures},
            ],
        },
    }
    return {**report, "targets": verdicts(report)}


def test_every_figure_stands_beside_the_rule_with_its_interval_and_test(a_report):
    text = as_markdown(a_report)
    rule = "0.200 (0.100 to 0.300)"
    row = f"0.700 (0.600 to 0.800) | {rule} | {rule} | {rule} | +0.500 (+0.400 to +0.600), p 0.0078 |"
    assert f"| Dice, positives | {row}" in text
    assert f"| Dice, positives | at least 0.68 | {row}" in text
    assert "10 synthetic studies" in text
    assert "8 with a lesion, 2 without, 12 lesions (volume: 2 below 0.5 mL, 4 0.5 to 1.5 mL, 6 above 1.5 mL;" in text
    assert "contrast: 3 below 1.5, 4 1.5 to 2.5, 5 above 2.5)" in text
    assert "8 mm and 7 mm radius" in text


def test_targets_say_plainly_what_was_missed(a_report):
    text = as_markdown(a_report)
    assert "| other family | Dice, positives | at least 0.68 | 0.700 | yes |" in text
    assert "| other family | lesions found | at least 0.85 | 0.750 | **no** |" in text
    assert "| other family | ECE of the findings' confidence | at most 0.05 | - | **no** |" in text
    assert "| real study | rank of the lesion among the findings | at most 1 | 1 | yes |" in text
    met = sum(one["met"] for one in a_report["targets"])
    assert f"{met} of {len(a_report['targets'])} are met" in text
    assert (
        met == text.count("| yes |\n| other") + text.count("| yes |\n| real") + text.count("| yes |\n| the model") + 1
    )


def test_a_figure_nobody_has_is_left_out(a_report):
    text = as_markdown(a_report)
    assert "Dice, gland" not in text
    a_report["families"]["holdout"]["systems"]["model"]["Dice, gland"] = estimate(0.9, 0.8, 0.95)
    assert "| Dice, gland |  | 0.900 (0.800 to 0.950) | - | - | - | - |" in as_markdown(a_report)


def test_the_real_study_the_degradations_and_the_cost_are_told(a_report):
    text = as_markdown(a_report)
    assert "Lesion of 0.31 mL by its human label, contrast 2.2; found in all 0.60 mL" in text
    assert "| 1 | yes | 0.80 | 0.40 | 0.55 | inside |" in text
    assert "| 2 | no | 0.60 | 0.20 | 0.00 | outside |" in text
    assert "| DWI displaced, mm 4 | 0.50 | 0.50 | 0.50 | 0.50 | +0.500 (+0.400 to +0.600) | 0.50 |" in text
    assert "2,300,000 parameters; the bundle has 9.2 MB." in text
    assert "took 7.5 s" in text
    a_report |= {"real": None, "degradation": None}
    assert "real study, degraded" not in as_markdown(a_report)
    assert "### Degradation" not in as_markdown(a_report)


def test_agreement_is_told_apart_where_something_was_found(a_report):
    for point in a_report["degradation"]["points"]:
        point["figures"] = {**point["figures"], TELLING: estimate(0.4, 0.3, 0.5)}
    text = as_markdown(a_report)
    assert "| Dice change | agreement | where something is found |" in text
    assert "| +0.500 (+0.400 to +0.600) | 0.50 | 0.40 |" in text
    assert "leaves out studies with nothing in either answer" in text


def test_tables_have_as_many_cells_in_every_row(a_report):
    tables = [block for block in as_markdown(a_report).split("\n\n") if block.startswith("|")]
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1, table


def test_the_readme_rows_count_lesions_and_silent_negatives(a_report):
    assert readme_rows(a_report)[1] == ("| a family it was never trained on | 0.700 | 9 of 12 | 1.25 | 1 of 2 |")


def test_a_card_holds_the_section_once(a_report):
    section = as_markdown(a_report)
    once = with_section("# starter\n\nFor tests.\n", section)
    assert once.startswith("# starter\n\nFor tests.\n\n## Benchmark\n")
    assert with_section(once, section) == once
