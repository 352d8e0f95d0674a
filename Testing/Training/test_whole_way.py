"""From PI-CAI's layout to models that are judged: two folds, anatomy, figures, comparison; the command line alone."""

import csv
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from Model.clip_clone import TEXT_WIDTH, write_clone
from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.bundle.config import CONFIG_FILE
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.evaluation.evaluate import Protocol
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.phantom import Sampling
from ProstateAlignRefineLib.results.report import read_run
from ProstateAlignRefineLib.training import test_predictions
from ProstateAlignRefineLib.training.config import DatasetData, TrainingConfig
from ProstateAlignRefineLib.training.manifest import read_manifest
from ProstateAlignRefineLib.training.unseen import trained_on
from Training.picai import GLAND_SET, LABEL_SET, ZONE_SET, write_picai
from Training.runs import log_of, write_config

CPU = ("--device", "cpu", "--precision", "fp32")
COARSE = Sampling.of_field((2.0, 2.0, 6.0), (120.0, 120.0, 72.0))
FOLDS = (0, 1)
pytest.importorskip("open_clip", reason="the extra 'text' is not installed")
MONAI_FILES = {"meta_file": "metadata", "config_file": "inference"}


def run(*arguments: object) -> None:
    assert cli.main(list(map(str, arguments))) == 0


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`images` and `labels` as from PI-CAI; one case without zones, one without any anatomy."""
    folder = tmp_path_factory.mktemp("whole-way")
    names = write_picai(folder, (1, 2, 3, 4, 5, 8), COARSE)  # in either fold two with a lesion
    for number, part in ((0, ZONE_SET), (4, ZONE_SET), (4, GLAND_SET)):
        (folder / "labels" / part / f"{names[number]}.nii.gz").unlink()
    (folder / "labels" / "LICENSE").write_text("Attribution-NonCommercial 4.0 International", encoding="utf-8")
    run("prepare", "--images", folder / "images", "--labels", folder / "labels", "-o", folder / "data", "--folds", 2)
    return folder


@pytest.fixture(scope="module")
def config(work: Path, tiny_config: TrainingConfig) -> Path:
    """Guided by a clone of BiomedCLIP's text tower."""
    (work / "clip").mkdir()
    text = replace(tiny_config.text, encoder=f"local-dir:{write_clone(work / 'clip')}")
    architecture = replace(tiny_config.architecture, text_width=TEXT_WIDTH)
    data = DatasetData("dataset", test_fold=0, validation_share=0.5)
    schedule = replace(tiny_config.schedule, iterations=1, joint_epochs=2, refiner_epochs=1, warmup_epochs=0)
    bundle = replace(tiny_config.bundle, minimum_lesion_ml=5.0)  # of a network that has learned little, no crumbs
    changed = replace(
        tiny_config,
        name="tiny",
        data=data,
        text=text,
        architecture=architecture,
        schedule=schedule,
        bundle=bundle,
    )
    return write_config(changed, work / "tiny.toml")


@pytest.fixture(scope="module")
def runs(work: Path, config: Path) -> tuple[Path, ...]:
    """Both folds; the second starts from the first's weights, as if they had been trained on other patients."""
    shared = ("--config", config, "--data", work / "data", "--cases", work / "cases", *CPU)
    with pytest.MonkeyPatch.context() as patch:  # most of the time would go into intervals that nobody reads
        patch.setattr(test_predictions, "Protocol", partial(Protocol, resamples=20))
        run("train", *shared, "-o", work / "fold0")
        other = Path(shutil.copytree(work / "fold0" / "bundle", work / "elsewhere"))
        told = json.loads((other / CONFIG_FILE).read_text())
        del told["metrics"]["split"], told["metrics"]["trained_on"]
        (other / CONFIG_FILE).write_text(json.dumps(told))
        run("train", *shared, "-o", work / "fold1", "--set", "data.test_fold=1", "--from", other)
    return tuple(work / f"fold{fold}" for fold in FOLDS)


def test_every_case_is_tested_once_and_by_a_model_that_never_saw_it(work: Path, runs: tuple[Path, ...]) -> None:
    folds = {case.name: case.fold for case in read_manifest(work / "data").cases}
    tested = [{path.name.removesuffix(".nii.gz") for path in (one / "test" / "predictions").iterdir()} for one in runs]
    assert tested == [{name for name, fold in folds.items() if fold == number} for number in FOLDS]


def test_training_learned_lesions_and_anatomy_in_three_phases(runs: tuple[Path, ...]) -> None:
    for one in runs:
        log = log_of(one)
        assert [row["phase"] for row in log] == ["segmentation", "auxiliary", "refiner"]
        assert all(float(row["anatomy"]) > 0 for row in log[:2])


