"""Where foreground starts is chosen over all validation cases, and folded into the network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.mirrored_text import encode_training_text
from ProstateAlignRefineLib.training.operating_point import best_cut, fold_cut
from ProstateAlignRefineLib.training.trainer import BEST_JOINT, Trainer
from ProstateAlignRefineLib.training.validate import CaseResult
from Training.settings import CPU


def copied(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in weights.items()}


def a_case(lesion: float, elsewhere: float, voxel_ml: float = 0.01) -> CaseResult:
    """100 voxels; where the margin is `lesion` in ten of them, these are one, unless it is as everywhere."""
    margin = np.full(100, elsewhere, np.float32)
    margin[:10] = lesion
    truth = np.zeros(100, bool)
    truth[:10] = lesion != elsewhere
    return CaseResult(bool(truth.any()), 0.0, 0.0, margin, truth, voxel_ml)


def test_a_cautious_network_is_cut_below_zero() -> None:
    assert -9 <= best_cut([a_case(-4.0, -9.5), a_case(-5.2, -9.5)], 0.05) < -5.2


def test_no_lesion_is_worth_more_false_alarms_than_allowed() -> None:
    """Below -5.5 two of four negatives are silent, too few; above it three are, and one lesion of two is lost."""
    negatives = [a_case(margin, margin) for margin in (-9.0, -9.0, -5.5, -1.0)]
    positives = [a_case(-6.0, -9.5), a_case(2.0, -9.5)]
    assert -5.5 <= best_cut([*positives, *negatives], 0.05) < 2
    assert best_cut([*positives, *negatives[:2]], 0.05) < -6


def test_where_no_cut_is_specific_the_most_specific_is_taken() -> None:
    alarms = [a_case(9.0, 9.0), a_case(9.0, 9.0), a_case(-1.0, -1.0)]
    assert best_cut([a_case(-6.0, -9.5), *alarms], 0.05) >= -1


def test_less_than_the_smallest_lesion_is_no_alarm() -> None:
    speck = replace(a_case(-9.9, -9.9), margin=np.r_[np.full(3, 1.0), np.full(97, -9.9)].astype(np.float32))
    faint = a_case(-3.0, -9.5)
    assert best_cut([speck, speck, faint], 0.05) < -3
    assert best_cut([speck, speck, faint], 0.01) >= 1


def test_the_refiner_starts_from_the_best_weights_at_the_point_chosen(
    tiny_config: TrainingConfig, tiny_cases: Cases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation Dices 0.5, 0.3, 0.2 in the joint epochs: the first epoch's are kept. The cut is then -2."""
    dices = iter([0.5, 0.3, 0.2, 0.2, 0.2])
    monkeypatch.setattr(Trainer, "_dice", lambda self, network: (value := next(dices), value))
    monkeypatch.setattr("ProstateAlignRefineLib.training.trainer.best_cut", lambda results, minimum_ml: -2.0)
    config = replace(
        tiny_config,
        schedule=replace(tiny_config.schedule, whole_region_epochs=0),
        bundle=replace(tiny_config.bundle, operating_point="validation"),
    )
    text = encode_training_text(config.text)
    trainer = Trainer(config, tiny_cases, text, CPU, tmp_path)
    averages = []
    epoch = Trainer._epoch
    monkeypatch.setattr(
        Trainer, "_epoch", lambda self, *rest: (epoch(self, *rest), averages.append(copied(self.average.weights)))[0]
    )
    network = trainer.train()
    kept, name = load_file(tmp_path / BEST_JOINT), "encoders.0.stem.0.conv1.weight"
    assert torch.equal(kept[name], averages[0][name])
    bias = f"decoder.heads.{len(network.decoder.heads) - 1}.bias"
    assert torch.allclose(network.decoder.heads[-1].bias, kept[bias] + torch.tensor([0.0, 2.0]))


def test_folding_a_cut_moves_the_finest_margins_alone(tiny_config: TrainingConfig) -> None:
    trainer_text = encode_training_text(tiny_config.text).plain
    network = AlignRefineNetwork(tiny_config.architecture).eval()
    image = torch.randn(1, 3, 8, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = network(image, trainer_text)
        fold_cut(network, -1.5)
        after = network(image, trainer_text)
    moved = after.base_logits[0] - before.base_logits[0]
    assert torch.allclose(moved[:, 1], torch.full_like(moved[:, 1], 1.5), atol=1e-5)
    assert torch.allclose(moved[:, 0], torch.zeros_like(moved[:, 0]), atol=1e-5)
    assert torch.equal(after.similarity, before.similarity)
