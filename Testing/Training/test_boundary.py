"""Learning outlines, and the judgement of what was learned: on toy findings whose true edge an image shows."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.network.boundary.refiner import CHANNELS, IMAGES, MARGIN_SCALE, BoundaryRefiner
from ProstateAlignRefineLib.network.boundary.settings import BoundarySettings
from ProstateAlignRefineLib.network.bundle import CARD_FILE, Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.network.prompted.head import PromptedHead
from ProstateAlignRefineLib.training.boundary.card import HEADING, card_section, with_section
from ProstateAlignRefineLib.training.boundary.cases import EditCase
from ProstateAlignRefineLib.training.boundary.fit import EditFitting, best_constant, fit, scaled_to
from ProstateAlignRefineLib.training.boundary.judging import agreement, best_gate, deltas_on_t2w, judged
from ProstateAlignRefineLib.training.boundary.teaching import Taught, settings_for, write_taught
from ProstateAlignRefineLib.training.prompts.phantoms import settings_for as settings_of_head
from ProstateAlignRefineLib.training.taught_parts import EditGate, network_gate

SETTINGS = BoundarySettings(0.75, 2.0, 6.0, (4, 6, 8), 4)
SHAPE = (3, 24, 24)
GRID = Grid(SHAPE[::-1], (0.75, 0.75, 3.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
OPEN, CLOSED = EditGate(0.05, 1.0), EditGate(1.0, 0.0)


def texts(_prompt: str) -> torch.Tensor:
    return torch.ones(4)


def disc(y: float, x: float, radius: float) -> np.ndarray:
    rows, columns = np.meshgrid(np.arange(SHAPE[1]) - y, np.arange(SHAPE[2]) - x, indexing="ij")
    return np.repeat((radius - np.hypot(rows, columns))[None], SHAPE[0], axis=0).astype(np.float32)


def case_of(seed: int) -> EditCase:
    """The base's disc lies two voxels beside the true one, which the first image shows."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    truth = disc(12, 12, 5) > 0
    base = disc(12 + 2 * np.sin(angle), 12 + 2 * np.cos(angle), 5).clip(-3, 3)
    inputs = rng.normal(0, 0.3, (CHANNELS, *SHAPE)).astype(np.float32)
    inputs[0] += truth
    inputs[IMAGES] = base * MARGIN_SCALE
    band = base > -2.9
    confidence = 1 / (1 + np.exp(-base))
    return EditCase(
        study=seed,
        grid=GRID,
        inputs=torch.from_numpy(inputs).half(),
        band=torch.from_numpy(band),
        truth=torch.from_numpy(truth),
        box_grid=GRID,
        base=base.astype(np.float16),
        old=(base + 1).astype(np.float16),
        confidence=confidence.astype(np.float16),
        edited=band,
        lesions=truth.astype(np.uint8),
        prompts=("lesion", "left lesion"),
    )


@pytest.fixture(scope="module")
def cases() -> list[EditCase]:
    return [case_of(seed) for seed in range(12)]


def perfect(cases: list[EditCase]) -> list[np.ndarray]:
    return [np.where(case.edited, np.where(case.lesions > 0, 4.0, -4.0), 0.0).astype(np.float32) for case in cases]


def constant(cases: list[EditCase], by: float) -> list[np.ndarray]:
    return [np.where(case.edited, by, 0.0).astype(np.float32) for case in cases]


def test_it_learns_an_edge_that_the_image_shows_and_the_margin_does_not(cases: list[EditCase]) -> None:
    torch.manual_seed(0)
    refiner = BoundaryRefiner(SETTINGS)
    learned, unseen = cases[:8], cases[8:]
    scaled_to(refiner, learned)

    def judge(one: BoundaryRefiner) -> float:
        return agreement(unseen, deltas_on_t2w(one, unseen, texts))

    before = judge(refiner)
    fit(refiner, learned, texts, EditFitting(80, 1e-2, 0, 40), judge, progress=lambda _step, _loss: None)
    assert judge(refiner) > before + 0.1


