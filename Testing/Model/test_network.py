"""What the network promises of its outputs, and what guides them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from Model.samples import text_of
from ProstateAlignRefineLib.bundle.config import Architecture, SimilaritySettings
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.network.network import AlignRefineNetwork, NetworkOutput, foreground_confidence
from ProstateAlignRefineLib.network.text import TextEmbedding, stack


@pytest.fixture
def output(network: AlignRefineNetwork, image: Tensor, text: TextEmbedding) -> NetworkOutput:
    with torch.no_grad():
        return network(image, text)


def test_outputs_have_full_size_and_levels_fall_by_the_strides(output: NetworkOutput) -> None:
    assert [tuple(logits.shape) for logits in output.base_logits] == [(1, 2, 4, 8, 12), (1, 2, 4, 4, 6)]
    assert output.refined_logits.shape == (1, 2, 4, 8, 12)
    assert output.similarity.shape == output.similarity_logits.shape == (1, 1, 4, 8, 12)
    assert 0 <= float(output.similarity.min()) < float(output.similarity.max()) <= 1


def test_every_output_but_the_base_depends_on_the_text(
    network: AlignRefineNetwork, image: Tensor, output: NetworkOutput
) -> None:
    other = network(image, text_of(tokens=8, seed=5))
    assert torch.equal(other.base_logits[0], output.base_logits[0])
    assert not torch.allclose(other.refined_logits, output.refined_logits, atol=1e-3)
    assert not torch.allclose(other.similarity, output.similarity, atol=1e-3)


def test_zones_are_told_at_the_second_decoder_level(output: NetworkOutput) -> None:
    assert output.anatomy_logits.shape == (1, len(GlandZone), 4, 4, 6)


def test_without_the_head_no_zones_are_told(architecture: Architecture, image: Tensor, text: TextEmbedding) -> None:
    network = AlignRefineNetwork(replace(architecture, anatomy=False)).eval()
    assert network(image, text).anatomy_logits is None
    assert not any(name.startswith("anatomy") for name in network.state_dict())


def test_without_refining_the_refined_logits_are_the_base_logits(
    network: AlignRefineNetwork, image: Tensor, text: TextEmbedding, output: NetworkOutput
) -> None:
    unrefined = network(image, text, refine=False)
    assert torch.equal(unrefined.refined_logits, output.base_logits[0])
    assert torch.equal(unrefined.similarity, output.similarity)


def test_text_is_required(network: AlignRefineNetwork, image: Tensor) -> None:
    with pytest.raises(TypeError, match="text"):
        network(image)


def test_a_batch_may_carry_one_text_an_image(network: AlignRefineNetwork, image: Tensor) -> None:
    texts = [text_of(tokens=3, seed=3), text_of(tokens=8, seed=4)]
    both = network(image.repeat(2, 1, 1, 1, 1), stack(texts))
    for index, text in enumerate(texts):
        alone = network(image, text)
        assert torch.allclose(both.refined_logits[index], alone.refined_logits[0], atol=1e-5)
        assert torch.allclose(both.similarity[index], alone.similarity[0], atol=1e-5)


def test_one_text_serves_a_whole_batch(network: AlignRefineNetwork, image: Tensor, text: TextEmbedding) -> None:
    both = network(torch.cat((image, -image)), text)
    assert torch.allclose(both.refined_logits[:1], network(image, text).refined_logits, atol=1e-5)


def test_texts_for_another_number_of_images_are_refused(network: AlignRefineNetwork, image: Tensor) -> None:
    with pytest.raises(ValueError, match="1 images were given with text for 2"):
        network(image, stack([text_of(2), text_of(3)]))


@pytest.mark.parametrize("shape", [(1, 3, 3, 8, 8), (1, 3, 4, 8, 10), (1, 2, 4, 8, 8)])
def test_unfit_image_sizes_are_refused(
    network: AlignRefineNetwork, text: TextEmbedding, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"multiples|reads"):
        network(torch.zeros(shape), text)


def test_text_of_another_width_is_refused(network: AlignRefineNetwork, image: Tensor) -> None:
    with pytest.raises(ValueError, match="width 7"):
        network(image, text_of(tokens=2, width=7))


def test_gradient_reaches_every_parameter_and_is_finite(
    network: AlignRefineNetwork, image: Tensor, text: TextEmbedding
) -> None:
    output = network.train()(image, text)
    terms = [*output.base_logits, output.refined_logits, output.similarity_logits, output.anatomy_logits]
    sum(term.square().mean() for term in terms).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
        assert float(parameter.grad.abs().max()) > 0, name


def test_each_channel_has_an_encoder_of_its_own(
    network: AlignRefineNetwork, image: Tensor, text: TextEmbedding
) -> None:
    swapped = network(image[:, [1, 0, 2]], text)
    assert not torch.allclose(swapped.base_logits[0], network(image, text).base_logits[0], atol=1e-3)


def test_finer_levels_give_a_finer_map(paper_architecture: Architecture, image: Tensor, text: TextEmbedding) -> None:
    """One voxel's change moves the map of a coarse level over larger cells than that of a finer one."""
    cells = {}
    for level in (1, 2):
        torch.manual_seed(0)
        similarity = SimilaritySettings(width=5, levels=(level,), temperature=1.0, learnable=False)
        head = AlignRefineNetwork(replace(paper_architecture, similarity=similarity)).similarity
        maps = [torch.randn(1, f, *s) for f, s in ((4, (4, 8, 12)), (6, (4, 4, 6)), (8, (2, 2, 3)))]
        before = head(maps, text.pooled[None], (4, 8, 12))
        maps[level][..., 0, 0, 0] += 3
        cells[level] = int((head(maps, text.pooled[None], (4, 8, 12)) != before).sum())
    assert 0 < cells[1] < cells[2]


def test_the_papers_similarity_is_confined_and_ours_is_not(
    paper_architecture: Architecture, network: AlignRefineNetwork, image: Tensor, text: TextEmbedding
) -> None:
    with torch.no_grad():
        paper = AlignRefineNetwork(paper_architecture).eval()(image, text).similarity
    assert float(paper.min()) >= 0.2689
    assert float(paper.max()) <= 0.7311
    assert "similarity.bias" not in dict(AlignRefineNetwork(paper_architecture).named_parameters())
    with torch.no_grad():
        network.similarity.bias -= 20
        assert float(network(image, text).similarity.max()) < 0.01


def test_confidence_kinds() -> None:
    logits = torch.tensor([[2.0, 3.0]], requires_grad=True)[..., None, None, None]
    sigmoid = foreground_confidence(logits, "sigmoid_foreground_logit")
    softmax = foreground_confidence(logits, "softmax_foreground")
    assert float(sigmoid) == pytest.approx(0.9525741)
    assert float(softmax) == pytest.approx(float(logits.detach().softmax(dim=1)[0, 1]))
    assert not sigmoid.requires_grad
    assert not softmax.requires_grad
    with pytest.raises(ValueError, match="unknown confidence"):
        foreground_confidence(logits, "other")  # type: ignore[arg-type]


def test_outputs_stay_float32_under_bfloat16_autocast(
    network: AlignRefineNetwork, image: Tensor, text: TextEmbedding, output: NetworkOutput
) -> None:
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        low = network(image, text)
    for exact, rough in (
        (output.base_logits[0], low.base_logits[0]),
        (output.refined_logits, low.refined_logits),
        (output.similarity, low.similarity),
    ):
        assert rough.dtype == torch.float32
        assert float((exact - rough).abs().max()) < 0.3
