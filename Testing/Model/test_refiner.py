"""How the refiner reads the text: padding, order, place, and how many queries go at once."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from Model.samples import text_of
from ProstateAlignRefineLib.bundle.config import Architecture
from ProstateAlignRefineLib.core.window import Window
from ProstateAlignRefineLib.network import refiner as refiner_module
from ProstateAlignRefineLib.network.refiner import Refiner

SHAPE = (4, 6, 8)


@pytest.fixture(autouse=True)
def no_gradient() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture
def features() -> Tensor:
    return torch.randn(1, 4, *SHAPE, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def refiner(architecture: Architecture) -> Refiner:
    torch.manual_seed(3)
    return Refiner(architecture).eval()


@pytest.fixture
def paper_refiner(paper_architecture: Architecture) -> Refiner:
    torch.manual_seed(3)
    return Refiner(paper_architecture).eval()


def keys(tokens: int) -> tuple[Tensor, Tensor]:
    text = text_of(tokens).for_images(1)
    return text.tokens, text.mask


def spread(delta: Tensor) -> float:
    """Largest difference between two voxels."""
    return float((delta.flatten(2).amax(2) - delta.flatten(2).amin(2)).max())


def test_one_token_gives_every_voxel_the_same_edit(paper_refiner: Refiner, features: Tensor) -> None:
    delta = paper_refiner.delta(features, *keys(1))
    assert float(delta.abs().max()) > 0.01
    assert spread(delta) < 1e-6


@pytest.mark.parametrize("kind", ["refiner", "paper_refiner"])
def test_several_tokens_make_the_edit_vary_by_voxel(
    kind: str, features: Tensor, request: pytest.FixtureRequest
) -> None:
    assert spread(request.getfixturevalue(kind).delta(features, *keys(8))) > 0.01


def test_positions_alone_make_the_edit_vary(refiner: Refiner, paper_refiner: Refiner, features: Tensor) -> None:
    alike = torch.ones_like(features)
    assert spread(refiner.delta(alike, *keys(8))) > 0.01
    assert spread(paper_refiner.delta(alike, *keys(8))) < 1e-6


def test_masked_tokens_change_nothing(refiner: Refiner, features: Tensor) -> None:
    tokens, mask = keys(8)
    mask = mask.clone()
    mask[:, 5:] = False
    changed = tokens.clone()
    changed[:, 5:] = 100.0
    delta = refiner.delta(features, tokens, mask)
    assert torch.equal(refiner.delta(features, changed, mask), delta)
    assert torch.allclose(refiner.delta(features, tokens[:, :5], mask[:, :5]), delta, atol=1e-6)
    assert not torch.allclose(refiner.delta(features, changed, torch.ones_like(mask)), delta, atol=1e-3)


def test_the_order_of_tokens_does_not_matter(refiner: Refiner, features: Tensor) -> None:
    tokens, mask = keys(8)
    turned = torch.flip(tokens, dims=[1])
    assert torch.allclose(refiner.delta(features, turned, mask), refiner.delta(features, tokens, mask), atol=1e-6)


def test_queries_in_portions_give_the_same(refiner: Refiner, features: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = refiner.delta(features, *keys(8))
    monkeypatch.setattr(refiner_module, "QUERIES_AT_ONCE", 7)
    assert torch.allclose(refiner.delta(features, *keys(8)), whole, atol=1e-6)


def test_a_tile_with_its_window_gets_the_edit_of_the_whole(refiner: Refiner, features: Tensor) -> None:
    whole = refiner.delta(features, *keys(8))
    tile = features[..., 2:, 3:, 4:]
    placed = refiner.delta(tile, *keys(8), Window((2, 3, 4), SHAPE))
    assert torch.allclose(placed, whole[..., 2:, 3:, 4:], atol=1e-6)
    assert not torch.allclose(refiner.delta(tile, *keys(8)), placed, atol=1e-4)


def test_a_closed_gamma_leaves_the_features(refiner: Refiner, features: Tensor) -> None:
    refiner.gamma.zero_()
    assert torch.equal(refiner(features, *keys(8)), features)


def test_a_batch_of_windows_is_each_image_at_its_own_place(refiner: Refiner, features: Tensor) -> None:
    windows = [Window((0, 0, 0), (8, 12, 16)), Window((4, 6, 8), (8, 12, 16))]
    tokens, mask = keys(5)
    batch = refiner.delta(features.repeat(2, 1, 1, 1, 1), tokens.repeat(2, 1, 1), mask.repeat(2, 1), windows)
    alone = [refiner.delta(features, tokens, mask, window) for window in windows]
    torch.testing.assert_close(batch, torch.cat(alone))
    assert not torch.allclose(alone[0], alone[1])
