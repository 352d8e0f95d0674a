"""What prompts are worth: rows of a study whose answers are known, and figures written by hand."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from host.random_bundle import prompted_random_bundle, silent
from ProstateAlignRefineLib.benchmark.phantom_study import PhantomStudy
from ProstateAlignRefineLib.benchmark.prompt_card import prompts_section
from ProstateAlignRefineLib.benchmark.prompt_figures import SHOWN, prompt_figures, prompts_report
from ProstateAlignRefineLib.benchmark.prompts import Asked, DescribedRow, PromptRow, prompt_row
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.core.lexicon import NOT, ORGAN
from ProstateAlignRefineLib.core.spellings import english
from ProstateAlignRefineLib.inference.device import choose_compute
from ProstateAlignRefineLib.inference.segment import forward_pass
from ProstateAlignRefineLib.phantom import Sampling, gland_zones, make_phantom

COARSE = Sampling.of_field((1.5, 1.5, 4.0), (108.0, 108.0, 76.0))
SEVERAL = 600005  # lesions left and right


@pytest.fixture(scope="module")
def phantom() -> PhantomStudy:
    made = make_phantom(SEVERAL, COARSE)
    zones = gland_zones(to_array(made.truth.zones))
    return PhantomStudy(f"standard/phantom-{SEVERAL}", made.study, to_array(made.truth.lesions), zones)


@dataclass
class Knowing:
    """Marks all lesions, whatever is asked, or those of the side that is asked for; for a thing nothing."""

    phantom: PhantomStudy
    by_side: bool
    heard: list[str] = field(default_factory=list)

    def found(self, prompt: str) -> np.ndarray:
        self.heard.append(prompt)
        words = set(english().concepts(prompt))
        if not self.by_side:
            return self.phantom.lesions
        if words & {NOT, ORGAN}:
            return np.zeros_like(self.phantom.lesions)
        columns = np.arange(self.phantom.lesions.shape[2])
        left = columns > len(columns) / 2  # columns run to the patient's left
        inside = left if "left" in words else ~left if "right" in words else np.ones_like(left)
        return np.where(inside, self.phantom.lesions, 0)

    def own(self) -> np.ndarray:
        return self.phantom.lesions


def test_an_answer_that_hears_nothing_chooses_nothing(phantom: PhantomStudy) -> None:
    row = prompt_row(phantom, Knowing(phantom, by_side=False))
    assert row.positive
    assert len(row.lesions) >= 2
    for lesion in row.lesions:
        assert lesion.dice == lesion.elsewhere == lesion.own
        assert lesion.found
        assert lesion.found_by_own
    assert min(row.absent_ml) > 0
    assert min(row.thing_ml) > 0
    assert row.agreements == (1.0,) * 4


def test_an_answer_that_hears_the_side_chooses_by_it(phantom: PhantomStudy) -> None:
    knowing = Knowing(phantom, by_side=True)
    figures = prompt_figures([prompt_row(phantom, knowing)])
    deaf = prompt_figures([prompt_row(phantom, Knowing(phantom, by_side=False))])
    assert figures["Dice, place given"] > deaf["Dice, place given"]
    assert figures["matched less mismatched"] > deaf["matched less mismatched"] == 0
    assert figures["false mL, mean"] < deaf["false mL, mean"]
    assert figures["false findings a prompt"] < deaf["false findings a prompt"]
    assert figures["thing mL, mean"] == 0


def test_a_study_is_asked_the_same_every_time(phantom: PhantomStudy) -> None:
    first, second = Knowing(phantom, by_side=True), Knowing(phantom, by_side=True)
    assert prompt_row(phantom, first) == prompt_row(phantom, second)
    assert first.heard == second.heard


def lesion(ml: float, dice: float, own: float, chosen: bool | None = None) -> DescribedRow:
    return DescribedRow(ml, dice, own, 0.1, dice > 0.1, own > 0.1, chosen, int(dice < 0.2), 0.5 - dice / 2)


ROWS = [
    PromptRow("a", True, (lesion(1.0, 0.8, 0.6, True), lesion(0.4, 0.5, 0.0, False)), (0.0, 0.4), (0.0, 0.0), (1.0,)),
    PromptRow("b", True, (lesion(0.2, 0.0, 0.0),), (0.2,), (0.0, 0.1), ()),
    PromptRow("c", False, (), (0.0, 0.3), (0.0, 0.0), ()),
]


def test_figures_are_means_over_prompts() -> None:
    figures = prompt_figures(ROWS)
    assert set(figures) == set(SHOWN)
    assert figures["Dice, place given"] == pytest.approx(1.3 / 3)
    assert figures["matched less mismatched"] == pytest.approx(1.0 / 3)
    assert (figures["lesions found, place given"], figures["lesions found, own prompt"]) == (2 / 3, 1 / 3)
    assert figures["recovered"] == 1.0  # of one: the other missed one is below 0.3 mL
    assert figures["chosen"] == 0.5
    assert figures["chosen, found"] == 1.0
    assert figures["absent mL, positives, mean"] == pytest.approx(0.2)
    assert figures["absent mL, negatives, median"] == pytest.approx(0.15)
    assert figures["thing mL, mean"] == pytest.approx(0.1 / 6)
    assert figures["false findings a prompt"] == pytest.approx(1 / 3)
    assert figures["agreement"] == 1.0


def test_the_card_says_of_how_many_a_share_is() -> None:
    report = {"standard": prompts_report(ROWS, 20), "holdout": prompts_report(ROWS[:1], 20)}
    text = prompts_section(report, {"standard": "own", "holdout": "other"})
    assert "own: 3 studies, 2 with a lesion, 3 lesions" in text
    assert "| figure | own | other |" in text
    assert len([line for line in text.splitlines() if line.startswith("| ")]) == 1 + len(SHOWN)
    (chosen,) = [line for line in text.splitlines() if line.startswith("| the described one")]
    assert chosen.count("of 2") == 2


def test_a_real_bundle_is_asked_the_whole_way(tmp_path, phantom: PhantomStudy) -> None:
    bundle = prompted_random_bundle(tmp_path / "bundle")
    row = prompt_row(phantom, Asked(forward_pass(phantom.study, bundle, choose_compute("cpu"), silent), bundle))
    assert len(row.lesions) >= 2
    assert all(0 <= one.dice <= 1 for one in row.lesions)
