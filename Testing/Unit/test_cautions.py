"""Wrong images that would give a result like any other: what is said of each, on an oblique body of known tissue."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.cautions import codes_of
from ProstateAlignRefineLib.core.checks.acquisition import acquisition_cautions, check_same_patient
from ProstateAlignRefineLib.core.checks.alignment import align, mutual_information
from ProstateAlignRefineLib.core.checks.content import Content, content_cautions
from ProstateAlignRefineLib.core.checks.coverage import (
    WITHHELD,
    check_extent,
    gland_coverage_cautions,
    region_cautions,
    shown,
    withheld_outside,
)
from ProstateAlignRefineLib.core.checks.displacement import measure_displacements, registered
from ProstateAlignRefineLib.core.checks.result import result_cautions
from ProstateAlignRefineLib.core.checks.study import prostate_region
from ProstateAlignRefineLib.core.checks.study_cautions import looked_at
from ProstateAlignRefineLib.core.checks.study_entry import entered
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.study import Modality, Study

TILT = np.deg2rad(18)
OBLIQUE = (1.0, 0.0, 0.0, 0.0, np.cos(TILT), -np.sin(TILT), 0.0, np.sin(TILT), np.cos(TILT))
T2W = Grid((110, 110, 20), (1.0, 1.0, 3.0), (-54.5, -54.5, -28.5), OBLIQUE)
DWI = T2W.with_spacing((2.0, 2.5, 3.0))


def tissue(grid: Grid, seed: int) -> np.ndarray:
    """[z, y, x] 0 to 1: blobs, 8 to 20 mm wide; the same in patient space whatever the grid."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(grid.shape)
    points = grid.to_lps(np.stack([x, y, z], -1)) - T2W.centre
    values = np.zeros(grid.shape)
    for _ in range(60):
        centre, width = rng.uniform(-42, 42, 3), rng.uniform(4, 10)
        values += rng.uniform(0.3, 1) * np.exp(-(((points - centre) / width) ** 2).sum(-1) / 2)
    return np.clip(values, 0, 1.5) / 1.5


@pytest.fixture(scope="module")
def study() -> Study:
    """Water makes T2W and ADC bright, cells make the ADC dark and the HBV bright; air around, bright spots inside."""
    rng = np.random.default_rng(0)
    water, cells = tissue(DWI, 4), tissue(DWI, 5)
    z, y, x = np.indices(DWI.shape)
    body = np.linalg.norm((DWI.to_lps(np.stack([x, y, z], -1)) - T2W.centre)[..., :2], axis=-1) < 48
    t2w = 200 + 500 * tissue(T2W, 4) - 150 * tissue(T2W, 5) + rng.normal(0, 10, T2W.shape)
    adc = body * (1100 + 900 * water - 700 * cells + rng.normal(0, 20, DWI.shape))
    hbv = body * (20 + 60 * cells - 15 * water) + 400 * body * cells**6 + rng.normal(0, 2, DWI.shape)
    values = zip((t2w, adc, hbv), (T2W, DWI, DWI), strict=True)
    return Study(*(to_image(np.maximum(array, 0).astype(np.float32), grid) for array, grid in values))


def changed(study: Study, modality: Modality, act) -> Study:
    image = study.volume(modality)
    return replace(study, **{modality.value: to_image(act(to_array(image)).astype(np.float32), Grid.of(image))})


def moved(image: sitk.Image, lps) -> sitk.Image:
    copy = sitk.Image(image)
    copy.SetOrigin(tuple(np.asarray(image.GetOrigin()) + np.asarray(lps)))
    return copy


def codes(study: Study) -> tuple[str, ...]:
    entered(study)
    looked_at(study)
    return codes_of(of_content(study))


def of_content(study: Study):
    region = prostate_region(study.grid)
    return (*region_cautions(study, region), *content_cautions(study, Content.of(study, region)))


def emptied(*slices: int):
    def act(values):
        values[list(slices)] = 0
        return values

    return act


def repeated(values):
    values[7] = values[6]
    return values


def test_a_sound_study_gives_no_caution(study):
    assert codes(study) == ()
    assert looked_at(study).cautions == ()


@pytest.mark.fault("a slice of the ADC without an image", "Caution (slice-empty)")
def test_an_empty_slice_is_named(study):
    wrong = changed(study, Modality.ADC, emptied(9))
    assert "slice 10" in next(c.text for c in of_content(wrong) if c.code == "slice-empty")


@pytest.mark.fault("the same T2W slice twice", "Caution (slice-repeated)")
def test_a_repeated_slice_is_named(study):
    wrong = changed(study, Modality.T2W, repeated)
    assert "slice 8" in next(c.text for c in of_content(wrong) if c.code == "slice-repeated")


@pytest.mark.fault("an HBV that is the ADC, scaled, inverted or as an exponential", "both are named, nothing computed")
@pytest.mark.parametrize("act", [lambda v: 0.2 * v + 9, lambda v: v.max() - v, lambda v: 900 * np.exp(-v / 900)])
def test_a_copy_of_the_adc_is_refused(study, act):
    wrong = replace(study, hbv=changed(study, Modality.ADC, act).adc)
    with pytest.raises(InputError, match="ADC and the HBV show the same image"):
        looked_at(wrong)


