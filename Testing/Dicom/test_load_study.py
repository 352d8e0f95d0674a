"""A study folder becomes three volumes in patient space, or one sentence."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from Dicom.making import change, shapes_of, small_study
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import load_study, synthetic_label, write_study
from ProstateAlignRefineLib.dicom.match.select import select, series_volumes
from ProstateAlignRefineLib.dicom.read.folder import scan_folder


def refusal(folder, **options) -> str:
    with pytest.raises(InputError) as refused:
        load_study(folder, **options)
    text = str(refused.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Synthetic" not in text  # the patient's name
    return text


def copy_series(folder, name, into, edit):
    """The series under new UIDs, with `edit` applied to each slice."""
    uid = generate_uid()
    (folder / into).mkdir()
    for path in sorted((folder / name).glob("*.dcm")):
        dataset = dcmread(path)
        dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uid, generate_uid()
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        edit(dataset)
        dataset.save_as(folder / into / path.name)


def test_real_study_picks_the_right_three_of_seven_series(real_dicom):
    selection = select(scan_folder(real_dicom))
    chosen = {modality: choice.volumes[0] for modality, choice in selection.choices.items()}
    numbers = {modality: candidate.frames[0].series_number for modality, candidate in chosen.items()}
    assert numbers == {Modality.T2W: 4, Modality.ADC: 7, Modality.HBV: 8}
    assert chosen[Modality.HBV].b_value == 1000
    assert "image type says ADC" in selection.choices[Modality.ADC].reason


def test_real_study_equals_the_published_volumes(real_dicom, real_study):
    study = load_study(real_dicom)
    for modality in Modality:
        published = sitk.ReadImage(str(next((real_study / "picai" / "images").glob(f"*_{modality.value}.mha"))))
        assert np.array_equal(to_array(study.volume(modality)), to_array(published))
        assert Grid.of(study.volume(modality)).matches(Grid.of(published), 1e-6)
        assert len(study.headers[modality]) == 19


def test_written_study_reads_back_voxel_for_voxel(study):
    original = small_study()
    assert shapes_of(study) == shapes_of(original)
    for modality in Modality:
        found, wanted = study.volume(modality), original.volume(modality)
        assert Grid.of(found).matches(Grid.of(wanted), 1e-6)
        assert np.abs(to_array(found) - to_array(wanted)).max() < 0.01


def test_headers_are_in_slice_order_and_hold_no_pixels(study):
    for modality in Modality:
        for index, header in enumerate(study.headers[modality]):
            expected = Grid.of(study.volume(modality)).to_lps((0, 0, index))
            assert np.allclose([float(value) for value in header.ImagePositionPatient], expected, atol=1e-6)
            assert "PixelData" not in header


def test_missing_modality_is_said(study_folder):
    for path in (study_folder / "adc").iterdir():
        path.unlink()
    assert "no axial ADC series" in refusal(study_folder)


def test_folder_without_images_is_said(tmp_path):
    assert "no MR images" in refusal(tmp_path)
    assert "neither a folder nor a zip" in refusal(tmp_path / "absent")


def test_series_with_a_missing_slice_is_refused_by_its_number(study_folder):
    (study_folder / "t2w" / "0005.dcm").unlink()
    text = refusal(study_folder)
    assert "series 1 (T2W axial)" in text
    assert "a slice is missing" in text


def test_another_patient_in_the_folder_is_refused(study_folder):
    write_study(small_study(), study_folder / "other", seed=2)
    assert "2 patients" in refusal(study_folder)


def test_second_complete_study_is_refused(study_folder):
    write_study(small_study(), study_folder / "second", replace(synthetic_label(1), seed="second"))
    assert "2 studies" in refusal(study_folder)


def test_incomplete_second_study_is_passed_over(study_folder):
    write_study(small_study(), study_folder / "second", replace(synthetic_label(1), seed="second"))
    for path in (study_folder / "second" / "hbv").iterdir():
        path.unlink()
    first = str(dcmread(study_folder / "t2w" / "0001.dcm").StudyInstanceUID)
    assert {str(header.StudyInstanceUID) for header in load_study(study_folder).headers[Modality.T2W]} == {first}


def test_two_equal_series_are_refused_and_both_named(study_folder):
    copy_series(study_folder, "t2w", "again", lambda dataset: None)
    text = refusal(study_folder)
    assert "2 series fit as T2W equally well" in text
    assert text.count("series 1") == 2


def test_repeated_series_gives_the_later_one_with_the_other_named(study_folder):
    copy_series(study_folder, "t2w", "again", lambda dataset: setattr(dataset, "SeriesNumber", 9))
    study = load_study(study_folder)
    assert study.headers[Modality.T2W][0].SeriesNumber == 9
    assert "preferred to series 1" in study.reasons[Modality.T2W]


def test_user_choice_overrules_the_ranking(study_folder):
    copy_series(study_folder, "t2w", "again", lambda dataset: setattr(dataset, "SeriesNumber", 9))
    study = load_study(study_folder, choices={Modality.T2W: 1})
    assert study.headers[Modality.T2W][0].SeriesNumber == 1
    assert "chosen by the user" in study.reasons[Modality.T2W]
    assert "no series 77" in refusal(study_folder, choices={Modality.ADC: 77})


def test_other_frame_of_reference_is_refused(study_folder):
    def elsewhere(dataset: Dataset) -> None:
        dataset.FrameOfReferenceUID = "1.2.3"
        dataset.ImagePositionPatient = [float(value) + 70 for value in dataset.ImagePositionPatient]

    change(study_folder / "adc", elsewhere)
    assert "no common frame of reference" in refusal(study_folder)


def test_series_in_the_frame_of_reference_of_the_t2w_is_preferred(study_folder):
    def elsewhere(dataset: Dataset) -> None:
        dataset.SeriesNumber, dataset.FrameOfReferenceUID = 20, "1.2.3"

    copy_series(study_folder, "adc", "elsewhere", elsewhere)
    assert load_study(study_folder).headers[Modality.ADC][0].SeriesNumber == 2


def test_t2w_in_the_frame_of_reference_of_the_diffusion_images_is_preferred(study_folder):
    def elsewhere(dataset: Dataset) -> None:
        dataset.SeriesNumber, dataset.FrameOfReferenceUID = 20, "1.2.3"

    copy_series(study_folder, "t2w", "elsewhere", elsewhere)
    assert load_study(study_folder).headers[Modality.T2W][0].SeriesNumber == 1


def test_study_without_frame_of_reference_is_refused(study_folder):
    change(study_folder, lambda dataset: delattr(dataset, "FrameOfReferenceUID"))
    assert "has no frame of reference" in refusal(study_folder)


def test_volumes_that_do_not_overlap_are_refused(study_folder):
    def away(dataset: Dataset) -> None:
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x + 500, y, z]

    change(study_folder / "adc", away)
    assert "covers 0%" in refusal(study_folder)


@pytest.mark.parametrize(("factor", "unit"), [(1e-3, "1e-3 mm2/s"), (1e-6, "mm2/s"), (10.0, "1e-7 mm2/s")])
def test_adc_units_are_recognised_and_converted(tmp_path, factor, unit):
    original = small_study()
    scaled = Study(original.t2w, original.adc * factor, original.hbv)
    write_study(scaled, tmp_path)
    study = load_study(tmp_path)
    assert np.abs(to_array(study.adc) - to_array(original.adc)).max() < 1
    assert unit in study.reasons[Modality.ADC]


def test_adc_of_no_known_unit_is_refused(tmp_path):
    original = small_study()
    write_study(Study(original.t2w, original.adc * 0.02, original.hbv), tmp_path)
    assert "in no unit that is known" in refusal(tmp_path)


def test_cut_pixel_data_is_refused(study_folder):
    path = study_folder / "hbv" / "0004.dcm"
    path.write_bytes(path.read_bytes()[:-900])
    assert "damaged pixel data" in refusal(study_folder)


def test_localizer_mosaic_and_projection_are_not_taken(study_folder):
    def localizer(dataset: Dataset) -> None:
        dataset.SeriesNumber, dataset.SeriesDescription = 30, "localizer t2"

    def mosaic(dataset: Dataset) -> None:
        dataset.SeriesNumber, dataset.ImageType = 31, [*dataset.ImageType, "MOSAIC"]

    copy_series(study_folder, "t2w", "localizer", localizer)
    copy_series(study_folder, "hbv", "mosaic", mosaic)
    kinds = {c.frames[0].series_number: c.kind.value for c in series_volumes(scan_folder(study_folder))}
    assert kinds == {1: "T2W", 2: "ADC", 3: "HBV", 30: "other", 31: "other"}


def test_exponential_adc_is_no_adc(study_folder):
    def exponential(dataset: Dataset) -> None:
        dataset.SeriesNumber, dataset.SeriesDescription = 40, "eADC exp"
        dataset.ImageType = ["DERIVED", "PRIMARY", "DIFFUSION"]

    copy_series(study_folder, "adc", "eadc", exponential)
    assert load_study(study_folder).headers[Modality.ADC][0].SeriesNumber == 2


def test_nothing_of_the_patient_is_logged(study_folder, caplog, recwarn):
    change(study_folder, lambda dataset: setattr(dataset, "PatientName", "SENTINELNAME"))
    with caplog.at_level(logging.DEBUG):
        load_study(study_folder)
    assert "SENTINEL" not in caplog.text
    assert not [warning for warning in recwarn if "SENTINEL" in str(warning.message)]
