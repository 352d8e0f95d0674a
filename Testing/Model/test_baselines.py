"""Networks to compare with: one interface, parts left out without weights, and every weight learns."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from Model.samples import text_of
from ProstateAlignRefineLib.bundle.config import Architecture, ModelConfig
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import choose_compute
from ProstateAlignRefineLib.inference.predictor import plan_forwards, predict
from ProstateAlignRefineLib.network.baselines import OTHERS, PARTS, NetworkKind, make_network, paper_architecture
from ProstateAlignRefineLib.network.bundle import Bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text import TextEmbedding
from ProstateAlignRefineLib.training.config import LossSettings
from ProstateAlignRefineLib.training.losses import SegmentationLossSettings
from ProstateAlignRefineLib.training.objective import Targets, joint_loss

KINDS = get_args(NetworkKind)
PATCH = (8, 48, 48)


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, *PATCH, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_answers_alike_and_all_its_weights_learn(
    kind: NetworkKind, architecture: Architecture, image: torch.Tensor, text: TextEmbedding
) -> None:
    torch.manual_seed(0)
    network = make_network(kind, architecture, PATCH).train()
    output = network(image, text)
    assert all(logits.dtype == torch.float32 and logits.shape[:2] == (1, 2) for logits in output.base_logits)
    assert output.base_logits[0].shape == output.refined_logits.shape == (1, 2, *PATCH)
    assert output.similarity.shape == (1, 1, *PATCH)
    loss = sum(logits.square().mean() for logits in (*output.base_logits, output.refined_logits))
    if output.anatomy_logits is not None:
        loss = loss + output.anatomy_logits.square().mean()
    (loss + output.similarity_logits.square().mean()).backward()
    idle = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert not idle


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_the_last_head_scales_the_full_size_logits_alone(kind: NetworkKind, architecture, image, text) -> None:
    """What folding a temperature into a trained network relies on."""
    torch.manual_seed(0)
    network = make_network(kind, architecture, PATCH).eval()
    before = network(image, text).base_logits
    for parameter in network.decoder.heads[-1].parameters():
        parameter.div_(2)
    after = network(image, text).base_logits
    torch.testing.assert_close(after[0], before[0] / 2, rtol=1e-4, atol=1e-5)


def test_the_first_head_is_the_coarsest_which_the_loss_leaves_out(architecture, image, text) -> None:
    network = make_network("nnunet", architecture, PATCH).train()
    levels = network(image, text).base_logits
    assert len(levels) == len(network.decoder.heads) == 2
    levels[0].square().mean().backward()
    idle = {id(weight) for weight in network.parameters() if not weight.grad.any()}
    assert idle >= {id(weight) for weight in network.decoder.heads[0].parameters()}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_out_has_no_weights(kind: NetworkKind, architecture: Architecture) -> None:
    network = make_network(kind, architecture, PATCH)
    assert any(True for _ in network.refiner.parameters()) == PARTS[kind].refiner
    assert any(True for _ in network.similarity.parameters()) == PARTS[kind].text


@pytest.mark.parametrize("kind", ["multi_encoder", *OTHERS])
@torch.no_grad()
def test_without_text_the_words_change_nothing(kind: NetworkKind, architecture: Architecture, image) -> None:
    network = make_network(kind, architecture, PATCH).eval()
    one, other = (network(image, text_of(tokens=8, seed=seed)) for seed in (0, 1))
    assert torch.equal(one.refined_logits, other.refined_logits)
    assert torch.equal(one.refined_logits, one.base_logits[0])
    assert float(one.similarity.min()) == float(one.similarity.max()) == 0.5


@torch.no_grad()
def test_the_papers_text_changes_the_similarity_alone(architecture: Architecture, image) -> None:
    network = make_network("paper_text", architecture, PATCH).eval()
    one, other = (network(image, text_of(tokens=8, seed=seed)) for seed in (0, 1))
    assert torch.equal(one.refined_logits, other.refined_logits)
    assert not torch.equal(one.similarity, other.similarity)


def test_ours_is_the_architecture_itself(architecture: Architecture) -> None:
    network = make_network("ours", architecture, PATCH)
    assert isinstance(network, AlignRefineNetwork)
    assert network.architecture == architecture


def test_the_papers_parts_are_in_place(architecture: Architecture) -> None:
    paper = paper_architecture(replace(architecture, features_per_stage=(32, 64, 128)))
    assert paper.similarity.levels == (2,)
    assert (paper.similarity.temperature, paper.similarity.learnable) == (1.0, False)
    assert (paper.refiner.dim, paper.refiner.heads, paper.refiner.positions) == (32, 4, False)
    assert paper.strides == architecture.strides


@pytest.mark.parametrize("kind", OTHERS)
@torch.no_grad()
def test_a_larger_region_is_read_in_tiles_of_the_patch(kind: NetworkKind, architecture: Architecture, text) -> None:
    torch.manual_seed(0)
    network = make_network(kind, architecture, (8, 32, 48)).eval()
    region = torch.randn(1, 3, 10, 40, 48)
    whole = network(region, text)
    assert whole.base_logits[0].shape == (1, 2, 10, 40, 48)
    assert bool(whole.base_logits[0].isfinite().all())
    patch = network(region[..., :8, :32, :], text).base_logits[0]
    assert network(region[..., :6, :, :40], text).base_logits[0].shape == (1, 2, 6, 40, 40)
    # The corner voxel lies in one tile alone.
    torch.testing.assert_close(whole.base_logits[0][..., 0, 0, :], patch[..., 0, 0, :], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "millions"), [("nnunet", (15, 45)), ("segresnet", (15, 25)), ("swinunetr", (55, 70)), ("unetr", (85, 125))]
)
def test_at_the_papers_width_they_have_their_published_size(kind: NetworkKind, millions, architecture) -> None:
    stages = 7
    wide = replace(
        architecture,
        features_per_stage=(32, 64, 128, 256, 320, 320, 320),
        kernel_sizes=((1, 3, 3),) * 2 + ((3, 3, 3),) * (stages - 2),
        strides=((1, 1, 1), (1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2), (1, 2, 2), (1, 2, 2)),
    )
    with torch.device("cpu" if kind == "swinunetr" else "meta"):  # its constructor reads values
        network = make_network(kind, wide, (16, 320, 320))
    count = sum(weight.numel() for weight in network.parameters()) / 1e6
    assert millions[0] < count < millions[1]


def test_an_unknown_network_is_refused(architecture: Architecture) -> None:
    with pytest.raises(InputError, match="'nonet' is unknown; choose one of ours"):
        make_network("nonet", architecture, PATCH)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_training_losses_and_the_predictor_serve_every_network(
    kind: NetworkKind, architecture: Architecture, config: ModelConfig, text: TextEmbedding
) -> None:
    """A bright box is learned; then a region larger than the patch goes through the predictor."""
    torch.manual_seed(0)
    patch = (8, 32, 64)
    network = make_network(kind, architecture, patch).train()
    target = torch.zeros(1, 1, *patch)
    target[..., 2:6, 8:24, 8:24] = 1
    image = torch.randn(1, 3, *patch) * 0.3 + target
    settings = LossSettings(SegmentationLossSettings(region="dice"), 0.2, 0.5, "balanced", 0.3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(8):
        loss = joint_loss(network(image, text), Targets(target), settings, 1.0 if PARTS[kind].text else 0.0)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append(loss.parts["segmentation"])
    assert losses[-1] < losses[0] - 0.1
    bundle = Bundle(network.eval(), config, text, text, Path(), "")
    compute = choose_compute("cpu", "fp32")
    plan = plan_forwards(bundle, (8, 40, 64), compute)
    maps = predict(bundle, np.zeros((3, 8, 40, 32), np.float32), plan, compute, lambda done, whole: None)
    assert maps.shape == (4 + (5 if network.architecture.anatomy and kind == "ours" else 0), 8, 40, 32)
    if not PARTS[kind].refiner:
        np.testing.assert_array_equal(maps[0], maps[1])


def test_a_patch_too_small_to_train_with_is_refused(architecture: Architecture) -> None:
    with pytest.raises(InputError, match="swinunetr cannot train on patches of 8 x 32 x 32"):
        make_network("swinunetr", architecture, (8, 32, 32))
