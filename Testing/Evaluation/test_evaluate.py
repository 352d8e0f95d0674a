"""The command: files of any system in, JSON, tables, Markdown and figures out."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from Evaluation.making import FIRST, GRID, SECOND, volume, write
from host.commands import run_command
from ProstateAlignRefineLib.commands import evaluate
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.evaluation.volumes import find_cases, read_prediction

pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")

HALF = (slice(2, 5), slice(4, 12), slice(4, 8))


def run(*options: str | Path) -> int:
    return run_command(evaluate, "--resamples", 20, *options)


@pytest.fixture
def references(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    write(volume((FIRST, 3), (SECOND, 2)).astype(np.uint8), folder / "1_1.nii.gz")
    write(volume((FIRST, 2)).astype(np.uint8), folder / "2_2.nii.gz")
    write(volume().astype(np.uint8), folder / "3_3.nii.gz")
    return folder


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    folder = tmp_path / "masks"
    write(volume((FIRST, 1)).astype(np.uint8), folder / "1_1_pred.mha")
    write(volume((HALF, 1)).astype(np.uint8), folder / "2_2.mha")
    write(volume().astype(np.uint8), folder / "3_3.mha")
    return folder


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    write(volume((FIRST, 0.6), (HALF, 0.9), (SECOND, 0.7)), folder / "1_1_softmax.nii.gz")
    write(volume((FIRST, 0.3), (HALF, 0.8)), folder / "2_2.nii.gz")
    write(volume((SECOND, 0.2)), folder / "3_3.nii.gz")
    return folder


def figures(out: Path, system: int = 0) -> dict[str, float]:
    found = json.loads((out / "evaluation.json").read_text())["systems"][system]["figures"]
    return {name: estimate["value"] for name, estimate in found.items()}


def test_masks_against_references(references: Path, masks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("--predictions", masks, "--references", references, "-o", out) == 0
    found = figures(out)
    dice = (2 * 192 / (192 + 267), 2 * 96 / (96 + 192))
    assert found["Dice, positives"] == pytest.approx(np.mean(dice))
    assert found["lesion sensitivity"] == pytest.approx(2 / 3)
    assert found["ECE"] is None
    with (out / "cases.csv").open() as file:
        cases = list(csv.DictReader(file))
    assert [case["case"] for case in cases] == ["1_1", "2_2", "3_3"]
    assert [case["hd95"] for case in cases][2] == "0.0"  # both empty
    with (out / "lesions.csv").open() as file:
        lesions = list(csv.DictReader(file))
    assert [lesion["found"] for lesion in lesions] == ["1", "0", "1"]
    assert lesions[1]["hd95"] == ""


def test_two_systems_are_compared_case_by_case(references: Path, masks: Path, maps: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("--predictions", maps, "--references", references, "--against", masks, "-o", out) == 0
    report = json.loads((out / "evaluation.json").read_text())
    gap = report["differences"]["lesion sensitivity"]["value"]
    assert gap == pytest.approx(figures(out, 0)["lesion sensitivity"] - figures(out, 1)["lesion sensitivity"])
    assert gap == pytest.approx(1 / 3)
    assert report["tests"]["Dice, positives"]["cases"] == 2
    text = (out / "evaluation.md").read_text()
    assert "Empty rule" in text
    assert "| Dice, positives |" in text
    assert report["systems"][0]["references_sha256"] in text
    assert (out / "cases-against.csv").is_file()
    for name in ("froc", "dice", "reliability"):
        assert np.asarray(Image.open(out / f"{name}.png")).std() > 5


def test_picai_eval_reads_what_was_measured(references: Path, masks: Path, maps: Path, tmp_path: Path) -> None:
    from picai_eval.metrics import Metrics

    out = tmp_path / "out"
    assert run("--predictions", maps, "--against", masks, "--references", references, "-o", out) == 0
    for system, suffix in enumerate(("", "-against")):
        read = Metrics(out / f"picai_eval{suffix}.json")
        assert read.case_target == {"1_1": 1, "2_2": 1, "3_3": 0}
        found = figures(out, system)
        assert (read.AP, read.auroc) == pytest.approx((found["AP"], found["AUROC"]))


def test_a_system_against_one_of_the_same_name_stays_apart(references: Path, masks: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "masks"
    for case in ("1_1", "2_2", "3_3"):
        write(volume().astype(np.uint8), other / f"{case}.mha")
    out = tmp_path / "out"
    assert run("--predictions", masks, "--references", references, "--against", other, "-o", out) == 0
    systems = json.loads((out / "evaluation.json").read_text())["systems"]
    assert [system["name"] for system in systems] == ["masks", "masks (against)"]


def test_the_hash_of_the_references_follows_their_content(references: Path, masks: Path, tmp_path: Path) -> None:
    hashes = []
    for change in (volume(), volume(), volume((SECOND, 1))):
        write(change.astype(np.uint8), references / "3_3.nii.gz")
        run("--predictions", masks, "--references", references, "-o", tmp_path / "out")
        hashes.append(json.loads((tmp_path / "out/evaluation.json").read_text())["systems"][0]["references_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_reference_without_prediction_is_an_error(references: Path, masks: Path, tmp_path: Path) -> None:
    (masks / "2_2.mha").unlink()
    with pytest.raises(InputError, match=r"1 of 3 references have no prediction .*\(2_2\)"):
        run("--predictions", masks, "--references", references, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_prediction_without_reference_is_counted(references: Path, masks: Path, tmp_path: Path) -> None:
    write(volume().astype(np.uint8), masks / "9_9.mha")
    run("--predictions", masks, "--references", references, "-o", tmp_path / "out")
    assert "1 predictions have no reference" in (tmp_path / "out" / "evaluation.md").read_text()


def test_two_files_of_one_case_are_refused(masks: Path) -> None:
    write(volume().astype(np.uint8), masks / "1_1.nii.gz")
    with pytest.raises(InputError, match=r"Two files .* case '1_1'"):
        find_cases(masks)


@pytest.mark.parametrize(
    ("values", "message"),
    [(volume((FIRST, 1.5)), "up to 1.5"), (volume((FIRST, -1)), "negative"), (volume((FIRST, np.nan)), "not finite")],
)
def test_values_that_are_no_probabilities_are_refused(values: np.ndarray, message: str, tmp_path: Path) -> None:
    write(values, tmp_path / "a.mha")
    with pytest.raises(InputError, match=message):
        read_prediction(tmp_path / "a.mha", GRID, 0.5)


def test_lesion_numbers_are_a_mask(tmp_path: Path) -> None:
    write(volume((FIRST, 2), (SECOND, 1)).astype(np.uint8), tmp_path / "a.nii.gz")
    prediction = read_prediction(tmp_path / "a.nii.gz", GRID, 0.5)
    np.testing.assert_array_equal(prediction.mask, volume((FIRST, 1), (SECOND, 1)) > 0)
    assert not prediction.graded
    assert prediction.confidence.max() == 1


def test_probabilities_of_nnunet_are_read_beside_its_mask(tmp_path: Path) -> None:
    """[classes, Z, Y, X] as --save_probabilities writes them; the mask alone would rank every finding alike."""
    lesion = volume((FIRST, 0.75), (SECOND, 0.25))
    write(volume((FIRST, 1)).astype(np.uint8), tmp_path / "a.nii.gz")
    np.savez_compressed(tmp_path / "a.npz", probabilities=np.stack([1 - lesion, lesion]))
    assert list(find_cases(tmp_path)) == ["a"]
    prediction = read_prediction(tmp_path / "a.nii.gz", GRID, 0.5)
    np.testing.assert_array_equal(prediction.confidence, lesion)
    np.testing.assert_array_equal(prediction.mask, volume((FIRST, 1)) > 0)
    assert prediction.graded
    coarse = Grid((15, 15, 8), (2.0, 2.4, 2.5), tuple(GRID.to_lps((0.5, 0.5, 0.0))), GRID.direction)
    assert read_prediction(tmp_path / "a.nii.gz", coarse, 0.5).confidence[3, 3, 3] == 0.75


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"softmax": np.zeros((2, *GRID.shape))}, "'a.npz' lies beside a mask and holds no probabilities"),
        ({"probabilities": np.zeros((2, 8, 30, 29))}, "'a.npz' is of an image of another size"),
        (b"PK nothing", "'a.npz' lies beside a mask and holds no probabilities"),
    ],
)
def test_what_is_not_nnunets_beside_a_mask_is_refused(content, message: str, tmp_path: Path) -> None:
    write(volume((FIRST, 1)).astype(np.uint8), tmp_path / "a.nii.gz")
    if isinstance(content, bytes):
        (tmp_path / "a.npz").write_bytes(content)
    else:
        np.savez_compressed(tmp_path / "a.npz", **content)
    with pytest.raises(InputError, match=message):
        read_prediction(tmp_path / "a.nii.gz", GRID, 0.5)


def test_a_prediction_on_another_grid_is_brought_to_the_reference(tmp_path: Path) -> None:
    """Twice as fine in plane; the physical place of the box decides."""
    fine = Grid((60, 60, 8), (0.5, 0.6, 2.5), tuple(GRID.to_lps((-0.25, -0.25, 0.0))), GRID.direction)
    write(np.kron(volume((FIRST, 1)), np.ones((1, 2, 2))).astype(np.uint8), tmp_path / "a.nii.gz", fine)
    prediction = read_prediction(tmp_path / "a.nii.gz", GRID, 0.5)
    assert prediction.resampled
    np.testing.assert_array_equal(prediction.mask, volume((FIRST, 1)) > 0)


def test_results_of_segment_bring_their_own_outline_and_probability(tmp_path: Path) -> None:
    from ProstateAlignRefineLib.bundle.summary import ModelFacts
    from ProstateAlignRefineLib.core.geometry import to_image
    from ProstateAlignRefineLib.core.maps import Maps, save_maps, write_volume
    from ProstateAlignRefineLib.results.lesions_at import lesions_at
    from ProstateAlignRefineLib.results.report import write_report
    from ProstateAlignRefineLib.results.run import Run

    folder = tmp_path / "1_1"
    folder.mkdir()
    base = np.where(volume((FIRST, 1), (SECOND, 1)) > 0, 1.0, -5.0).astype(np.float32)
    maps = Maps(GRID, base, base + 2, np.ones_like(base), np.zeros_like(base))
    save_maps(maps, folder)
    write_volume(volume((FIRST, 1)).astype(np.uint8), GRID, folder / "lesions.nii.gz")  # the second below the minimum
    facts = ModelFacts("m", "0" * 64, "", 0.35, 0.5, "p", 0.3)
    run = Run(facts, "p", "CPU", "fp32", {}, {}, {})
    write_report(folder, run, lesions_at(maps, to_image(base, GRID), run.own_setting), {}, gland=None)
    assert list(find_cases(tmp_path)) == ["1_1"]
    prediction = read_prediction(folder, GRID, 0.5)
    np.testing.assert_array_equal(prediction.mask, volume((FIRST, 1)) > 0)
    assert prediction.confidence[3, 22, 22] == pytest.approx(1 / (1 + np.exp(-2.0)))