@pytest.mark.parametrize("by", [-1.5, 0.0, 0.7])
def test_the_best_constant_gives_the_true_volume(by: float) -> None:
    margin = torch.randn(500, generator=torch.Generator().manual_seed(1)) * 2
    truth = torch.rand(500, generator=torch.Generator().manual_seed(2)) < (margin + by).sigmoid()
    constant = best_constant(margin, truth.float())
    assert float((margin + constant).sigmoid().sum()) == pytest.approx(float(truth.sum()), rel=0.01)
    assert constant == pytest.approx(by, abs=0.4)


def test_the_weights_that_validation_liked_best_stay(cases: list[EditCase]) -> None:
    torch.manual_seed(0)
    refiner = BoundaryRefiner(SETTINGS)
    kept = {}

    def judge(one: BoundaryRefiner) -> float:
        kept[len(kept)] = {name: value.clone() for name, value in one.state_dict().items()}
        return -float(len(kept))  # the first is the best

    fit(refiner, cases, texts, EditFitting(9, 1e-2, 0, 3), judge, progress=lambda _step, _loss: None)
    assert len(kept) == 3
    assert all(torch.equal(value, kept[0][name]) for name, value in refiner.state_dict().items())


def test_right_edges_earn_their_place(cases: list[EditCase]) -> None:
    found = judged(cases, perfect(cases), OPEN, EditGate(0.35, 0.5))
    assert found.earned
    assert found.removed > 0
    assert found.added > 0
    assert found.removing == 1.0
    assert found.ways["refined"].figures["Dice"] > 0.97
    gain = found.gain("best constant shift")["NSD 1 mm"]
    assert gain.interval is not None
    assert gain.interval[0] > 0.1
    best = max(abs(found.ways[way].figures["NSD 1 mm"]) for way in found.ways if way != "refined")
    assert best == pytest.approx(found.ways["best constant shift"].figures["NSD 1 mm"])
    assert "removed in 100% of these" in card_section(found, found)


@pytest.mark.parametrize("by", [0.5, -0.5, 0.0])
def test_a_constant_is_refused_with_its_figures(cases: list[EditCase], by: float, tmp_path, capsys) -> None:
    found = judged(cases, constant(cases, by), OPEN, EditGate(0.35, 0.5))
    assert not found.earned
    assert found.mean == pytest.approx(by, abs=1e-3)
    with pytest.raises(InputError, match=r"refused.* mean .* standard deviation .* removed .* added.* constant shift"):
        write_taught(tmp_path / "bundle", None, Taught(BoundaryRefiner(SETTINGS), found, found))  # type: ignore[arg-type]
    assert not (tmp_path / "bundle").exists()
    assert "dilated by a voxel" in capsys.readouterr().out


def test_what_does_harm_to_studies_of_another_kind_is_refused(cases: list[EditCase], tmp_path) -> None:
    good = judged(cases, perfect(cases), OPEN, CLOSED)
    wrong = judged(cases, [-delta for delta in perfect(cases)], OPEN, CLOSED, good.shift)
    assert good.earned
    assert not wrong.harmless
    with pytest.raises(InputError, match=r"refused, since outlines on studies of the other family"):
        write_taught(tmp_path / "bundle", None, Taught(BoundaryRefiner(SETTINGS), good, wrong))  # type: ignore[arg-type]
    assert not (tmp_path / "bundle").exists()


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    """A random network with a prompted head."""
    plain = load_bundle(write_random_bundle(tmp_path / "plain"))
    return replace(plain, prompted=PromptedHead(settings_of_head(plain)).eval())


