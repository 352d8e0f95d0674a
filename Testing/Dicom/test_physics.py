"""What an image measures is what its header says: size and place of pixels, values, b-values, fits."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread

from Dicom.enhanced import enhance
from Dicom.making import INFO, change, grid_about, oblique_axes, small_study
from ProstateAlignRefineLib.core.checks.adc_units import adc_in_micrometres
from ProstateAlignRefineLib.core.diffusion_fit import fit_diffusion, trace
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import load_study, write_map, write_study
from ProstateAlignRefineLib.dicom.match.diffusion_sources import b_values_for_fit
from ProstateAlignRefineLib.dicom.match.select import series_volumes
from ProstateAlignRefineLib.dicom.read import volume as volume_module
from ProstateAlignRefineLib.dicom.read.folder import scan_folder
from ProstateAlignRefineLib.dicom.read.volume import read_volume


def volume_of(folder: Path) -> sitk.Image:
    (candidate,) = series_volumes(scan_folder(folder))
    return read_volume(candidate.stack)[0]


def test_pixel_spacing_is_the_distance_of_rows_then_of_columns(study_folder):
    """(0028,0030): 0.8 mm from row to row, 0.5 mm from column to column."""
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "PixelSpacing", ["0.8", "0.5"]))
    assert volume_of(study_folder / "t2w").GetSpacing() == pytest.approx((0.5, 0.8, 3.0))


def test_pixel_spacing_of_an_enhanced_image_is_read_alike(study_folder):
    enhance(study_folder / "t2w", ("ORIGINAL", "PRIMARY", "T2", "NONE"))
    image = volume_of(study_folder / "t2w")
    assert image.GetSpacing() == pytest.approx((0.9, 0.8, 3.0))
    assert image.GetSize() == (96, 80, 10)


@pytest.mark.parametrize("modality", list(Modality))
def test_a_written_image_says_rows_then_columns(study_folder, modality):
    grid = Grid.of(small_study().volume(modality))
    image = dcmread(study_folder / modality.value / "0003.dcm")
    assert [float(value) for value in image.PixelSpacing] == [grid.spacing[1], grid.spacing[0]]
    assert (image.Rows, image.Columns) == (grid.size[1], grid.size[0])
    assert np.allclose([float(value) for value in image.ImagePositionPatient], grid.to_lps((0, 0, 2)))
    along_a_row, down_a_column = np.reshape([float(value) for value in image.ImageOrientationPatient], (2, 3))
    assert np.allclose(along_a_row, grid.axes[:, 0])
    assert np.allclose(down_a_column, grid.axes[:, 1])
    assert (float(image.SpacingBetweenSlices), float(image.SliceThickness)) == (3.0, 3.0)
    assert image.InstanceNumber == 3


def test_a_map_lies_on_the_oblong_pixels_of_the_t2w(study, tmp_path):
    write_map(np.full(study.grid.shape, 0.25), study.grid, study.headers, INFO, tmp_path / "map")
    image = dcmread(tmp_path / "map" / "0001.dcm")
    assert [float(value) for value in image.PixelSpacing] == pytest.approx([0.8, 0.9])
    assert np.unique(image.pixel_array).tolist() == [250]


def rescale(dataset: Dataset) -> None:
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "2.5", "-40", "US"


def test_stored_values_times_slope_plus_intercept_are_what_was_measured(study_folder):
    stored = to_array(volume_of(study_folder / "adc"))
    change(study_folder / "adc", rescale)
    assert np.allclose(to_array(volume_of(study_folder / "adc")), stored * 2.5 - 40)


def test_the_rescale_of_an_enhanced_image_is_each_frames_own(study_folder):
    stored = to_array(volume_of(study_folder / "adc"))
    change(study_folder / "adc", rescale)
    change(study_folder / "adc", lambda dataset: setattr(dataset, "RescaleIntercept", "-90"), "0002.dcm")
    enhance(study_folder / "adc", ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"))
    values = to_array(volume_of(study_folder / "adc"))
    assert np.allclose(values[1], stored[1] * 2.5 - 90)
    assert np.allclose(values[[0, *range(2, 10)]], stored[[0, *range(2, 10)]] * 2.5 - 40)


def test_a_second_decoder_gives_the_same_values(study_folder, monkeypatch):
    """SimpleITK applies slope and intercept itself: they must not count twice."""
    change(study_folder / "adc", rescale)
    values = to_array(volume_of(study_folder / "adc"))

    def no_decoder(*_, **__):
        raise RuntimeError("no decoder")

    monkeypatch.setattr(volume_module, "pixel_array", no_decoder)
    assert np.allclose(to_array(volume_of(study_folder / "adc")), values)


def test_negative_and_fractional_values_survive_writing(tmp_path):
    """They are stored with a slope and an intercept: a map from -3 to 2 comes back as one from -3 to 2."""
    original = small_study()
    ramp = np.linspace(-3.0, 2.0, np.prod(original.hbv.GetSize())).reshape(to_array(original.hbv).shape)
    write_study(Study(original.t2w, original.adc, to_image(ramp, Grid.of(original.hbv))), tmp_path, seed=1)
    image = dcmread(tmp_path / "hbv" / "0001.dcm")
    assert float(image.RescaleIntercept) == pytest.approx(-3.0)
    assert np.abs(to_array(volume_of(tmp_path / "hbv")) - ramp).max() < 1e-4


def test_slices_are_ordered_along_the_normal_whatever_their_number(study_folder):
    """The lowest slice is the first, its position the origin: feet to head for axial images."""
    first = min(
        (dcmread(path) for path in (study_folder / "t2w").iterdir()), key=lambda image: image.ImagePositionPatient[2]
    )
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "InstanceNumber", 11 - dataset.InstanceNumber))
    image = volume_of(study_folder / "t2w")
    assert image.GetOrigin() == pytest.approx(tuple(float(value) for value in first.ImagePositionPatient))
    assert np.array_equal(to_array(image)[0], first.pixel_array)


def decay(adc: np.ndarray, b: float, s0: float = 1000.0) -> np.ndarray:
    return (s0 * np.exp(-b * adc * 1e-6)).astype(np.float32)


def test_b_1000_belongs_to_the_adc_fit_and_b_1400_does_not():
    """PI-RADS: up to 1000 s/mm2; above it the decay is no longer mono-exponential."""
    assert b_values_for_fit((0, 500, 1000)) == (0, 500, 1000)
    assert b_values_for_fit((1400, 1000, 100)) == (100, 1000)
    assert b_values_for_fit((0, 1001, 1400)) == (0, 1001, 1400)
    assert b_values_for_fit((0, 1400, 1000)) == (0, 1000)


def test_an_adc_map_is_fitted_over_b_1000_too(study_folder):
    """What b = 1000 measures shows in the map: here it decays faster than b = 500 told."""
    shutil.rmtree(study_folder / "adc")
    true = to_array(small_study().adc)
    grid = Grid.of(small_study().hbv)
    for number, (b, adc) in enumerate(((0, true), (500, true), (1000, true * 1.2), (2000, true * 0.5)), start=10):
        shutil.copytree(study_folder / "hbv", study_folder / f"b{b}")
        stored = np.round(decay(np.maximum(adc, 100), b, 30000.0)).astype(np.uint16)

        def edit(dataset: Dataset, stored=stored, number=number, b=b) -> None:
            index = int(dataset.InstanceNumber) - 1
            dataset.SeriesInstanceUID, dataset.SOPInstanceUID = f"1.2.{number}", f"1.2.{number}.{index}"
            dataset.SeriesNumber, dataset.DiffusionBValue = number, float(b)
            dataset.SeriesDescription = "ep2d_diff_tra"
            dataset.PixelData = stored[index].tobytes()
            for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
                dataset.pop(keyword, None)

        change(study_folder / f"b{b}", edit)
    shutil.rmtree(study_folder / "hbv")
    study = load_study(study_folder)
    assert "b = 0, 500, 1000 of" in study.reasons[Modality.ADC]
    true = np.maximum(true, 100)
    expected = fit_diffusion([decay(true, 0), decay(true, 500), decay(true * 1.2, 1000)], (0, 500, 1000)).adc
    assert np.abs(to_array(study.adc) - expected).max() < 5
    assert np.median(to_array(study.adc) - true) > 100
    assert Grid.of(study.adc).matches(grid, 1e-6)


def test_the_fit_weighs_all_b_values():
    """Of three signals that lie on no one line, the least-squares slope: by numpy's own."""
    signals = [np.full((1, 1, 2), value, np.float32) for value in (1000.0, 640.0, 300.0)]
    fit = fit_diffusion(signals, (50, 400, 1000))
    slope, intercept = np.polyfit((50, 400, 1000), np.log((1000.0, 640.0, 300.0)), 1)
    assert fit.adc[0, 0, 0] == pytest.approx(-slope * 1e6, rel=1e-5)
    assert fit.s0[0, 0, 0] == pytest.approx(np.exp(intercept), rel=1e-5)
    assert fit.signal_at(1400)[0, 0, 0] == pytest.approx(np.exp(intercept + 1400 * slope), rel=1e-5)


