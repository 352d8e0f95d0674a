"""The model that ships: a stromal nodule is held back as a candidate, and a lesion is not."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.bundle.summary import read_summary
from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.storage.image_writing import write_image
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

NODULE, SURE = 930018, 930002  # without a lesion, but with a nodule of mildly low ADC and no HBV contrast; with two
GENEROUS = 1.0


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    def write(seed: int) -> Path:
        folder = tmp_path_factory.mktemp(f"phantom{seed}")
        phantom = make_phantom(seed, Sampling.of_field((0.75, 0.75, 3.0), (132.0, 132.0, 72.0)), "holdout")
        for modality in Modality:
            write_image(phantom.study.volume(modality), folder / f"a_{modality.value}.nii.gz")
        return folder

    return write


def report(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text())


def array(folder: Path, name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz")))


def test_a_stromal_nodule_that_the_network_marks_is_a_candidate_and_shown_only_on_demand(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["segment", str(study(NODULE)), "-o", str(out), "--precision", "fp32"]) == 0
    before, picture = report(out), (out / "overview.png").read_bytes()
    assert (array(out, "base_margin") > 0).any()
    assert before["lesions"] == before["candidates"] == []
    assert not array(out, "lesions").any()

    assert main(["gate", str(out), "--false-positives", str(GENEROUS)]) == 0
    assert "which are no lesions" in capsys.readouterr().out
    shown = report(out)
    assert shown["lesions"] == []
    rule = read_summary(starter_bundle_path()).facts.findings
    assert rule is not None
    assert 0 < max(one["confidence"] for one in shown["candidates"]) < rule.operating_confidence
    assert not array(out, "lesions").any()
    assert (out / "overview.png").read_bytes() != picture
    expected = shown["findings"]["expected_with_candidates"]
    assert rule.expected(rule.operating_confidence).false_positives < expected["false_positives_a_study"] <= GENEROUS

    assert main(["gate", str(out), "--false-positives", "0"]) == 0
    assert {**report(out), "files": {}} == {**before, "files": {}}
    assert (out / "overview.png").read_bytes() == picture


def test_what_stands_out_is_a_lesion_and_the_more_confident_comes_first(study, tmp_path):
    out = tmp_path / "out"
    folder = study(SURE)
    assert main(["segment", str(folder), "-o", str(out), "--precision", "fp32", "--false-positives", "2"]) == 0
    found = report(out)
    confidences = [one["confidence"] for one in (*found["lesions"], *found["candidates"])]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] > 0.9
    assert found["candidates"]
    numbers = [one["number"] for one in (*found["lesions"], *found["candidates"])]
    assert numbers == list(range(1, len(numbers) + 1))
    assert array(out, "lesions").max() == len(found["lesions"])


def test_with_a_place_given_no_rule_judges_and_the_report_says_so(study, tmp_path):
    out = tmp_path / "out"
    options = ["--prompt", "left PZ", "--false-positives", "1"]
    assert main(["segment", str(study(SURE)), "-o", str(out), "--precision", "fp32", *options]) == 0
    found = report(out)
    assert found["candidates"] == []
    assert "not calibrated" in found["findings"]["confidence"]
    for lesion in found["lesions"]:
        assert lesion["confidence"] == lesion["mean_confidence"]


@pytest.mark.fault("expected false positives that no study can have", "its bounds")
@pytest.mark.parametrize("rate", ["-1", "nan", "21"])
def test_a_rate_that_cannot_be_is_refused_in_a_sentence(rate, tmp_path, capsys):
    assert main(["segment", str(tmp_path), "-o", str(tmp_path / "out"), "--false-positives", rate]) == 2
    assert "expected false positives a study" in capsys.readouterr().err
