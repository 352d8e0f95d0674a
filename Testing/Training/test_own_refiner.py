"""At its end a training says whether the refiner that it trained edits outlines, or only moves the threshold."""

from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.training import own_refiner
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.own_refiner import OWN_REFINER, OwnEdits, own_edits
from Training.settings import CPU

SHAPE = (4, 12, 12)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(starter_bundle_path())


def edits_by(change: np.ndarray, bundle: Bundle, cases: Cases, monkeypatch: pytest.MonkeyPatch) -> OwnEdits:
    """What is said of a refiner that changes the margin so."""
    base = np.random.default_rng(0).normal(0, 2, SHAPE).astype(np.float32)
    maps = {"base_margin": base, "refined_margin": base + change, "confidence": 1 / (1 + np.exp(-base))}
    monkeypatch.setattr(own_refiner, "maps_of", lambda *_: maps)
    return own_edits(bundle, cases.validation, CPU)


def test_a_refiner_that_adds_the_same_everywhere_is_called_a_constant(
    bundle: Bundle, tiny_cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, SHAPE).astype(np.float32)
    edits = edits_by(0.685 + noise, bundle, tiny_cases, monkeypatch)
    assert (edits.mean, edits.spread) == (pytest.approx(0.685, abs=0.005), pytest.approx(0.01, abs=0.002))
    assert edits.removed == 0 < edits.added
    assert "mostly a constant" in edits.sentence
    assert f"0 removed, {edits.added} added" in edits.sentence


def test_one_that_varies_is_not(bundle: Bundle, tiny_cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    change = np.random.default_rng(1).normal(0, 1.0, SHAPE).astype(np.float32)
    edits = edits_by(change, bundle, tiny_cases, monkeypatch)
    assert min(edits.removed, edits.added) > 0
    assert "constant" not in edits.sentence


def test_where_the_gate_stays_closed_nothing_is_claimed(
    bundle: Bundle, tiny_cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = edits_by(np.float32(-30) + np.zeros(SHAPE, np.float32), bundle, tiny_cases, monkeypatch)
    assert edits.added == 0 < edits.removed
    monkeypatch.setattr(own_refiner, "maps_of", lambda *_: dict.fromkeys(MAPS, np.full(SHAPE, -9, np.float32)))
    assert "opens nowhere" in own_edits(bundle, tiny_cases.validation, CPU).sentence


MAPS = ("base_margin", "refined_margin", "confidence")


def test_a_runs_card_and_bundle_hold_it(whole_run: Path) -> None:
    said = OwnEdits(**load_bundle(whole_run / "bundle").config.metrics[OWN_REFINER])
    assert said.sentence in (whole_run / "bundle" / "MODEL_CARD.md").read_text()