def test_a_bundle_says_what_its_run_read(work: Path, runs: tuple[Path, ...]) -> None:
    card = (runs[1] / "bundle" / "MODEL_CARD.md").read_text()
    bundle = load_bundle(runs[1] / "bundle").config
    assert bundle.notice == "Research model, not for clinical use."
    assert bundle.licence == "CC BY-NC 4.0"
    assert bundle.training_data.startswith("A data set of biparametric prostate MRI: 6 studies of 6 patients, 4 with a")
    assert "started from the weights of 'tiny', trained on: A data set" in bundle.training_data
    assert "synthetic" not in card.lower()
    said = (
        "Labels: 6 from human_expert/resampled. Anatomy masks: 4 zones from AI/Yuan23, 5 gland from AI/Bosma22b.",
        read_manifest(work / "data").split_sha256,
        "fold 1 for the figures",
        "seed 0",
        " threads, ",
        "hours",
    )
    assert [words for words in said if words not in card] == []


def test_the_figures_of_a_run_are_those_of_segmenting_and_evaluating(work: Path, runs: tuple[Path, ...]) -> None:
    tested, images, labels = cases_of(runs[0] / "test" / "report"), work / "test-images", work / "test-labels"
    labels.mkdir()
    for name in tested:
        patient = name.partition("_")[0]
        shutil.copytree(work / "images" / patient, images / patient)
        shutil.copy(work / "labels" / LABEL_SET / f"{name}.nii.gz", labels)
    predictions, figures = work / "predictions", work / "figures"
    run("segment-cohort", images, "-o", predictions, "--model", runs[0] / "bundle", *CPU)
    run("evaluate", "--predictions", predictions, "--references", labels, "-o", figures, "--resamples", 10)
    assert len(tested) == 3
    assert cases_of(figures) == tested


def test_a_model_trained_on_patients_tells_the_anatomy(work: Path, runs: tuple[Path, ...]) -> None:
    run("segment", work / "images" / "90001", "-o", work / "result", "--model", runs[1] / "bundle", *CPU)
    zones = sitk.GetArrayFromImage(sitk.ReadImage(str(work / "result" / "zones.nii.gz")))
    assert set(np.unique(zones)) <= set(GlandZone)


