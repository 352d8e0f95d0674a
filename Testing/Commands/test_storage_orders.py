"""The starter model on a phantom whose files are stored in other orders: the same lesions, in the same words."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, resample, to_array
from ProstateAlignRefineLib.core.orientation import ORDERS, Order
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

SEED = 15
RAS = Order((0, 1, 2), (True, True, False))
LPI = Order((0, 1, 2), (False, False, True))
PERMUTED = Order((2, 0, 1), (True, False, True))


def stored(study: Study, folder: Path, order: Order, suffix: str) -> Path:
    """T2W, ADC and HBV in `order`, turned on by one each."""
    folder.mkdir()
    start = ORDERS.index(order)
    for number, modality in enumerate(Modality):
        image = ORDERS[(start + 13 * number) % 48].of_image(study.volume(modality))
        sitk.WriteImage(image, str(folder / f"a_{modality.value}{suffix}"))
    return folder


def lesions_of(out: Path) -> sitk.Image:
    return sitk.ReadImage(str(out / "lesions.nii.gz"))


def words_of(out: Path) -> list:
    report = json.loads((out / "report.json").read_text())
    return [
        (lesion["place"], lesion["slices"], round(lesion["max_axial_diameter_mm"], 1)) for lesion in report["lesions"]
    ]


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(SEED, Sampling.of_field((0.7, 0.7, 3.0), (128.0, 128.0, 72.0)))


@pytest.fixture(scope="module")
def plain(phantom, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    study = stored(phantom.study, folder / "study", ORDERS[0], ".nii.gz")
    assert main(["segment", str(study), "-o", str(folder / "out"), "--precision", "fp32"]) == 0
    assert to_array(lesions_of(folder / "out")).any(), "without a lesion this test shows nothing"
    return folder / "out"


@pytest.mark.fault("T2W, ADC and HBV are stored in other orders of axes", "the same lesions, in the same words")
@pytest.mark.parametrize(("order", "suffix"), [(RAS, ".nii.gz"), (LPI, ".mha"), (PERMUTED, ".nrrd")])
def test_lesions_and_words_do_not_depend_on_the_storage(phantom, plain, tmp_path, order, suffix):
    study = stored(phantom.study, tmp_path / "study", order, suffix)
    assert main(["segment", str(study), "-o", str(tmp_path / "out"), "--precision", "fp32"]) == 0
    mine, theirs = lesions_of(plain), lesions_of(tmp_path / "out")
    t2w = sitk.ReadImage(str(study / f"a_t2w{suffix}"))
    for name in ("lesions", "confidence", "zones", "edits", "study/t2w"):  # they lie over the user's own file
        assert Grid.of(sitk.ReadImage(str(tmp_path / "out" / f"{name}.nii.gz"))).matches(Grid.of(t2w), 0.02)
    mask, other = to_array(mine) > 0, to_array(resample(theirs, Grid.of(mine), NEAREST)) > 0
    dice = 2 * (mask & other).sum() / (mask.sum() + other.sum())
    print(f"Dice {dice:.5f}")
    assert dice >= 0.99
    assert words_of(tmp_path / "out") == words_of(plain)
    before = to_array(theirs)
    assert main(["gate", str(tmp_path / "out")]) == 0
    assert np.array_equal(to_array(lesions_of(tmp_path / "out")), before)
    assert words_of(tmp_path / "out") == words_of(plain)
    judged(plain, tmp_path)


def judged(plain: Path, folder: Path) -> None:
    """`evaluate` takes the other order for the same voxels, and resamples nothing."""
    (folder / "references").mkdir()
    (folder / "predictions").mkdir()
    (folder / "references" / "a.nii.gz").write_bytes((plain / "lesions.nii.gz").read_bytes())
    mask = sitk.Cast(lesions_of(folder / "out") > 0, sitk.sitkUInt8)
    sitk.WriteImage(mask, str(folder / "predictions" / "a.nii.gz"))
    options = ["--predictions", str(folder / "predictions"), "--references", str(folder / "references")]
    assert main(["evaluate", *options, "-o", str(folder / "figures")]) == 0
    row = (folder / "figures" / "cases.csv").read_text().splitlines()
    values = dict(zip(row[0].split(","), row[1].split(","), strict=True))
    assert float(values["dice"]) >= 0.99
    assert values.get("resampled", "False") in ("False", "0", "")


@pytest.mark.fault("an image file was cut short", "segment, evaluate, gate and prepare refuse it")
def test_every_command_refuses_what_is_cut_short(plain, phantom, tmp_path, capsys):
    study = stored(phantom.study, tmp_path / "study", ORDERS[0], ".nii.gz")
    cut(study / "a_hbv.nii.gz")
    assert main(["segment", str(study), "-o", str(tmp_path / "out")]) == 2
    assert "The HBV file is cut short" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "a.nii.gz").write_bytes((plain / "lesions.nii.gz").read_bytes())
    cut(masks / "a.nii.gz")
    options = ["--predictions", str(masks), "--references", str(masks), "-o", str(tmp_path / "figures")]
    assert main(["evaluate", *options]) == 2
    assert "is cut short" in capsys.readouterr().err


def cut(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
