"""A step reads the same patches whoever makes them, trains what it shall, and names a case that breaks it."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.training.cases import Cases, CaseShare
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.loading import epoch_steps
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.patches import Patch
from ProstateAlignRefineLib.training.processes import Processes
from ProstateAlignRefineLib.training.schedule import Phase
from ProstateAlignRefineLib.training.steps import ScheduledStep
from ProstateAlignRefineLib.training.trainer import Trainer
from ProstateAlignRefineLib.training.weights import parameter_groups
from Training.runs import log_of
from Training.settings import CPU


def test_a_case_that_breaks_the_loss_is_named(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    broken = tuple(replace(case, volumes=case.volumes * float("nan")) for case in tiny_cases.training)
    with pytest.raises(InputError, match="epoch 0, step 0, cases phantom-00000"):
        Trainer(tiny_config, replace(tiny_cases, training=CaseShare.of(broken)), text, CPU, tmp_path).train()


def test_of_a_batch_only_the_broken_case_is_named(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    good, other = tiny_cases.training
    broken = replace(other, name="broken", volumes=other.volumes * float("nan"))
    config = replace(tiny_config, schedule=replace(tiny_config.schedule, foreground_share=0.0, batch_size=4))
    with pytest.raises(InputError, match=r", cases broken(, broken)*;"):
        Trainer(config, replace(tiny_cases, training=CaseShare.of([good, broken])), text, CPU, tmp_path).train()


def test_accumulated_gradients_are_the_mean_of_the_forwards(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    config = replace(tiny_config, optimizer=replace(tiny_config.optimizer, gradient_clip=1e9))
    trainer = Trainer(config, tiny_cases, text, CPU, tmp_path)
    schedule = replace(config.schedule, iterations=1, accumulate=2, whole_region_epochs=0)
    (forwards,) = epoch_steps(replace(config, schedule=schedule), tiny_cases.training, 0, Processes(), workers=0)
    optimizer = torch.optim.SGD(trainer.network.parameters(), lr=0.0)
    weight = trainer.network.encoders[0].stem[0].conv1.weight

    def gradient(batches: list[list[Patch]]) -> torch.Tensor:
        trainer.stepper.step(
            trainer.network, optimizer, batches, ScheduledStep(0, 0, Phase.SEGMENTATION, 0.0, joined=True)
        )
        assert weight.grad is not None
        return weight.grad.clone()

    mean = (gradient(forwards[:1]) + gradient(forwards[1:])) / 2
    torch.testing.assert_close(gradient(forwards), mean, rtol=1e-4, atol=1e-7)


def test_half_precision_trains_too(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, tiny_cases, text, Compute(torch.device("cpu"), "bf16"), tmp_path)
    network = trainer.train()
    assert all(math.isfinite(float(row["loss"])) for row in log_of(tmp_path))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_workers_make_the_same_patches(tiny_config: TrainingConfig, tiny_cases: Cases) -> None:
    alone, helped = (
        [patch for step in epoch_steps(tiny_config, tiny_cases.training, 0, Processes(), workers) for patch in step[0]]
        for workers in (0, 2)
    )
    assert all(torch.equal(one.image, two.image) for one, two in zip(alone, helped, strict=True))


def test_only_the_refiner_trains_in_its_phase(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    network = Trainer(tiny_config, tiny_cases, text, CPU, tmp_path).network
    joint = parameter_groups(network, Phase.AUXILIARY, tiny_config.optimizer)
    assert [(group["name"], group["initial_rate"]) for group in joint] == [("base", tiny_config.optimizer.rate)]
    assert not any(parameter.requires_grad for parameter in network.refiner.parameters())
    refining = parameter_groups(network, Phase.REFINER, tiny_config.optimizer)
    assert [(group["name"], group["initial_rate"]) for group in refining] == [
        ("refiner", tiny_config.optimizer.refiner_rate)
    ]
    assert not any(parameter.requires_grad for parameter in network.encoders.parameters())
    both = parameter_groups(network, Phase.REFINER, replace(tiny_config.optimizer, base_rate=1e-5))
    assert sum(len(group["params"]) for group in both) == len(list(network.parameters()))
