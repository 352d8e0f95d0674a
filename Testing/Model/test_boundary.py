"""The boundary refiner as a part of a bundle: carried whole, refused where it is damaged or fits no prompted head."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib.bundle.config import CONFIG_FILE, ModelConfig
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.lexicon import CONCEPTS
from ProstateAlignRefineLib.core.spellings import english
from ProstateAlignRefineLib.core.storage.files import file_sha256
from ProstateAlignRefineLib.network.boundary.evidence import evidence, without_mean
from ProstateAlignRefineLib.network.boundary.files import SETTINGS_FILE, WEIGHTS_FILE
from ProstateAlignRefineLib.network.boundary.refiner import CHANNELS, IMAGES, MARGIN_SCALE, SHARP, BoundaryRefiner
from ProstateAlignRefineLib.network.boundary.settings import BoundarySettings
from ProstateAlignRefineLib.network.bundle import load_bundle, save_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.prompted.head import PromptedHead
from ProstateAlignRefineLib.network.prompted.settings import PromptedSettings
from ProstateAlignRefineLib.network.text import TextEmbedding

SETTINGS = BoundarySettings(0.75, 2.0, 6.0, (4, 6, 8), 8)
SHAPE = (5, 13, 18)


@pytest.fixture
def head() -> PromptedHead:
    torch.manual_seed(5)
    return PromptedHead(PromptedSettings(tuple(CONCEPTS), dict(english().spellings), 8, 2, 16, (4, 6), 0.0)).eval()


@pytest.fixture
def refiner() -> BoundaryRefiner:
    torch.manual_seed(6)
    made = BoundaryRefiner(SETTINGS).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def inputs() -> torch.Tensor:
    return torch.randn(CHANNELS, *SHAPE, generator=torch.Generator().manual_seed(1))


Save = Callable[[PromptedHead | None, BoundaryRefiner], Path]


@pytest.fixture
def save(tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding) -> Save:
    def saved(head: PromptedHead | None, refiner: BoundaryRefiner) -> Path:
        path = tmp_path / "bundle"
        save_bundle(path, network, config, text, "# Card\n", prompted=head, boundary=refiner)
        return path

    return saved


@pytest.fixture
def path(save: Save, head: PromptedHead, refiner: BoundaryRefiner) -> Path:
    return save(head, refiner)


@torch.no_grad()
def test_a_bundle_carries_it_whole(path: Path, refiner: BoundaryRefiner, inputs: torch.Tensor) -> None:
    loaded = load_bundle(path)
    assert loaded.boundary is not None
    assert loaded.boundary.settings == SETTINGS
    token = torch.randn(8, generator=torch.Generator().manual_seed(2))
    assert torch.equal(loaded.boundary(inputs, token), refiner(inputs, token))
    assert {SETTINGS_FILE, WEIGHTS_FILE} <= set(loaded.config.files)


def test_a_bundle_without_it_has_none(bundle_path: Path) -> None:
    assert load_bundle(bundle_path).boundary is None


def test_a_changed_file_is_refused(path: Path) -> None:
    (path / WEIGHTS_FILE).write_bytes((path / WEIGHTS_FILE).read_bytes()[:-1] + b"\0")
    with pytest.raises(InputError, match=rf"{WEIGHTS_FILE} .* is not the file it was made with"):
        load_bundle(path)


@pytest.mark.fault("a file of the boundary refiner missing, or of another model", "the bundle is refused in a sentence")
@pytest.mark.parametrize("damage", ["settings", "weights", "shapes"])
def test_a_damaged_one_is_refused(path: Path, damage: str) -> None:
    config = json.loads((path / CONFIG_FILE).read_text())
    if damage == "shapes":
        settings = json.loads((path / SETTINGS_FILE).read_text())
        (path / SETTINGS_FILE).write_text(json.dumps({**settings, "widths": [4, 6, 9]}))
        config["files"][SETTINGS_FILE] = file_sha256(path / SETTINGS_FILE)
    else:
        name = SETTINGS_FILE if damage == "settings" else WEIGHTS_FILE
        (path / name).unlink()
        del config["files"][name]
    (path / CONFIG_FILE).write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"boundary refiner .* get the bundle again"):
        load_bundle(path)


def test_weights_that_are_no_numbers_are_refused(save: Save, head: PromptedHead) -> None:
    broken = BoundaryRefiner(SETTINGS)
    torch.nn.init.constant_(broken.head.weight, float("nan"))
    path = save(head, broken)
    with pytest.raises(InputError, match="not numbers"):
        load_bundle(path)


@pytest.mark.parametrize("width", [None, 12])
def test_it_needs_the_prompted_head_whose_words_it_reads(
    save: Save, refiner: BoundaryRefiner, width: int | None
) -> None:
    spellings = dict(english().spellings)
    other = width and PromptedHead(PromptedSettings(tuple(CONCEPTS), spellings, width, 2, 16, (4, 6), 0.0))
    path = save(other or None, refiner)
    with pytest.raises(InputError, match="does not fit its prompted head"):
        load_bundle(path)


def a_finding() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs whose margin lies two voxels beside a disc that is bright in the first image and dark in the second."""
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(26.0), indexing="ij")
    disc = (5 - torch.hypot(rows - 12, columns - 13)).expand(3, 24, 26)
    inputs = 0.1 * torch.randn(CHANNELS, 3, 24, 26, generator=torch.Generator().manual_seed(1))
    inputs[0] += disc > 0
    inputs[1] -= (disc > 0).float()
    inputs[IMAGES] = MARGIN_SCALE * disc.roll(2, 2).clamp(-4, 4)
    return inputs, disc > 0


