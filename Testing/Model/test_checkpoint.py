"""Import of checkpoints: every weight accounted for, whatever the architecture; damaged ones refused with the list."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from Model.samples import authors_checkpoint, text_of
from Model.training_output import TrainingOutput, Weights
from ProstateAlignRefineLib.bundle.config import Architecture, RefinerSettings, SimilaritySettings
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork

HEAD, REPEATED_HEAD = "decoder.seg_layers.2.bias", "_refine_head.head.bias"


def test_every_weight_of_the_reference_is_used_or_a_named_duplicate(files: TrainingOutput) -> None:
    report = files.run()
    contents = torch.load(files.paths[0], weights_only=True)["network_weights"]
    assert len(report.used) + len(report.duplicates) == len(contents) == 496
    assert set(report.used) | set(report.duplicates) == set(contents)
    assert report.duplicates["decoder.encoder.stem.1.conv1.all_modules.0.weight"] == (
        "encoders.0.stem.1.conv1.conv.weight"
    )
    assert report.duplicates[REPEATED_HEAD] == HEAD
    config = load_bundle(files.output).config
    assert (config.tau, config.alpha, config.confidence) == (0.35, 0.25, "sigmoid_foreground_logit")
    assert config.architecture.channels == ("T2W", "ADC", "HBV")
    assert config.architecture.kernel_sizes[0] == (3, 3, 3)  # as the weights are; the plans say (1, 3, 3)
    assert config.preprocessing.spacing_mm == (3.0, 0.5, 0.5)
    assert config.preprocessing.patch_size == (8, 32, 32)
    assert config.preprocessing.normalization == "image"


def test_the_imported_text_is_the_vector_as_one_token(files: TrainingOutput) -> None:
    files.run()
    text = load_bundle(files.output).text
    assert np.array_equal(text.tokens.numpy(), np.load(files.paths[3]))
    assert text.mask.tolist() == [True]


ANOTHER = Architecture(
    channels=("ADC", "T2W", "HBV"),
    features_per_stage=(6, 10, 12, 14, 20),
    kernel_sizes=((1, 3, 3), (1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 5, 3)),
    strides=((1, 1, 1), (1, 2, 2), (1, 2, 1), (2, 1, 2), (1, 3, 2)),
    text_width=24,
    similarity=SimilaritySettings(width=9, levels=(4,), temperature=1.0, learnable=False),
    refiner=RefinerSettings(dim=2, heads=2, positions=False),
    anatomy=False,
)


def test_another_architecture_is_read_from_plans_and_weights(files: TrainingOutput) -> None:
    torch.manual_seed(0)
    network = AlignRefineNetwork(ANOTHER).eval()
    torch.save(authors_checkpoint(network), files.paths[0])
    text = text_of(tokens=1, width=24).as_one_token()
    np.save(files.paths[3], text.pooled.numpy())
    _plan_another(files)
    files.run()
    bundle = load_bundle(files.output)
    assert bundle.config.architecture == ANOTHER
    image = torch.randn(1, 3, 4, 24, 16)
    with torch.inference_mode():
        before, after = network(image, text), bundle.network(image, bundle.text)
    for level, logits in enumerate(before.base_logits):
        assert torch.equal(after.base_logits[level], logits)
    assert torch.equal(after.refined_logits, before.refined_logits)
    assert torch.equal(after.similarity, before.similarity)


def _plan_another(files: TrainingOutput) -> None:
    def plan(plans: dict[str, Any]) -> None:
        settings = plans["configurations"]["3d_fullres"]
        settings["patch_size"] = [4, 24, 16]
        network = settings["architecture"]["arch_kwargs"]
        network |= {"n_stages": 5, "features_per_stage": list(ANOTHER.features_per_stage)}
        network |= {"strides": [list(s) for s in ANOTHER.strides], "kernel_sizes": [[3, 3, 3]] * 5}

    files.change_json("plans.json", plan)
    names = {"0": "ADC", "1": "t2w", "2": "HBV"}
    files.change_json("dataset.json", lambda dataset: dataset.update(channel_names=names))


def test_several_text_vectors_are_averaged(files: TrainingOutput) -> None:
    vectors = np.stack([text_of(1, width=16, seed=seed).pooled.numpy() for seed in (1, 2)])
    np.save(files.paths[3], vectors)
    files.run()
    mean = vectors.mean(axis=0)
    assert np.allclose(load_bundle(files.output).text.pooled.numpy(), mean / np.linalg.norm(mean), atol=1e-6)


def test_a_real_training_log_with_numpy_numbers_is_read(files: TrainingOutput) -> None:
    contents = torch.load(files.paths[0], weights_only=True)
    contents["logging"] = {"ema_fg_dice": [np.float64(0.5)], "train_losses": [np.float32(-0.2)], "n": np.int64(3)}
    torch.save(contents, files.paths[0])
    files.run()


@pytest.mark.fault("a checkpoint with weights left over", "which ones")
@pytest.mark.parametrize("extra", ["surprise.weight", "encoders.3.stem.0.conv1.weight", "_refiner.extra.weight"])
def test_a_weight_nobody_uses_is_named(files: TrainingOutput, extra: str) -> None:
    files.change_weights(lambda weights: weights.update({extra: torch.zeros(2)}))
    files.refuse(f"no part of the network uses: {extra}")


def test_a_duplicate_that_repeats_nothing_is_named(files: TrainingOutput) -> None:
    files.change_weights(lambda weights: weights.update({"decoder.encoder.odd.weight": torch.zeros(2)}))
    files.refuse("no part of the network uses: decoder.encoder.odd.weight")


def test_a_duplicate_that_differs_is_named(files: TrainingOutput) -> None:
    files.change_weights(lambda weights: weights.update({REPEATED_HEAD: weights[HEAD] + 1}))
    files.refuse(f"differ from them: {REPEATED_HEAD}")


@pytest.mark.parametrize(
    ("prefixes", "message"),
    [
        (("_refiner.", "_refine_head."), "no complete refiner .missing: _refiner.gamma"),
        (("text_proj.",), "no complete text head .missing: text_proj.weight"),
        (("align_conv.",), "no complete text head .missing: align_conv.weight"),
        (("_refiner.mha.out_proj.bias",), "without weights: refiner.attention.out_proj.bias"),
        (("skip_fusions.1.",), "without weights: fusions.1.conv.weight, fusions.1.norm.bias, fusions.1.norm.weight"),
    ],
)
def test_what_a_checkpoint_lacks_is_named(files: TrainingOutput, prefixes: tuple[str, ...], message: str) -> None:
    def remove(weights: Weights) -> None:
        for name in [name for name in weights if name.startswith(prefixes)]:
            del weights[name]

    files.change_weights(remove)
    files.refuse(message)


def test_weights_of_another_shape_are_named(files: TrainingOutput) -> None:
    files.change_weights(lambda weights: weights.update({"align_conv.bias": torch.zeros(5)}))
    files.refuse("other shapes than the plans say: align_conv.bias")


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((1, 16), np.float32), "unit length"),
        (np.eye(8, dtype=np.float32)[:1], r"must hold \[N, 16\]"),
        (np.array([{"a": 1}], dtype=object), "cannot be read"),
        (np.eye(16, dtype=np.int64)[:1], "must hold"),
    ],
)
def test_unfit_text_vectors_are_refused(files: TrainingOutput, vectors: np.ndarray, message: str) -> None:
    np.save(files.paths[3], vectors)
    files.refuse(message)


class Danger:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return pytest.fail, ("code in the checkpoint was run",)


@pytest.mark.fault("a checkpoint that holds code, or is none", "a refusal; nothing in it is run")
@pytest.mark.parametrize("contents", [{"network_weights": Danger()}, {"other": 1}, [1, 2]])
def test_what_is_no_checkpoint_is_refused_without_running_it(files: TrainingOutput, contents: object) -> None:
    torch.save(contents, files.paths[0])
    files.refuse("cannot be read as a checkpoint|not an nnU-Net v2 checkpoint")


@pytest.mark.fault("files of a checkpoint missing or damaged", "which one")
@pytest.mark.parametrize("index", range(4))
def test_missing_or_damaged_files_are_refused(files: TrainingOutput, index: int) -> None:
    files.paths[index].write_bytes(b"\x00damaged")
    files.refuse("cannot be read|not valid JSON")
    files.paths[index].unlink()
    files.refuse("does not exist|cannot be read")


@pytest.mark.fault("a checkpoint or text vector that is cut off", "which file; no bundle is written")
@pytest.mark.parametrize(("index", "share"), [(0, 0.0), (0, 0.3), (0, 0.999), (3, 0.0), (3, 0.9)])
def test_files_that_are_cut_off_are_refused(files: TrainingOutput, index: int, share: float) -> None:
    content = files.paths[index].read_bytes()
    files.paths[index].write_bytes(content[: int(len(content) * share)])
    files.refuse("cannot be read")


@pytest.mark.fault("a checkpoint of a training that diverged", "that its weights are not numbers")
@pytest.mark.parametrize("name", ["text_proj.weight", HEAD])
def test_a_checkpoint_of_a_training_that_diverged_is_refused(files: TrainingOutput, name: str) -> None:
    files.change_weights(lambda weights: weights[name].view(-1)[:1].fill_(float("nan")))
    files.refuse(r"checkpoint\.pth holds weights that are not numbers")
