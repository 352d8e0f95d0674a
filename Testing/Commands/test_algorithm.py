"""The container's entry point, without the container: PI-CAI's files in, PI-CAI's files out."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from picai_eval.eval import evaluate_case

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.geometry import Grid

DOCKERFILE = Path(__file__).resolve().parents[2] / "Resources" / "GrandChallenge" / "Dockerfile"
CPU = ["--device", "cpu", "--precision", "fp32"]


@pytest.fixture
def given(a_study_folder: Path, tmp_path: Path) -> Path:
    """`a_study_folder` as grand-challenge lays it out."""
    for name, sequence in (("t2w", "t2"), ("adc", "adc"), ("hbv", "hbv")):
        folder = tmp_path / "input" / "images" / f"transverse-{sequence}-prostate-mri"
        folder.mkdir(parents=True)
        shutil.copy(a_study_folder / f"a_{name}.mha", folder / "0001.mha")
    (tmp_path / "input" / "clinical-information-prostate-mri.json").write_text('{"PSA_report": 7.1}')
    return tmp_path / "input"


def entry_point(places: dict[str, Path]) -> list[str]:
    """The Dockerfile's, its folders replaced."""
    line = next(line for line in DOCKERFILE.read_text().splitlines() if line.startswith("ENTRYPOINT"))
    program, *arguments = json.loads(line.removeprefix("ENTRYPOINT"))
    assert program == "prostate-align-refine"
    return [str(places.get(argument, argument)) for argument in arguments]


def test_a_detection_map_and_a_likelihood_are_written(given: Path, a_bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "output"
    arguments = entry_point({"/input": given, "/output": out, "/opt/model": a_bundle})
    assert cli.main([*arguments, *CPU]) == 0
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        "cspca-case-level-likelihood.json",
        "images/cspca-detection-map/cspca_detection_map.mha",
    ]
    likelihood = json.loads((out / "cspca-case-level-likelihood.json").read_text())
    image = sitk.ReadImage(str(out / "images" / "cspca-detection-map" / "cspca_detection_map.mha"))
    t2w = sitk.ReadImage(str(given / "images" / "transverse-t2-prostate-mri" / "0001.mha"))
    assert Grid.of(image).matches(Grid.of(t2w))
    values = sitk.GetArrayFromImage(image)
    assert 0 < likelihood == pytest.approx(float(values.max()))
    assert values.max() <= 1
    _, score, *_ = evaluate_case(values, (values == values.max()).astype(np.int32))
    assert score == pytest.approx(likelihood)


def test_a_precision_that_is_not_used_is_said(given: Path, a_bundle: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    arguments = entry_point({"/input": given, "/output": tmp_path / "output", "/opt/model": a_bundle})
    assert cli.main([*arguments, "--device", "cpu", "--precision", "bf16"]) == 0
    assert "computing in fp32." in "".join(capsys.readouterr())


@pytest.mark.fault("`algorithm`: the disk has room for the map alone", "that space lacks; neither file is written")
def test_map_and_likelihood_are_written_both_or_neither(given, a_bundle, tmp_path, small_disk, capsys) -> None:
    out = tmp_path / "output"
    assert cli.main([*entry_point({"/input": given, "/output": out, "/opt/model": a_bundle}), *CPU]) == 0
    pages = -(-next(out.rglob("*.mha")).stat().st_size // 4096)
    disk = small_disk(4 * pages)
    capsys.readouterr()
    assert cli.main([*entry_point({"/input": given, "/output": disk, "/opt/model": a_bundle}), *CPU]) == 2
    assert re.search("free (some )?space", capsys.readouterr().err)
    assert not [path for path in disk.rglob("*") if path.is_file()]


def test_the_map_is_that_of_segment(given: Path, a_study_folder: Path, a_bundle: Path, tmp_path: Path) -> None:
    from ProstateAlignRefineLib.evaluation.extraction import extract_candidates

    out, result = tmp_path / "output", tmp_path / "result"
    assert cli.main([*entry_point({"/input": given, "/output": out, "/opt/model": a_bundle}), *CPU]) == 0
    gate = ["--tau", "0.35", "--alpha", "0"]
    assert cli.main(["segment", str(a_study_folder), "-o", str(result), "--model", str(a_bundle), *gate, *CPU]) == 0
    base = sitk.GetArrayFromImage(sitk.ReadImage(str(result / "base_margin.nii.gz"))).astype(float)
    refined = sitk.GetArrayFromImage(sitk.ReadImage(str(result / "refined_margin.nii.gz")))
    confidence = sitk.GetArrayFromImage(sitk.ReadImage(str(result / "confidence.nii.gz")))
    margin = base + 0.25 * (refined - base) * (confidence > 0.35)  # the bundle's own gate
    expected = extract_candidates((1 / (1 + np.exp(-margin))).astype(np.float32))
    image = sitk.ReadImage(str(out / "images" / "cspca-detection-map" / "cspca_detection_map.mha"))
    np.testing.assert_allclose(sitk.GetArrayFromImage(image), expected, atol=1e-4)


def test_what_cannot_be_used_is_said_and_nothing_is_overwritten(
    given: Path, a_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["algorithm", "--input", str(given), "--output", str(tmp_path / "o"), "--model", str(a_bundle), *CPU]
    folder = given / "images" / "transverse-adc-prostate-mri"
    shutil.copy(folder / "0001.mha", folder / "0002.mha")
    assert cli.main(options) == 2
    assert "images/transverse-adc-prostate-mri must hold one .mha file, it holds 2" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "cspca-case-level-likelihood.json").write_text("0.5")
    assert cli.main(options) == 2
    assert "is in the output folder already" in capsys.readouterr().err
    assert (tmp_path / "o" / "cspca-case-level-likelihood.json").read_text() == "0.5"
