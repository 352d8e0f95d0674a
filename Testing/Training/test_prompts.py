"""Learning what prompts mean: on toy studies in which a lesion is a bright place and its side is all that is asked."""

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.descriptions import DescribedLesion
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.lexicon import CONCEPTS, NOT, ORGAN
from ProstateAlignRefineLib.core.places import Level, Place, Side
from ProstateAlignRefineLib.core.spellings import english
from ProstateAlignRefineLib.network.prompted.features import ImageFeatures, image_features
from ProstateAlignRefineLib.network.prompted.head import PromptedHead, prompted_change
from ProstateAlignRefineLib.network.prompted.settings import PromptedSettings
from ProstateAlignRefineLib.training.prompts.cases import PromptCase, described_lesions, prompt_case
from ProstateAlignRefineLib.training.prompts.drawing import draw_prompts
from ProstateAlignRefineLib.training.prompts.fit import Fitting, fit, new_head

SHAPE = (4, 10, 20)  # fewer slices than the widest mean
LEFT = DescribedLesion(Place(Side.LEFT, Level.MID, GlandZone.PERIPHERAL, None, "PZpl"), 12.0)
RIGHT = DescribedLesion(Place(Side.RIGHT, Level.MID, GlandZone.PERIPHERAL, None, "PZpl"), 12.0)
SETTINGS = PromptedSettings(tuple(CONCEPTS), dict(english().spellings), 8, 2, 12, (2, 2), 0.0)


def study_of(generator: torch.Generator, sides: tuple[Side, ...]) -> tuple[ImageFeatures, np.ndarray]:
    """A study with a lesion on each of the sides, its place told by the first coordinate."""
    margin = torch.full((1, 1, *SHAPE), -4.0) + torch.randn(1, 1, *SHAPE, generator=generator) * 0.3
    lesions = np.zeros(SHAPE, np.uint8)
    for number, side in enumerate(sides, start=1):
        x = 13 if side is Side.LEFT else 4
        lesions[1:3, 3:7, x : x + 4] = number
    margin[0, 0][torch.from_numpy(lesions > 0)] = 3.0
    coordinates = torch.zeros(1, 5, *SHAPE)
    coordinates[:, :2] = torch.linspace(-2.5, 2.5, SHAPE[2])
    zones = torch.full((1, 5, *SHAPE), 0.05)
    zones[:, GlandZone.PERIPHERAL] = 0.8
    volumes, nothing = torch.randn(1, 3, *SHAPE, generator=generator), torch.zeros(1, 2, *SHAPE)
    seen = (part[0].numpy() for part in (volumes, margin, zones, coordinates))
    return image_features(*seen, [nothing[0].numpy()] * 2), lesions


@pytest.fixture(scope="module")
def cases() -> list[PromptCase]:
    generator, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    made = []
    for sides in [(Side.LEFT,), (Side.RIGHT,), (Side.LEFT, Side.RIGHT), ()] * 2:
        features, lesions = study_of(generator, sides)
        targets = {n: LEFT if side is Side.LEFT else RIGHT for n, side in enumerate(sides, start=1)}
        made.append(prompt_case(features, lesions, targets, rng, 200))
    return made


@pytest.fixture(scope="module")
def taught(cases: list[PromptCase]) -> PromptedHead:
    torch.manual_seed(0)
    head = new_head(cases, SETTINGS)
    fit(head, cases, Fitting(300, 1e-2, 0), lambda _step, _loss: None)
    return head.eval()


def found(head: PromptedHead, features: ImageFeatures, prompt: str) -> np.ndarray:
    return features.margin + prompted_change(head, features, (prompt,)) > 0


def test_words_of_place_choose_among_lesions(taught: PromptedHead) -> None:
    features, lesions = study_of(torch.Generator().manual_seed(9), (Side.LEFT, Side.RIGHT))
    for prompt, chosen in (("left lesion", 1), ("focus in the right PZ", 2)):
        mask = found(taught, features, prompt)
        assert mask[lesions == chosen].mean() > 0.8, prompt
        assert mask[lesions == 3 - chosen].mean() < 0.2, prompt


def test_what_is_not_there_is_not_found(taught: PromptedHead) -> None:
    features, lesions = study_of(torch.Generator().manual_seed(9), (Side.LEFT,))
    assert found(taught, features, "lesion")[lesions > 0].mean() > 0.8
    for prompt in ("right lesion", "liver", "no lesion"):
        assert found(taught, features, prompt).sum() <= 2, prompt


def test_drawn_prompts_mean_the_lesions_that_they_fit() -> None:
    rng = np.random.default_rng(2)
    lexicon = english()
    for mirrored in (False, True):
        for _ in range(40):
            first, *others, last = draw_prompts(rng, {1: LEFT, 2: RIGHT}, mirrored)
            assert (first.labels, last.labels) == ((1, 2), ())
            assert {NOT, ORGAN} & set(lexicon.concepts(last.prompt))
            for asked in others:
                said = set(lexicon.concepts(asked.prompt))
                for label, side in ((1, "right"), (2, "left")):
                    wrong = {"left": "right", "right": "left"}[side] if mirrored else side
                    assert not (wrong in said and label in asked.labels)
    assert all(not asked.labels for asked in draw_prompts(rng, {}, False))


def test_a_case_keeps_what_matters_and_weighs_the_rest(cases: list[PromptCase]) -> None:
    case = cases[0]
    assert float(case.weight.sum()) == pytest.approx(np.prod(SHAPE), abs=1)
    assert set(case.lesions.tolist()) == {0, 1}


def test_targets_are_told_from_the_true_zones() -> None:
    grid = Grid((48, 40, 16), (1.0, 1.0, 3.0), (-24.0, -20.0, -24.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    offset = grid.to_lps(index[..., ::-1])
    zones = (((offset / (22.0, 18.0, 20.0)) ** 2).sum(axis=-1) < 1).astype(np.uint8) * GlandZone.PERIPHERAL
    lesions = (((offset - (12.0, 6.0, 0.0)) ** 2).sum(axis=-1) < 25).astype(np.uint8)
    lesion = described_lesions(lesions, zones.astype(np.uint8), grid)[1]
    assert (lesion.place.side, lesion.place.level, lesion.place.sector) == (Side.LEFT, Level.MID, "PZpl")
    assert lesion.diameter_mm == pytest.approx(10.0, abs=1.5)
