"""The whole benchmark with a random bundle on coarse phantoms: every part is real, only nothing was learned."""

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from ProstateAlignRefineLib.benchmark import run as benchmarking
from ProstateAlignRefineLib.benchmark.phantom_study import load_phantom_study
from ProstateAlignRefineLib.benchmark.phantoms import cached_phantoms
from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.commands.benchmark import write_card
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.network.bundle import load_bundle, starter_bundle_path
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")

COARSE = Sampling.of_field((1.5, 1.5, 4.0), (108.0, 108.0, 76.0))


@pytest.fixture(scope="module")
def a_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def test_phantoms_are_made_once_and_hold_their_truth(a_cache):
    paths = cached_phantoms(a_cache, "holdout", [900_000, 900_001], COARSE, workers=1)
    times = [path.stat().st_mtime_ns for path in paths]
    assert cached_phantoms(a_cache, "holdout", [900_000, 900_001], COARSE, workers=1) == paths
    assert [path.stat().st_mtime_ns for path in paths] == times
    kept, phantom = load_phantom_study(paths[0]), make_phantom(900_000, COARSE, "holdout")
    np.testing.assert_array_equal(kept.lesions, to_array(phantom.truth.lesions))
    np.testing.assert_array_equal(kept.gland, to_array(phantom.truth.gland) > 0)
    np.testing.assert_array_equal(to_array(kept.study.hbv), to_array(phantom.study.hbv))


@pytest.fixture
def results(a_cache, a_bundle, a_study_folder, tmp_path, monkeypatch):
    def coarse(cache, family, seeds, sampling, workers):
        return cached_phantoms(cache, family, seeds, COARSE, workers)

    monkeypatch.setattr(benchmarking, "cached_phantoms", coarse)
    label = np.zeros((12, 64, 64), np.uint8)
    label[4:7, 30:38, 20:28] = 1
    grid = Grid.of(sitk.ReadImage(str(a_study_folder / "a_t2w.mha")))
    sitk.WriteImage(to_image(label, grid), str(tmp_path / "label.nii.gz"))
    out = tmp_path / "out"
    options = ["--count", "3", "--degraded", "1", "--resamples", "10", "--cache", str(a_cache)]
    real = ["--images", str(a_study_folder), "--label", str(tmp_path / "label.nii.gz")]
    assert main(["benchmark", "--model", str(a_bundle), "-o", str(out), *options, *real]) == 0
    return out


def voxel_ml(folder):
    return Grid.of(sitk.ReadImage(str(folder / "a_t2w.mha"))).voxel_ml


@pytest.mark.slow
def test_one_command_measures_everything(results, a_study_folder):
    report = json.loads((results / "figures.json").read_text())
    assert set(report["families"]) == {"standard", "holdout"}
    for family in report["families"].values():
        assert family["studies"] == len(family["cases"]) == 3
        for figures in family["systems"].values():
            assert 0 <= figures["Dice, all cases"]["value"] <= 1
        assert family["systems"]["brightest HBV"]["empty answer, share of negatives"]["value"] in (0, None)
    assert report["degradation"]["studies"] == 2
    assert report["real"]["lesion_ml"] == pytest.approx(3 * 8 * 8 * voxel_ml(a_study_folder))
    assert report["model"]["forwards"] == 1
    assert report["model"]["seconds"] > 0
    assert report["protocol"]["first_seed"] == 900_000
    assert "| other family | Dice, positives | at least 0.68 |" in (results / "figures.md").read_text()
    for name in ("froc", "dice", "reliability", "degradation", "worst-holdout", "worst-standard", "real"):
        assert np.asarray(Image.open(results / f"{name}.png")).std() > 5, name


def test_a_benchmark_of_no_studies_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", "-o", str(tmp_path / "out"), "--cache", str(tmp_path), "--count", "0"])
    assert ended.value.code == 2
    assert "from 1 to" in capsys.readouterr().err


def test_what_was_measured_goes_into_the_card_and_the_bundle_stays_sound(a_bundle, tmp_path):
    copy = tmp_path / "bundle"
    shutil.copytree(a_bundle, copy)
    before = load_bundle(copy)
    write_card(copy, "## Benchmark\n\nnothing learned\n")
    after = load_bundle(copy)
    assert (copy / "MODEL_CARD.md").read_text() == "# random weights\n\n## Benchmark\n\nnothing learned\n"
    assert after.config.files["weights.safetensors"] == before.config.files["weights.safetensors"]
    assert after.config.files["text.npz"] == before.config.files["text.npz"]
    assert after.sha256 == before.sha256  # a card is no part of what answers


def test_a_bundle_with_a_new_card_keeps_every_part(tmp_path):
    """The starter model has all there are: a prompted head, a refiner of outlines, a rule of findings."""
    copy = tmp_path / "bundle"
    shutil.copytree(starter_bundle_path(), copy)
    before = load_bundle(copy)
    write_card(copy, "## Benchmark\n")
    after = load_bundle(copy)
    assert after.config.files.keys() == before.config.files.keys()
    assert after.sha256 == before.sha256
    assert after.config.findings == before.config.findings


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--images", "."], "--images and --label together"),
        (["--gland", "g.nii.gz"], "--gland belongs to a real study"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, said, tmp_path, capsys):
    assert main(["benchmark", "-o", str(tmp_path / "out"), "--cache", str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
