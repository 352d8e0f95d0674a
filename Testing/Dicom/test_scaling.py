"""Stored values of an ADC map become diffusion coefficients by the scaling whose unit says so."""

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence

from Dicom.enhanced import enhance
from Dicom.making import change, small_study
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.dicom import load_study
from ProstateAlignRefineLib.dicom.match.survey import as_data, as_text, survey
from ProstateAlignRefineLib.dicom.read.scaling import diffusivity

TRUE = to_array(small_study().adc)


def mapping(slope, unit, intercept=0.0, **rest):
    item, code = Dataset(), Dataset()
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = [code]
    for keyword, value in rest.items():
        setattr(item, keyword, value)
    return item


def store(folder, divided_by, *items, slope=None, intercept="0", kind=None, added=0):
    """The ADC stored divided, with these mappings, and a Rescale where a slope is given."""

    def edit(dataset: Dataset) -> None:
        pixels = np.round((dataset.pixel_array + added) / divided_by).astype("<u2")
        dataset.PixelData = pixels.tobytes()
        dataset.RealWorldValueMappingSequence = Sequence(items)
        if slope is not None:
            dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
        if kind is not None:
            dataset.RescaleType = kind

    change(folder / "adc", edit)


def read(folder):
    study = load_study(folder)
    return to_array(study.adc), study.reasons[next(m for m in study.reasons if m.value == "adc")], study


def codes(study):
    return {caution.code for caution in study.cautions}


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("mm2/s", 1e6), ("um2/s", 1.0), ("10-6.mm2/s", 1.0), ("10*-6.mm2/s", 1.0), ("1e-3 mm2/s", 1e3),
        ("10^-6 mm^2/s", 1.0), ("µm²/s", 1.0), ("um2/ms", 1e3), ("mm2.s-1", 1e6), ("10*-5.cm2/s", 1e3),
    ],
)  # fmt: skip
def test_units_of_diffusivity_are_known_in_every_spelling(unit, factor):
    assert diffusivity(unit) == pytest.approx(factor)


@pytest.mark.parametrize("unit", ["1", "{counts}", "ms", "mm2", "mm/s", "normalized", "", "10-999999999.mm2/s"])
def test_other_units_are_none(unit):
    assert diffusivity(unit) is None


@pytest.mark.fault(
    "an ADC map whose Rescale is for display, the true scale in a mapping", "the mapping is used, and said"
)
@pytest.mark.parametrize(
    ("slope", "unit"), [(2.0, "um2/s"), (2e-6, "mm2/s"), (2e-3, "10*-3.mm2/s"), (2.0, "10-6.mm2/s")]
)
def test_mapping_with_a_unit_goes_before_rescale(study_folder, slope, unit):
    store(study_folder, 2, mapping(slope, unit), slope="1")
    values, reason, study = read(study_folder)
    assert np.abs(values - TRUE).max() <= 2
    assert f"values by its real-world value mapping in {unit}, not by its Rescale" in reason
    assert "scalings-disagree" not in codes(study)
    assert "not by its Rescale" in as_text(survey(study_folder))


