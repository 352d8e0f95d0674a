"""In each phase exactly what its loss reads trains, and the moving average follows."""

from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.loading import epoch_steps
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.processes import Processes
from ProstateAlignRefineLib.training.schedule import Phase
from ProstateAlignRefineLib.training.steps import ScheduledStep
from ProstateAlignRefineLib.training.trainer import Trainer
from ProstateAlignRefineLib.training.weights import MovingAverage, freeze_unused, make_optimizer, parameter_groups
from Training.settings import CPU


@pytest.fixture
def trainer(tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path) -> Trainer:
    return Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)


@pytest.mark.parametrize(
    ("phase", "base_rate", "parts"),
    [
        (Phase.SEGMENTATION, 0.0, {"encoders", "fusions", "decoder", "anatomy"}),
        (Phase.AUXILIARY, 0.0, {"encoders", "fusions", "decoder", "similarity", "anatomy"}),
        (Phase.REFINER, 0.0, {"refiner"}),
        (Phase.REFINER, 1e-4, {"encoders", "fusions", "decoder", "refiner"}),
    ],
)
def test_all_that_trains_in_a_phase_gets_a_gradient_and_nothing_else(
    phase: Phase, base_rate: float, parts: set[str], trainer: Trainer
) -> None:
    network = trainer.network
    groups = parameter_groups(network, phase, replace(trainer.config.optimizer, base_rate=base_rate))
    freeze_unused(network, phase)
    # Several processes need this: a weight that trains but gets no gradient would leave them waiting.
    network.zero_grad()
    steps = epoch_steps(trainer.config, trainer.cases.training, 0, Processes(), workers=0)
    scheduled = ScheduledStep(0, 0, phase, 1.0 if phase is Phase.AUXILIARY else 0.0, joined=True)
    trainer.stepper.step(network, make_optimizer(groups, trainer.config.optimizer), next(steps), scheduled)
    trained = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert trained == {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert {name.split(".")[0] for name in trained} == parts
    assert not any(name.startswith("decoder.heads.0.") for name in trained)


def test_refiner_rate_reaches_the_optimizer(trainer: Trainer) -> None:
    settings = replace(trainer.config.optimizer, base_rate=1e-5, refiner_rate=5e-4, kind="sgd")
    optimizer = make_optimizer(parameter_groups(trainer.network, Phase.REFINER, settings), settings)
    rates = {group["name"]: group["initial_rate"] for group in optimizer.param_groups}
    assert rates == {"base": 1e-5, "refiner": 5e-4}
    assert all(group["momentum"] == 0.99 and group["nesterov"] for group in optimizer.param_groups)


def test_the_moving_average_lags_and_without_decay_is_the_weights_themselves() -> None:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    slow, none = MovingAverage(layer, 0.99), MovingAverage(layer, 0.0)
    nn.init.ones_(layer.weight)
    for average in (slow, none):
        average.update(layer)
    assert 0 < float(slow.weights["weight"]) < 1
    assert float(none.weights["weight"]) == 1.0
