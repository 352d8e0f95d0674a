"""Phases and ramp: on time, latched, linear."""

import json
from pathlib import Path

import pytest

from ProstateAlignRefineLib.training.schedule import AuxiliaryRamp, Phase, Phases, is_stable, poly_rate


def scales(ramp: AuxiliaryRamp, losses: list[float], dice: list[float]) -> list[float]:
    """What each epoch of a run gets, every epoch knowing only those before it."""
    return [ramp.scale(epoch, ramp.start(losses[:epoch], dice[:epoch])) for epoch in range(len(losses))]


def test_ramp_equals_the_reference(reference_vectors: Path) -> None:
    for run in json.loads((reference_vectors / "values.json").read_text())["auxiliary_schedule"]:
        ramp = AuxiliaryRamp(run["warmup_epochs"], run["ramp_epochs"])
        assert scales(ramp, run["train_losses"], run["ema_foreground_dice"]) == pytest.approx(run["scale_per_epoch"])


def test_a_late_start_ramps_instead_of_jumping() -> None:
    never_stable = [2.0**-n for n in range(20)]
    found = scales(AuxiliaryRamp(4, 5), never_stable, [0.0] * 20)
    assert found[:9] == [0.0] * 9
    assert found[9:15] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


def test_the_ramp_does_not_fall_back_when_training_gets_unstable() -> None:
    dice = [0.4] * 4 + [0.0] * 16
    found = scales(AuxiliaryRamp(3, 10), [2.0**-n for n in range(20)], dice)
    assert found == sorted(found)
    assert found[-1] == 1.0


def test_a_flat_loss_is_stable_and_a_falling_one_is_not() -> None:
    assert is_stable([1.0] * 10, [0.0] * 10)
    assert not is_stable([1.0 - 0.05 * n for n in range(10)], [0.0] * 10)
    assert not is_stable([1.0] * 9, [0.0] * 9)


def test_phases_follow_each_other() -> None:
    phases = Phases(joint_epochs=10, refiner_epochs=2)
    assert phases.epochs == 12
    assert phases.phase(0, 0.0) is Phase.SEGMENTATION
    assert phases.phase(5, 0.1) is Phase.AUXILIARY
    assert phases.phase(10, 1.0) is Phase.REFINER


def test_poly_rate_falls_from_the_initial_rate_towards_zero() -> None:
    assert poly_rate(0.01, 0, 100) == 0.01
    assert poly_rate(0.01, 50, 100) == pytest.approx(0.01 * 0.5**0.9)
    assert 0 < poly_rate(0.01, 99, 100) < 0.001
