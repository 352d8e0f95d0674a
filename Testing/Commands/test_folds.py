"""A prepared dataset's folds: what is segmented and judged is what a model has not seen, with the labels that were
prepared."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib.bundle.config import CONFIG_FILE
from ProstateAlignRefineLib.commands import evaluate, prepare, segment_cohort
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.training.manifest import read_manifest
from ProstateAlignRefineLib.training.unseen import marks_of

pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")
CASES = ("1_10", "2_20", "3_30")
LABELS = Path("csPCa_lesion_delineations", "human_expert", "resampled")


def segment(*options):
    return run_command(segment_cohort, *options)


def judge(*options):
    return run_command(evaluate, "--resamples", 20, *options)


@pytest.fixture
def dataset(a_study_folder, tmp_path) -> Path:
    """Three patients, a fold each; the first has a lesion."""
    images, labels = tmp_path / "images", tmp_path / "labels"
    (labels / LABELS).mkdir(parents=True)
    for case in CASES:
        folder = images / case.split("_")[0]
        folder.mkdir(parents=True)
        for name in ("t2w", "adc", "hbv"):
            shutil.copy(a_study_folder / f"a_{name}.mha", folder / f"{case}_{name}.mha")
        t2w = sitk.ReadImage(str(folder / f"{case}_t2w.mha"))
        t2w[0, 0, 0] = CASES.index(case)  # no two studies have the same file
        sitk.WriteImage(t2w, str(folder / f"{case}_t2w.mha"))
        label = sitk.ReadImage(str(a_study_folder / "a_t2w.mha")) < -1e9
        if case == CASES[0]:
            label[28:36, 28:36, 4:8] = 3
        sitk.WriteImage(label, str(labels / LABELS / f"{case}.nii.gz"))
    with (tmp_path / "folds.csv").open("w") as stream:
        csv.writer(stream).writerows([("case", "fold"), *((case, fold) for fold, case in enumerate(CASES))])
    out = tmp_path / "dataset"
    run_command(prepare, "--images", images, "--labels", labels, "-o", out, "--splits", tmp_path / "folds.csv")
    return out


def trained_on(dataset: Path, bundle: Path, folder: Path, test_fold: int) -> Path:
    """The bundle as a run on this dataset would have left it."""
    shutil.copytree(bundle, folder)
    config, manifest = json.loads((folder / CONFIG_FILE).read_text()), read_manifest(dataset)
    learned = marks_of(case for case in manifest.cases if case.fold != test_fold)
    config["metrics"]["split"] = {"sha256": manifest.split_sha256, "test_fold": test_fold}
    config["metrics"]["trained_on"] = " ".join(sorted(learned))
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    return folder


def results_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")}


def test_exactly_the_cases_of_a_fold_are_segmented_and_judged_with_its_labels(dataset, a_bundle, tmp_path, capsys):
    out, model = tmp_path / "out", trained_on(dataset, a_bundle, tmp_path / "model", 1)
    assert segment("--data", dataset, "--share", "test", "-o", out, "--model", model) == 0
    assert results_in(out) == {CASES[1]}
    judging = ("--data", dataset, "--predictions", out, "-o", tmp_path / "report")
    assert judge(*judging, "--fold", 1) == 0
    (tmp_path / "report" / "cases.csv").unlink()
    assert judge(*judging, "--share", "test", "--model", model) == 0
    with (tmp_path / "report" / "cases.csv").open() as stream:
        assert {row["case"] for row in csv.DictReader(stream)} == {CASES[1]}


def test_training_cases_are_refused_unless_told(dataset, a_bundle, tmp_path):
    out, model = tmp_path / "out", trained_on(dataset, a_bundle, tmp_path / "model", 1)
    with pytest.raises(InputError, match=r"Fold 0 holds cases that the model .* was trained on; only fold 1 is new"):
        segment("--data", dataset, "--fold", 0, "-o", out, "--model", model)
    with pytest.raises(InputError, match=r"The dataset has no fold 9, but 0, 1, 2; name one"):
        segment("--data", dataset, "--fold", 9, "-o", out, "--model", model)
    assert not out.exists()
    assert segment("--data", dataset, "--fold", 0, "-o", out, "--model", model, "--with-training-cases") == 0
    assert results_in(out) == {CASES[0]}
    judging = ("--data", dataset, "--fold", 0, "-o", tmp_path / "report", "--predictions")
    with pytest.raises(InputError, match=r"1 of the answers in 'out' are to studies that the model was trained on"):
        judge(*judging, out)
    labels = tmp_path / "labels" / LABELS  # masks tell no model
    with pytest.raises(InputError, match=r"Fold 0 holds cases that the model .* was trained on; only fold 1 is new"):
        judge(*judging, labels, "--model", model)
    with pytest.raises(InputError, match=r"1 of the answers in 'out'"):
        judge(*judging, labels, "--against", out)
    assert not (tmp_path / "report").exists()
    assert judge(*judging, out, "--model", model, "--with-training-cases") == 0


def prepared_anew(dataset: Path, folds: dict[str, int]) -> Path:
    """The same studies in other folds."""
    table, out = dataset.with_name("other.csv"), dataset.with_name("other")
    table.write_text("case,fold\n" + "".join(f"{case},{fold}\n" for case, fold in folds.items()))
    folders = ("--images", dataset.with_name("images"), "--labels", dataset.with_name("labels"))
    run_command(prepare, *folders, "-o", out, "--splits", table)
    return out


@pytest.mark.fault(
    "a model is to be judged on patients that it was trained on, in a dataset with other folds",
    "how many they are; with `--with-training-cases` every report says that its figures flatter",
)
def test_patients_that_a_model_was_trained_on_are_told_again_in_another_split(dataset, a_bundle, tmp_path, capsys):
    """Also by another study of them, and in results that were made all the same."""
    model = trained_on(dataset, a_bundle, tmp_path / "model", 1)
    before, after = (dataset.with_name("images") / "1" / f"{case}_t2w.mha" for case in (CASES[0], "1_11"))
    for name in ("t2w", "adc", "hbv"):
        shutil.copy(before.with_name(f"{CASES[0]}_{name}.mha"), after.with_name(f"1_11_{name}.mha"))
    later = sitk.ReadImage(str(after))
    later[0, 0, 0] = 11
    sitk.WriteImage(later, str(after))
    shutil.copy(
        dataset.with_name("labels") / LABELS / f"{CASES[0]}.nii.gz", tmp_path / "labels" / LABELS / "1_11.nii.gz"
    )
    other = prepared_anew(dataset, {CASES[0]: 0, "1_11": 0, CASES[1]: 1, CASES[2]: 1})
    options = ("--data", other, "--model", model, "-o", tmp_path / "out")
    with pytest.raises(InputError, match=r"2 of the 2 cases of fold 0 are of patients that the model .* trained on"):
        segment(*options, "--fold", 0)
    with pytest.raises(InputError, match=r"1 of the 2 cases of fold 1 are of patients"):
        segment(*options, "--fold", 1)
    assert not (tmp_path / "out").exists()
    assert segment(*options, "--fold", 1, "--with-training-cases") == 0
    assert "The model was trained on 1 of these studies" in capsys.readouterr().out
    judging = ("--data", other, "--fold", 1, "--predictions", tmp_path / "out", "-o", tmp_path / "report")
    assert judge(*judging, "--with-training-cases") == 0
    assert "1 of 2 answers are to studies that the model was trained on" in capsys.readouterr().out
    assert "flatter it" in (tmp_path / "report" / "evaluation.md").read_text()


def test_training_cases_are_told_in_a_list_of_studies_too(dataset, a_bundle, tmp_path, capsys):
    model = trained_on(dataset, a_bundle, tmp_path / "model", 1)
    assert segment(dataset.with_name("images"), "-o", tmp_path / "out", "--model", model) == 0
    assert "The model was trained on 2 of these studies" in capsys.readouterr().out
    with (tmp_path / "out" / "cohort.csv").open() as stream:
        told = {row["case"] for row in csv.DictReader(stream) if "training-case" in row["cautions"].split()}
    assert told == {CASES[0], CASES[2]}


def test_a_model_that_was_not_trained_on_the_dataset_has_no_test_share_of_it(dataset, a_bundle, tmp_path):
    with pytest.raises(InputError, match="has no test share of it; name the fold with --fold"):
        segment("--data", dataset, "--share", "test", "-o", tmp_path / "out", "--model", a_bundle)


@pytest.mark.parametrize(
    "options", [(), ("--data", "d"), ("--data", "d", "--fold", 1, "--share", "test"), ("l", "--fold", 1)]
)
def test_what_is_not_clear_is_refused(options, tmp_path):
    with pytest.raises(InputError, match=r"Give (LIST, or --data with|--fold or --share)"):
        segment(*options, "-o", tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--data", "d", "--share", "test"), "its model tells; name it with --model"),
        (("--data", "d", "--share", "test", "--fold", 1), "Give --fold or --share, not both"),
        (("--references", "r", "--model", "m"), "are of a dataset; give it with --data"),
    ],
)
def test_which_cases_are_to_be_judged_must_be_clear(options, said, tmp_path):
    with pytest.raises(InputError, match=said):
        judge("--predictions", tmp_path, "-o", tmp_path / "report", *options)


def test_a_fold_that_is_not_there_and_a_label_that_changed_are_refused(dataset, tmp_path):
    answers = ("--predictions", tmp_path / "labels" / LABELS, "-o", tmp_path / "report")
    with pytest.raises(InputError, match=r"no fold 7, but 0, 1, 2; name one"):
        judge("--data", dataset, "--fold", 7, *answers)
    assert judge("--data", dataset, *answers) == 0
    path = tmp_path / "labels" / LABELS / f"{CASES[2]}.nii.gz"
    sitk.WriteImage(sitk.ReadImage(str(path)) + 1, str(path))
    with pytest.raises(InputError, match=rf"^Case {CASES[2]}: label is missing or has changed since"):
        judge("--data", dataset, *answers)


def test_a_list_of_cases_and_several_label_sets(dataset, tmp_path):
    human, ai = tmp_path / "labels" / LABELS, tmp_path / "labels" / "AI"
    ai.mkdir()
    (human / f"{CASES[1]}.nii.gz").rename(ai / f"{CASES[1]}.nii.gz")
    other = sitk.ReadImage(str(human / f"{CASES[0]}.nii.gz"))
    sitk.WriteImage(other * 0, str(ai / f"{CASES[0]}.nii.gz"))  # the first folder's file counts
    predictions = tmp_path / "predictions"
    predictions.mkdir()
    for case, folder in ((CASES[0], human), (CASES[1], ai)):
        shutil.copy(folder / f"{case}.nii.gz", predictions)
    (tmp_path / "list.txt").write_text(f"{CASES[0]}\n{CASES[1]}\n")
    options = ("--predictions", predictions, "--references", human, ai, "-o", tmp_path / "report")
    with pytest.raises(InputError, match="have no prediction"):
        judge(*options)
    assert judge(*options, "--cases", tmp_path / "list.txt") == 0
    with (tmp_path / "report" / "cases.csv").open() as stream:
        rows = {row["case"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(CASES[:2])
    assert float(rows[CASES[0]]["dice"]) == 1
    (tmp_path / "list.txt").write_text("9_99\n")
    with pytest.raises(InputError, match=r"names 1 cases without a reference \(9_99\); mend it"):
        judge(*options, "--cases", tmp_path / "list.txt")


@pytest.mark.parametrize("kind", [".mha", ".nii.gz"])
def test_a_distance_of_the_tolerance_is_within_it_whatever_the_file_keeps(kind, tmp_path):
    """Five voxels of 0.4 mm are 2 mm, also where NIfTI keeps them as 0.4000000059."""
    truth = np.zeros((6, 60, 60), np.uint8)
    truth[2:4, 20:40, 20:40] = 1
    for folder, mask in (("references", truth), ("predictions", np.roll(truth, 5, axis=2))):
        image = sitk.GetImageFromArray(mask)
        image.SetSpacing((0.4, 0.4, 3.0))
        (tmp_path / folder).mkdir()
        sitk.WriteImage(image, str(tmp_path / folder / f"1_1{kind}"))
    references, out = tmp_path / "references", tmp_path / "out"
    assert judge("--predictions", tmp_path / "predictions", "--references", references, "-o", out) == 0
    with (out / "cases.csv").open() as stream:
        row = next(csv.DictReader(stream))
    assert (float(row["nsd_2mm"]), float(row["hd95"]), float(row["reference_ml"])) == (1.0, 1.62, 0.384)