@torch.no_grad()
def test_untaught_it_moves_outlines_to_what_the_images_show() -> None:
    inputs, truth = a_finding()
    margin = inputs[IMAGES] / MARGIN_SCALE
    moved = margin + BoundaryRefiner(SETTINGS).eval()(inputs, torch.randn(8))
    assert int(((moved > 0) != truth).sum()) < 0.6 * int(((margin > 0) != truth).sum())
    inputs[:IMAGES] = 7.0
    assert float(BoundaryRefiner(SETTINGS).eval()(inputs, torch.randn(8)).abs().max()) < 1e-4


@torch.no_grad()
@pytest.mark.parametrize(("factor", "offset"), [(3.0, 0.0), (1.0, 40.0), (-2.0, 1.0)])
def test_evidence_is_the_same_in_other_units_and_nothing_without_contrast(factor: float, offset: float) -> None:
    inputs, truth = a_finding()
    images, margin = inputs[:IMAGES], inputs[IMAGES] / MARGIN_SCALE
    before, after = evidence(images, margin, 8), evidence(images * factor + offset, margin, 8)
    assert float(before[:2, truth].mean()) > 1.0
    assert float(before[:2, ~truth].mean()) < -0.7
    assert float(before[2].abs().mean()) < 0.2
    torch.testing.assert_close(after[:2], before[:2], rtol=0.15, atol=0.1)


@torch.no_grad()
def test_what_it_says_varies_by_voxel_and_by_word(refiner: BoundaryRefiner, inputs: torch.Tensor) -> None:
    one, other = (refiner(inputs, torch.randn(8, generator=torch.Generator().manual_seed(n))) for n in (2, 3))
    assert float(one.std()) > 0.1
    assert float((one - other).abs().max()) > 0.1


@torch.no_grad()
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("height", [-40.0, -1.0, 0.0, 40.0])
def test_no_outline_is_moved_as_a_whole(
    refiner: BoundaryRefiner, inputs: torch.Tensor, scale: float, height: float
) -> None:
    """Whatever is read: to first order the expected volume stays as it is."""
    changed = inputs * scale
    changed[IMAGES] += height * MARGIN_SCALE
    delta = refiner(changed, torch.randn(8, generator=torch.Generator().manual_seed(2))).double()
    share = (changed[IMAGES] / MARGIN_SCALE).double().clamp(-12, 12).sigmoid()
    weight = share * (1 - share)
    assert float(delta.std()) > 0.05
    assert abs(float((delta * weight).sum() / weight.sum())) < 1e-4 * float(delta.abs().max())


def test_a_constant_is_nothing() -> None:
    delta, margin = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(without_mean(delta + 5.0, margin), without_mean(delta, margin))
    assert float(without_mean(torch.full(SHAPE, 5.0), margin).abs().max()) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("channel", range(SHARP))
def test_images_and_margin_are_read_of_the_slices_beside(
    refiner: BoundaryRefiner, inputs: torch.Tensor, channel: int
) -> None:
    """Not only by what blocks mix: that is turned off here."""
    for block in (refiner.fine, refiner.mid, refiner.coarse, refiner.mid_again, refiner.fine_again):
        block.neighbours.zero_()
    token = torch.zeros(8)
    changed = inputs.clone()
    changed[channel, 2, 6, 9] += 3.0
    moved = (refiner(changed, token) - refiner(inputs, token)).abs().amax(dim=(1, 2))
    assert float(moved[1]) > 1e-4
    assert float(moved[3]) > 1e-4


@pytest.mark.parametrize("changed", [{"spacing_mm": 0.0}, {"reach_mm": -1.0}, {"widths": (4, 0, 8)}, {"text_width": 0}])
def test_impossible_settings_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InputError, match="boundary refiner cannot be used"):
        replace(SETTINGS, **changed)
