"""The model folder: written whole, verified before use, with its text, never a pickle."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor

from Model.samples import text_of
from ProstateAlignRefineLib.bundle import starter
from ProstateAlignRefineLib.bundle.config import CONFIG_FILE, ModelConfig, read_config
from ProstateAlignRefineLib.bundle.stored_text import StoredText
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network import bundle as bundle_module
from ProstateAlignRefineLib.network.bundle import load_bundle, save_bundle, starter_bundle_path
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text import TextEmbedding, save_text


def relist(bundle: Path, **entries: object) -> None:
    """Write bundle.json anew with the hashes of the files as they are, and other entries as given."""
    data = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    names = [file.name for file in bundle.iterdir() if file.name != "bundle.json"]
    data["files"] = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in names}
    (bundle / "bundle.json").write_text(json.dumps({**data, **entries}), encoding="utf-8")


def test_what_is_loaded_computes_what_was_saved(
    bundle_path: Path, network: AlignRefineNetwork, image: Tensor, text: TextEmbedding
) -> None:
    bundle = load_bundle(bundle_path)
    assert not bundle.network.training
    assert bundle.text.prompts == text.prompts
    before, after = network(image, text), bundle.network(image, bundle.text)
    assert torch.equal(before.refined_logits, after.refined_logits)
    assert torch.equal(before.similarity, after.similarity)


def test_the_folder_holds_exactly_the_files_it_lists(bundle_path: Path) -> None:
    assert sorted(file.name for file in bundle_path.iterdir()) == [
        "MODEL_CARD.md",
        "bundle.json",
        "text.npz",
        "weights.safetensors",
    ]
    assert sorted(load_bundle(bundle_path).config.files) == ["MODEL_CARD.md", "text.npz", "weights.safetensors"]


def test_the_hash_identifies_the_bundle(
    bundle_path: Path, tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding
) -> None:
    first = load_bundle(bundle_path).sha256
    save_bundle(tmp_path / "same", network, config, text, "# Card\n")
    save_bundle(tmp_path / "other", network, replace(config, tau=0.4), text, "# Card\n")
    with torch.no_grad():
        network.refiner.gamma += 1
    save_bundle(tmp_path / "trained", network, config, text, "# Card\n")
    hashes = [load_bundle(tmp_path / name).sha256 for name in ("same", "other", "trained")]
    assert hashes[0] == first
    assert len({first, *hashes}) == 3


def test_every_file_is_as_readable_as_the_next(bundle_path: Path) -> None:
    assert len({file.stat().st_mode for file in bundle_path.iterdir()}) == 1


@pytest.mark.fault("a changed file in a model", "which one; it is not opened")
@pytest.mark.parametrize("name", ["weights.safetensors", "text.npz", "MODEL_CARD.md"])
def test_a_changed_file_is_refused_before_it_is_opened(
    bundle_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "load_file", lambda *_: pytest.fail("weights were opened"))
    monkeypatch.setattr(StoredText, "load", lambda *_: pytest.fail("text was opened"))
    contents = bytearray((bundle_path / name).read_bytes())
    contents[-1] ^= 1
    (bundle_path / name).write_bytes(contents)
    with pytest.raises(InputError, match=f"{name} of the model bundle"):
        load_bundle(bundle_path)


@pytest.mark.fault("a pickle in a model", "that it can run code")
@pytest.mark.parametrize("name", ["weights.pt", "a/b.pth", "x.PKL", "y.ckpt", "pytorch_model.bin"])
def test_a_pickle_anywhere_is_refused(bundle_path: Path, name: str) -> None:
    (bundle_path / name).parent.mkdir(exist_ok=True)
    (bundle_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="pickle"):
        load_bundle(bundle_path)


def test_a_bundle_without_text_is_refused_even_if_it_lists_none(bundle_path: Path) -> None:
    (bundle_path / "text.npz").unlink()
    with pytest.raises(InputError, match="no text embedding"):
        load_bundle(bundle_path)
    relist(bundle_path)
    with pytest.raises(InputError, match="no text embedding"):
        load_bundle(bundle_path)


@pytest.mark.fault("a file missing from a model", "which one")
@pytest.mark.parametrize("name", ["weights.safetensors", "MODEL_CARD.md"])
def test_a_missing_file_is_named(bundle_path: Path, name: str) -> None:
    (bundle_path / name).unlink()
    with pytest.raises(InputError, match=f"lacks {name}"):
        load_bundle(bundle_path)
    relist(bundle_path)
    with pytest.raises(InputError, match=f"lacks {name}"):
        load_bundle(bundle_path)


@pytest.mark.fault("a file put into a model", "which one")
def test_an_unlisted_file_is_named(bundle_path: Path) -> None:
    (bundle_path / "extra.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"unlisted files \(extra.txt\)"):
        load_bundle(bundle_path)


@pytest.mark.fault("damaged weights", "which file")
def test_damaged_weights_are_refused(bundle_path: Path) -> None:
    (bundle_path / "weights.safetensors").write_bytes(b"not safetensors at all")
    relist(bundle_path)
    with pytest.raises(InputError, match="not a valid safetensors file"):
        load_bundle(bundle_path)


def test_weights_of_another_architecture_are_refused(bundle_path: Path) -> None:
    data = json.loads((bundle_path / "bundle.json").read_text(encoding="utf-8"))
    relist(bundle_path, architecture={**data["architecture"], "features_per_stage": [4, 6, 10]})
    with pytest.raises(InputError, match="does not fit the architecture"):
        load_bundle(bundle_path)


def test_another_format_version_is_refused(bundle_path: Path) -> None:
    relist(bundle_path, format_version=99)
    with pytest.raises(InputError, match="format version 99"):
        load_bundle(bundle_path)


def test_a_zero_text_vector_is_refused(bundle_path: Path) -> None:
    zeros = {"pooled": np.zeros(12, np.float32), "tokens": np.zeros((1, 12), np.float32), "mask": np.ones(1, bool)}
    np.savez(bundle_path / "text.npz", prompts=["prostate lesion"], encoder="starter:7", **zeros)
    relist(bundle_path)
    with pytest.raises(InputError, match="unit length"):
        load_bundle(bundle_path)


def test_text_of_another_width_or_encoder_is_refused(bundle_path: Path, text: TextEmbedding) -> None:
    save_text(text_of(tokens=2, width=9), bundle_path / "text.npz")
    relist(bundle_path)
    with pytest.raises(InputError, match="width 9, the network reads 12"):
        load_bundle(bundle_path)
    save_text(replace(text, encoder="starter:8"), bundle_path / "text.npz")
    relist(bundle_path)
    with pytest.raises(InputError, match="another prompt or encoder"):
        load_bundle(bundle_path)


def test_saving_replaces_a_bundle_but_no_other_folder(
    bundle_path: Path, tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding
) -> None:
    save_bundle(bundle_path, network, replace(config, name="second"), text, "# Card\n")
    assert load_bundle(bundle_path).config.name == "second"
    precious = tmp_path / "photos"
    precious.mkdir()
    (precious / "one.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="not a model bundle"):
        save_bundle(precious, network, config, text, "# Card\n")
    assert (precious / "one.jpg").exists()


@pytest.mark.fault("a model that cannot be written to the end", "the earlier one, unchanged")
def test_a_failed_save_leaves_the_old_bundle_and_nothing_else(
    bundle_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding
) -> None:
    before = load_bundle(bundle_path).sha256
    with pytest.raises(ValueError, match="JSON compliant"):
        save_bundle(bundle_path, network, replace(config, metrics={"dice": float("nan")}), text, "# Card\n")
    assert load_bundle(bundle_path).sha256 == before
    assert list(bundle_path.parent.iterdir()) == [bundle_path]


def test_the_starter_is_found_in_a_package_then_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "module" / "Lib"
    monkeypatch.setattr(starter, "LIBRARY", library)
    with pytest.raises(InputError, match="No starter model"):
        starter_bundle_path()
    for folder in (tmp_path / "Resources" / "Models" / "starter", library / "Models" / "starter"):
        folder.mkdir(parents=True)
        (folder / "bundle.json").write_text("{}", encoding="utf-8")
        assert starter_bundle_path() == folder


@pytest.mark.fault("a model with NaN or infinite weights", "that the weights are not numbers; to get the model again")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["similarity.log_scale", "decoder.heads.0.bias", "encoders.1.stem.0.conv1.weight"])
def test_weights_that_are_no_numbers_are_refused(name: str, value: float, bundle_path: Path) -> None:
    path = bundle_path / "weights.safetensors"
    weights = {key: weight.clone() for key, weight in load_file(path).items()}
    weights[name].view(-1)[-1] = value
    path.write_bytes(serialize(weights))
    relist(bundle_path)
    with pytest.raises(InputError, match=r"weights\.safetensors holds weights that are not numbers"):
        load_bundle(bundle_path)


@pytest.mark.parametrize("name", ["pooled", "tokens"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_text_that_is_no_number_is_refused(name: str, value: float, bundle_path: Path) -> None:
    stored = dict(np.load(bundle_path / "text.npz"))
    stored[name][..., 3] = value
    np.savez(bundle_path / "text.npz", **stored)
    relist(bundle_path)
    with pytest.raises(InputError, match="not a finite vector"):
        load_bundle(bundle_path)


def test_the_folder_of_a_run_is_no_bundle_but_holds_one(tmp_path):
    (tmp_path / "run" / "bundle").mkdir(parents=True)
    with pytest.raises(InputError, match=r"'run' is not a model bundle.*; name a bundle folder\.$"):
        read_config(tmp_path / "run")
    (tmp_path / "run" / "bundle" / CONFIG_FILE).write_text("{}")
    with pytest.raises(InputError, match=r"'run' is not a model bundle.*; name its folder 'bundle'\.$"):
        read_config(tmp_path / "run")
