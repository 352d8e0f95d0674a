"""One real study through the whole of `segment` with the model that ships."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.geometry import Grid

pytestmark = pytest.mark.slow


def tool(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


def labels(folder: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "lesions.nii.gz")))


@pytest.fixture(scope="module")
def from_dicom(real_study, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dicom") / "out"
    assert main(["segment", str(real_study / "dicom"), "-o", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def from_files(real_study, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("files") / "out"
    assert main(["segment", str(real_study / "picai" / "images"), "-o", str(out)]) == 0
    return out


def test_the_right_three_of_seven_series_are_read(from_dicom):
    sources = json.loads((from_dicom / "report.json").read_text())["run"]["sources"]
    assert [sources[name].split(":")[0].split(" (")[0] for name in ("t2w", "adc", "hbv")] == [
        "series 4",
        "series 7",
        "series 8",
    ]


def test_something_is_found(from_dicom):
    assert labels(from_dicom).max() >= 1


def test_files_and_dicom_give_the_same_lesions(from_dicom, from_files):
    first, second = labels(from_dicom) > 0, labels(from_files) > 0
    assert 2 * (first & second).sum() / (first.sum() + second.sum()) >= 0.99


def test_the_segmentation_object_has_no_error(from_dicom):
    done = subprocess.run(
        [tool("dciodvfy"), str(from_dicom / "lesions.seg.dcm")], capture_output=True, text=True, check=False
    )
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
    assert not errors


def test_dcmqi_reads_the_identical_mask(from_dicom, tmp_path):
    subprocess.run(
        [
            tool("segimage2itkimage"),
            "--inputDICOM",
            str(from_dicom / "lesions.seg.dcm"),
            "--outputDirectory",
            str(tmp_path),
            "--outputType",
            "nii",
            "--mergeSegments",
        ],
        check=True,
        capture_output=True,
    )
    (path,) = tmp_path.glob("*.nii.gz")
    ours = sitk.ReadImage(str(from_dicom / "lesions.nii.gz"))
    theirs = sitk.Resample(sitk.ReadImage(str(path)), ours, sitk.Transform(), sitk.sitkNearestNeighbor)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(theirs), sitk.GetArrayFromImage(ours))


def test_the_stored_volumes_say_nothing_of_the_patient(from_dicom):
    for path in from_dicom.rglob("*.nii.gz"):
        image = sitk.ReadImage(str(path))
        text = " ".join(image.GetMetaData(key) for key in image.GetMetaDataKeys())
        assert "ProstateX" not in text
    assert "ProstateX" not in (from_dicom / "report.json").read_text()


def test_gate_writes_the_segmentation_again_from_the_folder_alone(from_dicom, tmp_path, real_study):
    import shutil

    copy = tmp_path / "moved"
    shutil.copytree(from_dicom, copy)
    program = "import sys; from ProstateAlignRefineLib.cli import main; sys.exit(main(sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", program, "gate", str(copy), "--alpha", "0"], check=True, capture_output=True)
    report = json.loads((copy / "report.json").read_text())
    assert report["run"]["alpha"] == 0
    assert report["edits_voxels"] == {"added": 0, "removed": 0}
    assert (copy / "lesions.seg.dcm").is_file() == bool(report["lesions"])
    t2w = Grid.of(sitk.ReadImage(str(real_study / "picai" / "images" / "11373_1001396_t2w.mha")))
    assert Grid.of(sitk.ReadImage(str(copy / "lesions.nii.gz"))).matches(t2w)