@pytest.mark.fault("`train --from` a model that was trained on the run's test cases", "how many, and what to set")
def test_a_run_does_not_start_from_a_model_that_knows_its_test_cases(
    work: Path, runs: tuple[Path, ...], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("train", "--config", config, "--data", work / "data", "--cases", work / "cases", *CPU)
    start = ("--set", "data.test_fold=1", "--from", runs[0] / "bundle", "-o", work / "leaking")
    assert cli.main([*map(str, (*options, *start))]) == 2
    assert "3 of the 3 test cases are cases that the model 'tiny', from which" in capsys.readouterr().err
    assert cli.main([*map(str, (*options, "--from", runs[1] / "bundle", "-o", runs[0]))]) == 2
    assert "The run in 'fold0' began with random weights, not with those of 'bundle'" in capsys.readouterr().err


def test_runs_are_compared_on_the_same_cases_alone(
    work: Path, runs: tuple[Path, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copytree(runs[0], work / "other"))
    shutil.rmtree(other / "test" / "predictions")
    shutil.copytree(other / "test" / "without-refiner", other / "test" / "predictions")
    settings = (other / "config.toml").read_text()
    (other / "config.toml").write_text(settings.replace("seed = 0", "seed = 7", 1))
    checkpoint = torch.load(other / "checkpoint.pt", weights_only=True)
    torch.save({**checkpoint, "started_from": {"name": "starter", "sha256": "0f" * 32}}, other / "checkpoint.pt")
    capsys.readouterr()
    run("runs", "compare", runs[0], other, "--resamples", 20)
    said = capsys.readouterr().out
    assert "| run | fold0 | other |" in said
    assert "| `seed` | 0 | 7 |" in said
    assert "| weights at first | random | starter (0f0f0f0f0f0f0f0f) |" in said
    assert "data.test_fold" not in said
    report = json.loads((runs[0] / "test" / "report" / "evaluation.json").read_text())
    dice = [system["figures"]["Dice, all cases"]["value"] for system in report["systems"]]
    row = next(line for line in said.splitlines() if line.startswith("| Dice, all cases"))
    assert [f"{value:.4f}" for value in (*dice, dice[0] - dice[1])] == [cell.split()[0] for cell in row.split("|")[2:5]]
    assert "## Paired tests" in said
    assert cli.main(["runs", "compare", *map(str, runs)]) == 2
    assert "tested on other cases" in capsys.readouterr().err
    assert cli.main(["runs", "compare", str(runs[0]), str(work)]) == 2
    assert "no finished run: it lacks config.toml" in capsys.readouterr().err


def test_a_model_guided_by_another_encoder_is_taught_prompts_on_the_data_set(
    work: Path, runs: tuple[Path, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    taught, data = work / "taught", ("--data", work / "data")
    run("teach-prompts", "--model", runs[0] / "bundle", "-o", taught, *data, "--steps", 3, "--device", "cpu")
    bundle = load_bundle(taught)
    assert bundle.text.encoder.startswith("local-dir:")
    assert bundle.prompted is not None
    assert "Its prompted head: 2 studies of a data set, all outside fold 0" in bundle.config.training_data
    options = ("--model", taught, "--prompt", "left peripheral zone", *CPU)
    run("segment", work / "images" / "90001", "-o", work / "asked", *options)
    assert json.loads((work / "asked" / "report.json").read_text())["run"]["prompt"] == "left peripheral zone"
    assert (
        cli.main(["teach-prompts", "--model", str(taught), "-o", str(work / "x"), *map(str, data), "--fold", "7"]) == 2
    )
    assert "was tested on fold 0" in capsys.readouterr().err
    learned = trained_on(load_bundle(runs[0] / "bundle").config)
    assert len(learned) == 3
    assert trained_on(bundle.config) == learned


def test_a_trained_model_goes_to_monai(work: Path, runs: tuple[Path, ...]) -> None:
    pytest.importorskip("fire", reason="monai.bundle needs the package fire")
    from monai.bundle import verify_net_in_out

    run("export-monai", runs[0] / "bundle", "-o", work / "monai")
    files = {name: str(work / "monai" / "configs" / f"{file}.json") for name, file in MONAI_FILES.items()}
    verify_net_in_out(net_id="network_def", device="cpu", bundle_root=str(work / "monai"), **files)


def test_folds_are_cross_validated_into_one_table_and_one_model(
    work: Path, runs: tuple[Path, ...], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first fold is taken as it was trained, the second is trained here."""
    out = work / "cross-validated"
    shutil.copytree(runs[0], out / "fold0")
    shutil.copytree(work / "cases", out / "cases")
    options = ("--config", config, "--data", work / "data", "-o", out, "--resamples", 20, "--ensemble", *CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_predictions, "Protocol", partial(Protocol, resamples=20))
        run("cross-validate", *options)
    assert capsys.readouterr().err.count("trained earlier") == 1
    folds = {case.name: case.fold for case in read_manifest(work / "data").cases}
    assert set(cases_of(out / "report")) == set(folds)
    for number in FOLDS:
        sha256 = load_bundle(out / f"fold{number}" / "bundle").sha256
        own = [read_run(out / "predictions" / case) for case in folds if folds[case] == number]
        assert {run.model.sha256 for run in own} == {sha256}
    with (out / "cross-validation.csv").open() as stream:
        row = next(row for row in csv.DictReader(stream) if row["figure"] == "Dice, all cases")
    dice = {case: float(figures[0]) for case, figures in cases_of(out / "report").items()}
    means = [np.mean([dice[case] for case in folds if folds[case] == number]) for number in FOLDS]
    expected = (*means, np.mean(means), np.std(means, ddof=1), np.mean(list(dice.values())))
    assert [float(row[name]) for name in ("fold 0", "fold 1", "mean", "sd", "all")] == pytest.approx(expected, abs=1e-4)
    together = load_bundle(out / "ensemble")
    assert [one["split"]["test_fold"] for one in together.config.metrics["members"]] == list(FOLDS)
    run("cross-validate", *options)
    said = capsys.readouterr()
    assert said.err.count("trained earlier") == 2
    assert said.out.count("0 studies segmented, 3 finished earlier") == 2
    seen = ("segment-cohort", "--data", work / "data", "-o", work / "seen", "--model", out / "ensemble", *CPU)
    for share in (("--share", "test"), ("--fold", "0")):
        assert cli.main([*map(str, seen), *share]) == 2
        assert "tested on different folds (0, 1)" in capsys.readouterr().err


def test_a_dry_run_reads_everything_and_writes_nothing(
    work: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(work.rglob("*"))
    run("train", "--config", config, "--data", work / "data", "--dry-run", "--set", "schedule.iterations=3", *CPU)
    said = capsys.readouterr().out
    assert set(work.rglob("*")) == before
    assert "3 test cases" in said
    kinds = ("patches: 1 epochs of 3 steps", "whole regions: 1 epochs of 3", "refiner: 1 epochs of 3", " cases in all")
    assert [words for words in (*kinds, "GiB at most", "hours on this computer") if words not in said] == []


def cases_of(report: Path) -> dict[str, tuple[str, ...]]:
    with (report / "cases.csv").open() as stream:
        return {row["case"]: (row["dice"], row["hd95"], row["found"]) for row in csv.DictReader(stream)}
