"""Gradient checkpointing changes what is kept in memory, and nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.training.config import TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.cost import cost_of, whole_region
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.recomputation import set_recomputed


def test_gradients_are_the_same_and_less_is_kept(tiny_config: TrainingConfig, text: TrainingText) -> None:
    torch.manual_seed(0)
    network = AlignRefineNetwork(tiny_config.architecture).train()
    image = torch.randn(2, 3, *tiny_config.schedule.patch_size, generator=torch.Generator().manual_seed(1))
    gradients, kept = [], []
    for recomputed in (False, True):
        set_recomputed(network, recomputed)
        network.zero_grad()
        sizes: dict[int, int] = {}

        def pack(tensor: torch.Tensor, sizes: dict[int, int] = sizes) -> torch.Tensor:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        torch.manual_seed(2)  # of the refiner's dropout
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            output = network(image, text.plain)
        sum(level.square().mean() for level in [*output.base_logits, output.refined_logits]).backward()
        gradients.append(
            {name: weight.grad.clone() for name, weight in network.named_parameters() if weight.grad is not None}
        )
        kept.append(sum(sizes.values()))
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)
    assert kept[1] < 0.6 * kept[0]


def test_nothing_is_recomputed_in_evaluation(tiny_config: TrainingConfig, text: TrainingText) -> None:
    network = AlignRefineNetwork(tiny_config.architecture).eval()
    image = torch.randn(1, 3, *tiny_config.schedule.patch_size)
    calls = []
    network.encoders[0].stages[0].register_forward_hook(lambda *_: calls.append(1))
    set_recomputed(network, True)
    network(image, text.plain).base_logits[0].sum().backward()
    assert len(calls) == 1


def test_the_estimate_knows_both_sides() -> None:
    ours = read_training_config("ours")
    plain = cost_of(ours)
    saving = cost_of(replace(ours, schedule=replace(ours.schedule, gradient_checkpointing=True)))
    assert saving.gpu_bytes < 0.65 * plain.gpu_bytes
    assert saving.step_operations == plain.step_operations * 4 / 3
    assert saving.parameters == plain.parameters


def test_the_estimate_knows_the_whole_regions_of_the_last_epochs(tiny_config: TrainingConfig) -> None:
    """Which come after most of the hours, and are larger than a batch of patches."""

    def estimated(**schedule: object) -> float:
        return cost_of(replace(tiny_config, schedule=replace(tiny_config.schedule, **schedule))).gpu_bytes

    size = whole_region(tiny_config)
    assert size == (16, 32, 32)
    patches = estimated(whole_region_epochs=0)
    assert estimated() > patches
    assert estimated() == estimated(whole_region_epochs=0, patch_size=size, batch_size=1)
    assert estimated(batch_size=1) == estimated()


GIB = re.compile(r"^\| (.+?) \| ([0-9.]+) GiB \|", re.MULTILINE)


def test_what_the_page_says_of_memory_is_what_is_estimated(repository: Path) -> None:
    page = (repository / "docs" / "training-speed.md").read_text(encoding="utf-8")
    rows = GIB.findall(page)
    assert len(rows) == 6
    for settings, said in rows:
        changes = [one for one in re.findall(r"`([^`]+)`", settings) if "=" in one]
        estimated = cost_of(read_training_config("ours", changes)).gpu_bytes / 2**30
        assert float(said) == pytest.approx(estimated, abs=0.1), settings