def test_one_that_earned_its_place_is_in_the_bundle_with_its_figures(bundle: Bundle, cases: list[EditCase]) -> None:
    found = judged(cases, perfect(cases), EditGate(0.1, 0.75), CLOSED)
    path = bundle.path.parent / "refined"
    write_taught(path, bundle, Taught(BoundaryRefiner(settings_for(bundle)), found, found))
    written = load_bundle(path)
    assert written.boundary is not None
    assert (written.config.tau, written.config.alpha) == (0.1, 0.75)
    assert network_gate(written.config) == network_gate(bundle.config)
    assert written.config.findings is None
    assert written.config.metrics["refiner"]["other family"]["voxels"] == {
        "removed": found.removed,
        "added": found.added,
    }
    assert HEADING in (path / CARD_FILE).read_text()
    for name, digest in bundle.config.files.items():
        if name != CARD_FILE:
            assert written.config.files[name] == digest


def test_a_model_without_a_prompted_head_is_sent_to_teach_prompts(bundle: Bundle) -> None:
    with pytest.raises(InputError, match="run teach-prompts first"):
        settings_for(replace(bundle, prompted=None))


def test_the_command_refuses_what_two_steps_taught(tmp_path, capsys) -> None:
    counts = ("--cases", "3", "--validation", "3", "--other", "3", "--steps", "2")
    # Seeds among which the shipped model finds lesions in each share.
    arguments = ["--model", str(starter_bundle_path()), "-o", str(tmp_path / "out"), "--first-seed", "600005", *counts]
    assert cli.main(["teach-refiner", *arguments, "--device", "cpu"]) == 2
    assert "The refiner is refused" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_edit_that_varies_but_is_mostly_a_threshold_is_refused(cases: list[EditCase]) -> None:
    shifted = [delta + np.where(case.edited, 4.0, 0.0) for case, delta in zip(cases, perfect(cases), strict=True)]
    assert not judged(cases, shifted, EditGate(0.05, 0.25), EditGate(0.35, 0.5)).earned


def test_the_gate_opens_as_far_as_it_does_no_harm(cases: list[EditCase]) -> None:
    """Where the base is least sure the edits are wrong, elsewhere right: tau keeps them out."""
    deltas = []
    for case, right in zip(cases, perfect(cases), strict=True):
        unsure = case.confidence.astype(np.float32) <= 0.2
        deltas.append(np.where(case.edited & unsure, 9.0, right).astype(np.float32))
    gate = best_gate(cases, deltas, 0.2)
    assert 0.05 < gate.tau <= 0.2
    assert best_gate(cases, perfect(cases), 0.2).tau == 0.05


def test_false_findings_must_not_grow(cases: list[EditCase]) -> None:
    """A finding where there is no lesion, and edits that enlarge it where the base is least sure."""
    false = replace(cases[0], lesions=np.zeros(SHAPE, np.uint8), truth=torch.zeros(SHAPE, dtype=torch.bool))
    grown = np.where(false.edited & (false.confidence < 0.3), 9.0, 0.0).astype(np.float32)
    every, deltas = [*cases, false], [*perfect(cases), grown]
    assert judged(every, deltas, OPEN, CLOSED).false_ml > 0
    gate = best_gate(every, deltas, 0.2)
    assert gate.tau >= 0.3
    assert judged(every, deltas, gate, CLOSED).false_ml <= 0


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("# Card\n\nWords.\n", f"# Card\n\nWords.\n\n{HEADING}\n\nnew\n"),
        ("# Card\n\n## Benchmark\n\nRows.\n", f"# Card\n\n{HEADING}\n\nnew\n\n## Benchmark\n\nRows.\n"),
        (f"# Card\n\n{HEADING}\n\nold\n\n## Benchmark\n", f"# Card\n\n{HEADING}\n\nnew\n\n## Benchmark\n"),
        (f"# Card\n\n{HEADING}\n\nold\n", f"# Card\n\n{HEADING}\n\nnew\n"),
    ],
    ids=["last", "before the benchmark", "again", "again and last"],
)
def test_a_card_holds_the_newest_section_once(card: str, expected: str) -> None:
    assert with_section(card, "new\n") == expected