@pytest.mark.fault("an HBV that is the T2W on the grid of the ADC", "both are named, nothing computed")
def test_a_copy_on_another_grid_is_refused(study):
    with pytest.raises(InputError, match="T2W and the HBV show the same image"):
        looked_at(replace(study, hbv=sitk.Resample(study.t2w, study.adc)))


@pytest.mark.fault("an ADC with 1024 taken off", "the share below zero, and that an offset was lost")
def test_an_adc_below_zero_is_refused(study):
    with pytest.raises(InputError, match=r"below zero.*offset"):
        entered(changed(study, Modality.ADC, lambda v: v - 1024))


@pytest.mark.fault("an ADC with 1024 added", "Caution (adc-offset)")
def test_an_adc_without_low_values_is_told(study):
    assert "adc-offset" in codes(changed(study, Modality.ADC, lambda v: v + 1024))


@pytest.mark.fault("an inverted HBV", "Caution (hbv-inverted)")
def test_an_inverted_hbv_is_told(study):
    assert "hbv-inverted" in codes(changed(study, Modality.HBV, lambda v: v.max() - v))


@pytest.mark.fault("ADC and HBV exchanged", "that they look exchanged, and which looks like which")
def test_exchanged_volumes_are_told(study):
    with pytest.raises(InputError, match="look exchanged"):
        entered(replace(study, adc=study.hbv, hbv=study.adc))


@pytest.mark.fault("an offset added to a masked ADC map", "Caution (adc-offset)")
def test_an_offset_under_a_mask_is_told(study):
    assert "adc-offset" in codes(changed(study, Modality.ADC, lambda v: np.where(v > 100, v + 1024, 0)))


@pytest.mark.fault("diffusion that is mirrored left to right", "no advice to register, which cannot mend it")
def test_registration_is_not_advised_where_it_cannot_help(study):
    mirrored = changed(changed(study, Modality.ADC, lambda v: v[:, :, ::-1]), Modality.HBV, lambda v: v[:, :, ::-1])
    told = [caution.text for caution in looked_at(mirrored).cautions]
    assert not any("--register" in text for text in told)


@pytest.mark.fault("noise in place of the HBV", "Caution (noise)")
def test_noise_is_told(study):
    rng = np.random.default_rng(2)
    wrong = changed(study, Modality.HBV, lambda v: np.abs(rng.normal(60, 20, v.shape)))
    assert {"noise", "adc-hbv-unrelated"} <= set(codes_of(looked_at(wrong).cautions))


@pytest.mark.fault("a T2W from a screen capture", "Caution (eight-bit)")
def test_whole_numbers_up_to_255_are_told(study):
    assert "eight-bit" in codes(changed(study, Modality.T2W, lambda v: np.round((v - v.min()) / np.ptp(v) * 255)))


@pytest.mark.fault("an HBV that was clipped", "Caution (saturated)")
def test_clipping_is_told(study):
    assert "saturated" in codes(changed(study, Modality.HBV, lambda v: np.minimum(v, np.quantile(v, 0.6))))


@pytest.mark.fault("diffusion without the upper third", "Caution (dwi-coverage), with the end that is missing")
@pytest.mark.parametrize("padded", [True, False])
def test_missing_ends_are_told_padded_or_not(study, padded):
    top = range(13, 20)
    wrong = changed(study, Modality.HBV, emptied(*top)) if padded else replace(study, hbv=study.hbv[:, :, :13])
    (caution,) = [c for c in of_content(wrong) if c.code == "dwi-coverage"]
    assert "HBV covers 65%" in caution.text
    assert "upper 21 mm" in caution.text


@pytest.mark.fault("a field of view of kilometres", "its measures, and that millimetres are needed")
def test_an_impossible_extent_is_refused(study):
    wide = sitk.Image(study.t2w)
    wide.SetSpacing((1000.0, 1000.0, 3.0))
    with pytest.raises(InputError, match="no field of view"):
        check_extent(wide, "T2W")


@pytest.mark.parametrize("shift", [(6.0, 3.0, 0.0), (-5.0, 0.0, 6.0), (0.0, -9.0, 3.0)])
@pytest.mark.fault("diffusion displaced by 7 to 10 mm", "Caution (dwi-displaced), with the distance")
def test_a_displacement_is_measured_and_told(study, shift):
    region = prostate_region(study.grid)
    wrong = replace(study, adc=moved(study.adc, shift), hbv=moved(study.hbv, shift))
    assert align(study.t2w, [wrong.adc], region).displacement_mm == pytest.approx(shift, abs=1.0)
    assert "dwi-displaced" in codes_of(looked_at(wrong).cautions)
    assert mutual_information(study.t2w, study.adc, region) > mutual_information(study.t2w, wrong.adc, region)


