"""A wider network that starts from a narrower one's weights computes the same, and can learn more."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ProstateAlignRefineLib.bundle.config import Architecture
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.widening import is_as_wide, widen

IMAGE = torch.randn(2, 3, 8, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def architecture(tiny_config: TrainingConfig) -> Architecture:
    return tiny_config.architecture


def with_features(architecture: Architecture, *features: int) -> Architecture:
    return replace(architecture, features_per_stage=features)


@pytest.mark.parametrize("features", [(4, 8, 8), (6, 8, 8), (4, 12, 8), (4, 8, 9), (8, 16, 24)])
def test_a_widened_network_computes_the_same(
    features: tuple[int, ...], architecture: Architecture, text: TrainingText
) -> None:
    torch.manual_seed(3)
    narrow = AlignRefineNetwork(architecture).eval()
    wide = AlignRefineNetwork(with_features(architecture, *features)).eval()
    widen(narrow.state_dict(), wide)
    with torch.no_grad():
        expected, found = narrow(IMAGE, text.plain), wide(IMAGE, text.plain)
    for name in ("refined_logits", "similarity_logits", "anatomy_logits"):
        assert torch.allclose(getattr(found, name), getattr(expected, name), atol=1e-4), name
    for level, same in zip(found.base_logits, expected.base_logits, strict=True):
        assert torch.allclose(level, same, atol=1e-4)


def test_the_new_features_are_alive_and_learn_to_be_read(architecture: Architecture, text: TrainingText) -> None:
    wide = AlignRefineNetwork(with_features(architecture, 4, 12, 8))
    widen(AlignRefineNetwork(architecture).state_dict(), wide)
    coarse = wide.decoder.levels[0].blocks[0].conv1  # reads the upsampled map and the skip, 12 features each
    new = [*range(8, 12), *range(20, 24)]
    assert not coarse.weight[:8, new].any()
    wide(IMAGE, text.plain).base_logits[0].square().mean().backward()
    assert per_input(coarse.weight.grad)[new].all()


def per_input(gradient: Tensor | None) -> Tensor:
    """The largest size of the gradient at each input of the first 8 features."""
    assert gradient is not None
    return gradient[:8].abs().amax(dim=(0, 2, 3, 4))


def test_only_more_features_make_an_architecture_as_wide(architecture: Architecture) -> None:
    assert is_as_wide(architecture, architecture)
    assert is_as_wide(with_features(architecture, 4, 9, 8), architecture)
    assert not is_as_wide(architecture, with_features(architecture, 4, 9, 8))
    assert not is_as_wide(with_features(architecture, 4, 9, 7), architecture)
    assert not is_as_wide(replace(architecture, text_width=32), architecture)
    assert not is_as_wide(replace(architecture, anatomy=False), architecture)
    deeper = replace(
        architecture,
        features_per_stage=(4, 8, 8, 8),
        kernel_sizes=(*architecture.kernel_sizes, (3, 3, 3)),
        strides=(*architecture.strides, (1, 1, 1)),
    )
    assert not is_as_wide(deeper, architecture)
