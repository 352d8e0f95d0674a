"""An ensemble of bundles is a bundle: its answer is the mean of its members', whatever computes it."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.commands import run_command
from host.random_bundle import prompted_random_bundle, write_random_bundle
from ProstateAlignRefineLib.bundle.archive import unpack
from ProstateAlignRefineLib.bundle.config import InferenceSettings, read_config
from ProstateAlignRefineLib.bundle.rewriting import rewrite_bundle
from ProstateAlignRefineLib.bundle.summary import CARD_FILE, ModelFacts
from ProstateAlignRefineLib.commands import (
    ensemble,
    export_engine,
    gate,
    segment,
    segment_cohort,
    teach_prompts,
    teach_refiner,
)
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import FAST_CPU, Compute, on_torch_cpu
from ProstateAlignRefineLib.inference.engine.choice import load_for
from ProstateAlignRefineLib.inference.engine.protocol import Outputs
from ProstateAlignRefineLib.inference.ensemble import averaged
from ProstateAlignRefineLib.inference.predictor import plan_forwards, predict
from ProstateAlignRefineLib.network.bundle import load_bundle, save_bundle
from ProstateAlignRefineLib.network.graphs import engine_graphs
from ProstateAlignRefineLib.results.report import read_run

MAPS = ("base_margin", "refined_margin", "confidence", "similarity")


def with_engine(folder: Path) -> Path:
    bundle = load_bundle(folder)
    rewrite_bundle(folder, folder, bundle.config, (folder / CARD_FILE).read_text(), engine_graphs(bundle))
    return folder


def joined(*members: Path, output: Path) -> Path:
    assert run_command(ensemble, *members, "-o", output) == 0
    return output


@pytest.fixture(scope="module")
def members(tmp_path_factory) -> tuple[Path, Path]:
    """Without anatomy, so that no doubt outside the gland comes between."""
    folder = tmp_path_factory.mktemp("members")
    first, second = (
        with_engine(write_random_bundle(folder / str(seed), seed=seed, anatomy=False, tau=tau))
        for seed, tau in ((3, 0.3), (4, 0.5))
    )
    return first, second


@pytest.fixture(scope="module")
def together(members, tmp_path_factory) -> Path:
    return joined(*members, output=tmp_path_factory.mktemp("together") / "ensemble")


@pytest.fixture(scope="module")
def anatomists(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("anatomists")
    own = (write_random_bundle(folder / str(seed), seed=seed, minimum_lesion_ml=5.0) for seed in (3, 4))
    return joined(*own, output=folder / "ensemble")


@pytest.mark.parametrize("compute", [on_torch_cpu(), Compute(FAST_CPU, "fp32")], ids=["torch", "onnx"])
def test_the_answer_is_that_of_the_mean_margins(members, together, compute):
    volumes = np.random.default_rng(0).normal(size=(3, 9, 30, 34)).astype(np.float32)

    def said(folder: Path) -> np.ndarray:
        bundle = load_for(folder, compute.without_torch)
        plan = plan_forwards(bundle, volumes.shape[1:], compute)
        return predict(bundle, volumes, plan, compute, lambda _done, _all: None)

    one, two, both = map(said, (*members, together))
    assert np.abs(one[0] - two[0]).max() > 0.1
    base, refined = ((one[n] + two[n]) / 2 for n in range(2))
    by_hand = base, refined, 1 / (1 + np.exp(-base)), (one[3] + two[3]) / 2
    for name, found, expected in zip(MAPS, both, by_hand, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5, err_msg=name)


def test_shares_are_averaged_as_shares_also_at_their_ends():
    shares = np.array([[0.7, 0.1, 0.1, 0.05, 0.05], [0.1, 0.3, 0.2, 0.2, 0.2]])
    # Of -200 beside 0 the mean share is a quarter; of 90 beside 90 it is 1 less 1e-39, which no share can say.
    similarity = (-200.0, 2.0, 90.0), (0.0, 2.0, 90.0)
    outputs = [
        Outputs(
            np.full((2, 1, 1, 1), value),
            np.full((2, 1, 1, 1), 2 * value),
            np.array(logits).reshape(1, 1, 1, 3),
            np.log(zones).reshape(5, 1, 1, 1) + 7,
            np.zeros((4, 1, 1, 1)),
        )
        for value, logits, zones in zip((1.0, 4.0), similarity, shares, strict=True)
    ]
    mean = averaged(outputs)
    assert (mean.base[0, 0, 0, 0], mean.refined[1, 0, 0, 0], len(mean.features)) == (2.5, 5.0, 0)
    np.testing.assert_allclose(np.exp(mean.zones).ravel(), shares.mean(axis=0))
    np.testing.assert_allclose(mean.similarity.ravel(), (np.log(1 / 3), 2, 90), rtol=1e-6)


def test_every_command_takes_it_for_a_bundle(anatomists, a_study_folder, tmp_path):
    options = ("--model", anatomists, "--device", "cpu")
    assert run_command(segment, a_study_folder, "-o", tmp_path / "result", *options) == 0
    model = read_run(tmp_path / "result").model
    facts = ModelFacts.of(read_config(anatomists))
    assert model == facts
    assert model.name == "ensemble of 2: random weights"
    assert facts.weights_digest == facts.sha256  # no single file holds its weights
    assert sitk.ReadImage(str(tmp_path / "result" / "zones.nii.gz")).GetNumberOfPixels()
    assert run_command(gate, tmp_path / "result", "--tau", 0.1, "--alpha", 1) == 0
    (tmp_path / "list.csv").write_text(f"case,study\nA,{a_study_folder}\n")
    assert run_command(segment_cohort, tmp_path / "list.csv", "-o", tmp_path / "cohort", *options) == 0
    assert (tmp_path / "cohort" / "A" / "report.json").is_file()


def test_a_zipped_one_is_unpacked_and_what_changed_in_a_member_is_refused(together, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", together.parent, together.name))
    (tmp_path / "unpacked").mkdir()
    unpack(archive, tmp_path / "unpacked")
    folder = tmp_path / "unpacked"
    assert load_bundle(folder).sha256 == load_bundle(together).sha256
    weights = folder / "members" / "2" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\1\0")
    with pytest.raises(InputError, match=r"^members/2/weights.safetensors of the model bundle .* is not the file"):
        load_bundle(folder)
    weights.unlink()
    with pytest.raises(InputError, match=r"lacks members/2/weights\.safetensors"):
        load_bundle(folder)


def test_gate_and_card_say_what_the_whole_is_of(together):
    config, card = read_config(together), (together / CARD_FILE).read_text()
    assert config.tau == pytest.approx(0.4)
    assert config.findings is None
    assert all(one["sha256"][:16] in card for one in config.metrics["members"])


def other(folder: Path, **told: object) -> Path:
    return write_random_bundle(folder / "other", seed=7, **{"anatomy": False, **told})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"confidence": "sigmoid_foreground_logit"}, "kind of confidence"),
        ({"inference": InferenceSettings("where_needed", ("z",))}, "tiles or mirroring"),
        ({"features": (4, 6, 10)}, "architecture"),
        ({"anatomy": True}, "architecture"),
    ],
)
def test_members_whose_answers_have_no_common_mean_are_refused(members, tmp_path, told, words):
    with pytest.raises(InputError, match=rf"^The models '3' and 'other' differ in their {words}, so"):
        joined(members[0], other(tmp_path, **told), output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_preprocessing_is_refused(members, tmp_path):
    plain = read_config(members[0]).preprocessing
    changed = other(tmp_path, preprocessing=replace(plain, region_mm=80.0))
    with pytest.raises(InputError, match="differ in their preprocessing"):
        joined(members[0], changed, output=tmp_path / "out")


def test_one_alone_one_twice_and_an_ensemble_in_another_are_refused(members, together, tmp_path):
    for named, words in (
        (members[:1], "needs two bundles or more"),
        ((members[0], members[0]), "One model is named twice"),
        ((members[0], together), "is an ensemble, which cannot be a member of another"),
    ):
        with pytest.raises(InputError, match=words):
            joined(*named, output=tmp_path / "out")


def test_what_is_for_one_network_is_refused_in_one_sentence(anatomists, tmp_path):
    for command, options in (
        (teach_prompts, ("--model", anatomists, "-o", tmp_path / "out")),
        (teach_refiner, ("--model", anatomists, "-o", tmp_path / "out")),
        (export_engine, (anatomists,)),
    ):
        with pytest.raises(InputError, match=r"is an ensemble, which cannot be .*; give one of its members\.$"):
            run_command(command, *options)


def test_parts_of_members_are_left_out_and_said(members, tmp_path, capsys):
    headed = prompted_random_bundle(tmp_path / "plain")
    save_bundle(tmp_path / "headed", headed.network, headed.config, headed.text, "# x\n", prompted=headed.prompted)
    out = joined(tmp_path / "headed", write_random_bundle(tmp_path / "second", seed=4), output=tmp_path / "out")
    assert "Left out of 'headed': its prompted head" in capsys.readouterr().out
    assert "'headed': its prompted head" in (out / CARD_FILE).read_text()
    assert load_bundle(out).prompted is None