@pytest.mark.parametrize(("adc", "kept"), [(4990.0, True), (5010.0, False), (10.0, True), (-10.0, False)])
def test_a_diffusion_coefficient_is_positive_and_below_5000(adc, kept):
    fit = fit_diffusion([decay(np.array([adc]), b) for b in (0, 1000)], (0, 1000))
    assert bool(fit.valid[0]) is kept
    assert bool(fit.adc[0] > 0) is kept


def test_the_trace_of_a_direction_without_signal_is_small_and_finite():
    found = trace([np.array([0.0, 4.0]), np.array([100.0, 9.0])])
    assert np.isfinite(found).all()
    assert found == pytest.approx([0.01, 6.0], rel=1e-3)


def hbv_series(folder: Path, b_values: tuple[float, ...]) -> None:
    """The HBV once for each b-value, in series of their own."""
    for number, b in enumerate(b_values, start=20):
        shutil.copytree(folder / "hbv", folder / f"hbv{b:g}")

        def edit(dataset: Dataset, number=number, b=b) -> None:
            dataset.SeriesInstanceUID, dataset.SeriesNumber = f"1.3.{number}", number
            dataset.SOPInstanceUID = f"1.3.{number}.{dataset.InstanceNumber}"
            dataset.DiffusionBValue = float(b)

        change(folder / f"hbv{b:g}", edit)
    shutil.rmtree(folder / "hbv")


