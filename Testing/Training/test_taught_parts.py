"""What was taught on a bundle's answers goes when these change, and it is said."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.bundle.config import ModelConfig
from ProstateAlignRefineLib.bundle.summary import CARD_FILE
from ProstateAlignRefineLib.network.bundle import load_bundle, starter_bundle_path
from ProstateAlignRefineLib.training.taught_parts import (
    FINDINGS_HEADING,
    NETWORK_GATE,
    REFINER_HEADING,
    EditGate,
    network_gate,
    without_refiner,
    without_section,
)


@pytest.fixture(scope="module")
def config() -> ModelConfig:
    """With a boundary refiner and a rule of findings, the gate of the network's own refiner noted."""
    shipped = load_bundle(starter_bundle_path()).config
    noted = {**shipped.metrics, "refiner": {NETWORK_GATE: {"tau": 0.35, "alpha": 0.5}}}
    return replace(shipped, tau=0.05, alpha=1.0, metrics=noted)


def test_without_its_refiner_a_model_has_its_networks_own_gate_and_no_rule(config: ModelConfig) -> None:
    assert config.findings is not None
    bare = without_refiner(config)
    assert (bare.tau, bare.alpha, bare.findings) == (0.35, 0.5, None)
    assert "refiner" not in bare.metrics
    assert bare.metrics.keys() == config.metrics.keys() - {"refiner"}
    assert network_gate(bare) == EditGate(0.35, 0.5)


def test_a_gate_that_is_not_known_edits_nothing(config: ModelConfig) -> None:
    silent = replace(config, metrics={"refiner": {"validation": {}}})
    assert network_gate(silent) is None
    assert without_refiner(silent).alpha == 0.0


def test_a_section_goes_whole_and_alone() -> None:
    card = "# a\n\nwords\n\n## B\n\nb\n\n### b1\n\n## C\n\nc\n"
    assert without_section(card, "## B") == "# a\n\nwords\n\n## C\n\nc\n"
    assert without_section(card, "## C") == "# a\n\nwords\n\n## B\n\nb\n\n### b1\n"
    assert without_section(card, "## D") == card


def test_prompts_taught_anew_leave_out_the_refiner_that_read_the_old_ones(tmp_path: Path, capsys) -> None:
    model, out = tmp_path / "model", tmp_path / "out"
    shutil.copytree(starter_bundle_path(), model)
    arguments = ["--model", str(model), "-o", str(out), "--cases", "2", "--steps", "2", "--device", "cpu"]
    assert cli.main(["teach-prompts", *arguments]) == 0
    said = capsys.readouterr().out
    assert "it is left out, with the rule of findings" in said
    before, after = load_bundle(model), load_bundle(out)
    assert before.boundary is not None
    assert (after.boundary, after.config.findings) == (None, None)
    assert f"tau {after.config.tau:g}, alpha {after.config.alpha:g}" in said
    gate = network_gate(before.config)
    assert after.config.alpha == (0.0 if gate is None else gate.alpha)
    card = (out / CARD_FILE).read_text()
    assert REFINER_HEADING not in card
    assert FINDINGS_HEADING not in card
    assert "## Benchmark" in card