def test_mapping_of_each_frame_of_an_enhanced_image_is_used(study_folder):
    store(study_folder, 2, slope="1")
    path = enhance(study_folder / "adc", ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"))
    dataset = dcmread(path)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.RealWorldValueMappingSequence = [mapping(2.0, "um2/s")]
    dataset.save_as(path)
    values, reason, _ = read(study_folder)
    assert np.abs(values - TRUE).max() <= 2
    assert "in um2/s" in reason


def test_intercept_range_and_table_of_a_mapping_are_used(study_folder):
    store(study_folder, 2, mapping(2.0, "um2/s", intercept=-100.0), added=100)
    assert np.abs(read(study_folder)[0] - TRUE).max() <= 2
    table = mapping(0.0, "um2/s", RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=1999)
    del table.RealWorldValueSlope
    table.RealWorldValueLUTData = [float(4 * value) for value in range(2000)]
    store(study_folder, 2, table)
    assert np.abs(read(study_folder)[0] - (TRUE + 100)).max() <= 8  # stored values are a quarter now


def test_values_that_no_mapping_covers_are_no_tissue(study_folder):
    store(
        study_folder, 1, mapping(1.0, "um2/s", RealWorldValueFirstValueMapped=700, RealWorldValueLastValueMapped=4095)
    )
    values = read(study_folder)[0]
    assert (values[TRUE < 699] == 0).all()
    assert np.abs(values[TRUE > 701] - TRUE[TRUE > 701]).max() <= 1


@pytest.mark.fault("two scalings of an ADC map that disagree, without a unit", "a caution: scalings-disagree")
def test_scalings_that_disagree_without_a_unit_give_a_caution(study_folder):
    store(study_folder, 2, mapping(2.0, "1"), slope="1", kind="US")
    assert "scalings-disagree" not in codes(load_study(study_folder))  # a unit that is none of diffusivity says nothing
    store(study_folder, 1, mapping(2.0, ""), slope="1", kind="US")
    study = load_study(study_folder)
    assert "scalings-disagree" in codes(study)
    assert [one["code"] for one in as_data(survey(study_folder))["cautions"]] == ["scalings-disagree"]


def test_scalings_that_differ_by_a_power_of_ten_agree(study_folder):
    store(study_folder, 1, mapping(1e-6, ""), slope="1")
    assert codes(load_study(study_folder)) == set()


def test_a_unit_that_does_not_fit_the_values_gives_a_caution(study_folder):
    store(study_folder, 1, mapping(1.0, "mm2/s"))
    values, _, study = read(study_folder)
    assert np.abs(values - TRUE).max() <= 1
    assert "adc-unit-differs" in codes(study)


def test_private_scale_slope_of_philips_is_never_used(study_folder):
    def private(dataset: Dataset) -> None:
        block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        block.add_new(0x0E, "FL", 0.01)
        block.add_new(0x0D, "FL", 5.0)

    change(study_folder / "adc", private)
    assert np.abs(read(study_folder)[0] - TRUE).max() <= 1


def raw_slope(path, value: bytes):
    """Rescale Slope and Intercept as these bytes, which no writer lets through."""
    dataset = dcmread(path)
    dataset.RescaleSlope, dataset.RescaleIntercept = "7.77777", "0"
    dataset.save_as(path)
    whole = path.read_bytes()
    assert b"7.77777" in whole
    path.write_bytes(whole.replace(b"7.77777", value.ljust(7)))


@pytest.mark.fault("a Rescale Slope that is no number, or 0", "the series and the fault, before anything is computed")
@pytest.mark.parametrize(
    ("value", "words"), [(b"abc", "is no number"), (b"0", "Rescale Slope is 0"), (b"nan", "no number")]
)
@pytest.mark.parametrize("name", ["t2w", "adc", "hbv"])
def test_damaged_rescale_is_named(study_folder, name, value, words):
    raw_slope(study_folder / name / "0004.dcm", value)
    with pytest.raises(InputError, match=rf"series \d .* cannot be used: .*{words} in 1 of 10 slices"):
        load_study(study_folder)
    assert words in as_text(survey(study_folder))


def test_damaged_rescale_beside_a_mapping_with_a_unit_does_not_matter(study_folder):
    store(study_folder, 2, mapping(2.0, "um2/s"))
    raw_slope(study_folder / "adc" / "0004.dcm", b"abc")
    assert np.abs(read(study_folder)[0] - TRUE).max() <= 2


@pytest.mark.fault("images stored inverted (MONOCHROME1)", "read as they are shown, with a caution; ADC as stored")
def test_monochrome1_is_turned_round_and_said(study_folder):
    def invert(dataset: Dataset) -> None:
        dataset.PhotometricInterpretation = "MONOCHROME1"
        dataset.PixelData = (1000 - dataset.pixel_array).astype("<u2").tobytes()

    change(study_folder / "t2w", invert)
    change(study_folder / "adc", lambda dataset: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1"))
    study = load_study(study_folder)
    shown, true = to_array(study.t2w), to_array(small_study().t2w)
    assert np.ptp(shown - true) == 0
    assert np.abs(to_array(study.adc) - TRUE).max() <= 1
    assert [caution.code for caution in study.cautions] == ["monochrome1", "monochrome1"]


def test_slices_of_both_kinds_are_refused(study_folder):
    change(
        study_folder / "hbv", lambda dataset: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1"), "0003.dcm"
    )
    with pytest.raises(InputError, match="some of its slices are stored inverted"):
        load_study(study_folder)


@pytest.mark.fault("an ADC map that carries a b-value, its true scale in a mapping", "the mapping is used, and said")
def test_an_adc_map_with_a_b_value_is_scaled_as_an_adc(study_folder):
    """Siemens writes the highest b-value into its ADC maps (0019,100C)."""
    store(study_folder, 2, mapping(2.0, "um2/s"), slope="1")

    def with_b_value(dataset: Dataset) -> None:
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0C, "IS", "800")

    change(study_folder / "adc", with_b_value)
    values, reason, _study = read(study_folder)
    assert np.allclose(values, TRUE, atol=1.01)
    assert "mapping" in reason