@pytest.mark.parametrize(
    ("b_values", "taken"),
    [
        ((1400.0, 2000.0), 1400),
        ((2000.0, 1500.0), 1500),
        ((900.0, 1200.0), 1200),
        ((1000.0, 800.0), 1000),
        ((3000.0, 2500.0), 2500),
    ],
)
def test_of_several_high_b_values_the_one_nearest_to_1400_is_read(study_folder, b_values, taken):
    """The b-value that models of PI-CAI are trained on; the series' order must not decide."""
    hbv_series(study_folder, b_values)
    study = load_study(study_folder)
    assert float(study.headers[Modality.HBV][0].DiffusionBValue) == taken
    assert f"b = {taken}" in study.reasons[Modality.HBV]


@pytest.mark.parametrize(("b", "kind"), [(799.0, "DWI"), (800.0, "HBV"), (1400.0, "HBV"), (50.0, "DWI")])
def test_a_series_of_its_own_is_high_b_from_800_on(study_folder, b, kind):
    hbv_series(study_folder, (b,))
    change(study_folder / f"hbv{b:g}", lambda dataset: setattr(dataset, "SeriesDescription", "ep2d_diff_tra"))
    (found,) = series_volumes(scan_folder(study_folder / f"hbv{b:g}"))
    assert (found.kind.value, found.b_value) == (kind, b)


def test_the_unit_of_an_adc_map_is_told_from_the_prostate_region():
    """A range a decade wide: 300 and 2999 are 1e-6 mm2/s as they are, 0.3 is 1e-3 mm2/s, 29990 is 1e-7 mm2/s."""
    grid = grid_about((0.0, 0.0, 0.0), (20, 20, 5), (3.0, 2.5, 3.0), oblique_axes(10.0))
    for value, factor in ((300.0, 1.0), (2999.0, 1.0), (0.3, 1e3), (2.9, 1e3), (29990.0, 0.1), (1.2e-3, 1e6)):
        tissue = np.full(grid.shape, value, np.float32)
        tissue[:, :8] = 0.0  # air tells nothing
        converted, _ = adc_in_micrometres(to_image(tissue, grid), grid)
        assert to_array(converted).max() == pytest.approx(value * factor, rel=1e-5)


def test_a_series_that_the_user_sets_is_told_with_its_b_value_where_it_has_one(study_folder):
    """And read all the same where nothing tells it."""
    choice = {Modality.HBV: 3}
    assert load_study(study_folder, choices=choice).reasons[Modality.HBV].endswith("chosen by the user, b = 1400.")

    def plain(dataset: Dataset) -> None:
        del dataset.DiffusionBValue
        dataset.SeriesDescription = "trace"

    change(study_folder / "hbv", plain)
    reason = load_study(study_folder, choices=choice).reasons[Modality.HBV]
    assert "chosen by the user, although" in reason
    assert "b =" not in reason