def test_registration_takes_it_back_and_says_so(study):
    region = prostate_region(study.grid)
    wrong = replace(study, adc=moved(study.adc, (6, -4, 3)), hbv=moved(study.hbv, (6, -4, 3)))
    mended = registered(wrong, region)
    assert measure_displacements(mended, region).of[Modality.ADC].distance_mm < 1.0
    np.testing.assert_array_equal(to_array(mended.adc), to_array(wrong.adc))
    assert np.linalg.norm(Grid.of(mended.adc).centre - DWI.centre) < 1.5
    assert [c.code for c in mended.cautions] == ["dwi-registered"]
    assert "dwi-displaced" not in codes_of(looked_at(mended).cautions)


def test_one_volume_alone_displaced_is_told_of_that_one(study):
    wrong = replace(study, hbv=moved(study.hbv, (8, 0, 0)))
    texts = [c.text for c in looked_at(wrong).cautions if c.code == "dwi-displaced"]
    assert len(texts) == 1
    assert "HBV lies" in texts[0]


def header(**values):
    return SimpleNamespace(get=lambda name, default=None: values.get(name, default))


def times(t2w: str, hbv: str, day: str = "20240305"):
    return {
        Modality.T2W: (header(AcquisitionDate="20240305", AcquisitionTime=t2w),),
        Modality.HBV: (header(AcquisitionDate=day, AcquisitionTime=hbv),),
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (times("101500", "104000.25"), ()),
        (times("101500", "124000"), ("dwi-late",)),
        (times("235500", "001000", "20240306"), ()),
        (times("101500", "104000", "20240312"), ("dwi-other-day",)),
        (times("101500", "000000"), ()),
        (times("101500", "104000", "18900101"), ()),
        (times("101500", "abc"), ()),
    ],
)
@pytest.mark.fault("diffusion of another hour or day", "Caution (dwi-late) or (dwi-other-day)")
def test_times_apart_are_told_and_impossible_ones_ignored(headers, expected):
    assert codes_of(acquisition_cautions(headers)) == expected


@pytest.mark.fault("the ADC of another patient", "that the series do not belong to one patient, without the IDs")
@pytest.mark.parametrize("keyword", ["PatientID", "PatientBirthDate"])
def test_different_patients_are_refused_without_naming_them(keyword):
    two = {Modality.T2W: (header(**{keyword: "19500101"}),), Modality.ADC: (header(**{keyword: "19600202"}),)}
    with pytest.raises(InputError, match="not belong to one patient") as refusal:
        check_same_patient(two)
    assert "19" not in str(refusal.value)
    check_same_patient({**two, Modality.ADC: (header(),)})


def gland_maps(low: int, high: int, margin: float = -5.0) -> Maps:
    zones = np.zeros(T2W.shape, np.uint8)
    z, y, x = np.indices(T2W.shape)
    middle, half = (low + high) / 2, (high - low + 1) / 2
    inside = ((x - 55) / 24) ** 2 + ((y - 55) / 20) ** 2 + ((z - middle) / half) ** 2 < 1
    zones[inside & (z >= 0)] = 1
    margins = np.full(T2W.shape, margin, np.float32)
    return Maps(T2W, margins, margins, np.zeros(T2W.shape, np.float32), np.zeros(T2W.shape, np.float32), zones)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(3, 16, ()), (-6, 8, ("gland-cut",)), (9, 10, ("gland-not-found",)), (8, 12, ("gland-unusual",))],
)
def test_a_gland_that_is_cut_flat_or_missing_is_told(study, low, high, expected):
    assert codes_of(result_cautions(study, gland_maps(low, high), T2W, shown(study, T2W))) == expected


@pytest.mark.fault("a T2W interpolated to thinner slices", "Caution (slices-thin)")
@pytest.mark.parametrize(("times", "expected"), [(1.4, ()), (1.6, ("slices-thin",))])
@pytest.mark.parametrize("anatomy", [True, False])
def test_slices_thinner_than_those_the_network_reads_are_told(study, times, expected, anatomy):
    x, y, z = T2W.spacing
    maps = gland_maps(3, 16) if anatomy else replace(gland_maps(3, 16), zones=None)
    region = T2W.with_spacing((x, y, times * z))
    assert codes_of(result_cautions(study, maps, region, shown(study, T2W))) == expected


@pytest.mark.fault("a gland whose base lies above the diffusion images", "Caution (gland-outside-dwi), by thirds")
def test_the_third_of_the_gland_without_diffusion_is_named(study):
    gland = gland_maps(3, 16).zones > 0
    short = replace(study, adc=study.adc[:, :, :12])
    (caution,) = gland_coverage_cautions(gland, T2W, shown(short, T2W))
    assert "ADC" in caution.text
    assert "upper third" in caution.text
    assert "lower third" not in caution.text


@pytest.mark.fault("lesion-like T2W above the diffusion images", "Caution (lesion-outside-dwi); nothing is marked")
def test_nothing_is_marked_where_diffusion_has_no_image(study):
    short = replace(study, adc=study.adc[:, :, :12])
    maps, cautions = withheld_outside(gland_maps(3, 16, margin=2.0), shown(short, T2W))
    assert codes_of(cautions) == ("lesion-outside-dwi",)
    assert (maps.base_margin[13:] <= WITHHELD).all()
    assert (maps.base_margin[3:11, 30:80, 30:80] == 2.0).all()
