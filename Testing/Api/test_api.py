"""The few lines a Python user needs: the same answer as the commands', on the same checks."""

import json
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

import ProstateAlignRefineLib as library
from ProstateAlignRefineLib import api, cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.results.folder import read_result


@pytest.fixture(scope="module")
def segmented(a_dicom_folder):
    return api.segment(api.read_study(a_dicom_folder), psa=6.2)


def test_it_is_offered_by_the_package():
    assert library.segment is api.segment
    assert {getattr(library, name) for name in library.__all__} <= {
        getattr(api, name) for name in vars(api) if name in library.__all__
    }
    with pytest.raises(AttributeError):
        library.none_such  # noqa: B018


def test_the_answer_is_that_of_the_command(segmented, a_dicom_folder, tmp_path):
    assert cli.main(["segment", str(a_dicom_folder), "-o", str(tmp_path / "out"), "--psa", "6.2"]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    ours = json.loads(json.dumps(segmented.to_report()))
    assert report.pop("files")
    for each in (report, ours):
        each["run"].pop("seconds")
    assert ours == report
    mask = sitk.ReadImage(str(tmp_path / "out" / "lesions.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(mask), sitk.GetArrayFromImage(segmented.labels))
    assert np.allclose(mask.GetOrigin(), segmented.labels.GetOrigin(), atol=1e-3)


def test_what_is_saved_is_a_result_of_the_command(segmented, tmp_path):
    segmented.save(tmp_path / "out")
    stored = read_result(tmp_path / "out")
    assert stored.setting == segmented.setting
    assert cli.main(["gate", str(tmp_path / "out"), "--alpha", "0"]) == 0


def test_another_gate_is_another_answer_and_the_first_stays(segmented):
    before = len(segmented.lesions)
    moved = segmented.regate(alpha=0.0)
    assert moved.setting.alpha == 0.0
    assert moved.to_report()["edits_voxels"] == {"added": 0, "removed": 0}
    assert len(segmented.lesions) == before
    assert moved.maps is segmented.maps
    with pytest.raises(InputError, match="tau"):
        segmented.regate(tau=2.0)


def test_a_dicom_segmentation_refers_to_the_study(segmented, a_dicom_folder, tmp_path):
    path = segmented.to_dicom_seg(tmp_path / "lesions.dcm")
    written = pydicom.dcmread(path)
    source = pydicom.dcmread(next(file for file in sorted(a_dicom_folder.rglob("*")) if file.is_file()))
    assert written.StudyInstanceUID == source.StudyInstanceUID
    assert len(written.SegmentSequence) == len(segmented.lesions) > 0


@pytest.mark.fault("a DICOM-SEG is saved from Python where another file lies", "it is named, and stays")
def test_a_segmentation_never_replaces_another_file(segmented, tmp_path):
    path = segmented.to_dicom_seg(tmp_path / "lesions.dcm")
    assert segmented.to_dicom_seg(path) == path  # our own is
    for mine in (path, tmp_path / "thesis.dcm"):
        mine.write_bytes(b"mine")
        with pytest.raises(InputError, match=mine.name):
            segmented.to_dicom_seg(mine)
        assert mine.read_bytes() == b"mine"


def test_a_zip_is_read_as_its_folder(a_dicom_folder, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "study"), "zip", a_dicom_folder)
    folder, archive = (api.read_study(source) for source in (a_dicom_folder, packed))
    assert np.array_equal(sitk.GetArrayFromImage(archive.t2w), sitk.GetArrayFromImage(folder.t2w))
    (tmp_path / "notes.txt").write_text("no study")
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        api.read_study(tmp_path / "notes.txt")


ARRAY = np.arange(20 * 64 * 64, dtype=np.float32).reshape(20, 64, 64)


@pytest.mark.parametrize(
    ("arrays", "place", "words"),
    [
        (ARRAY, {"spacing": (1.0, 1.0)}, "`spacing` must be 3 finite numbers"),
        (ARRAY, {"spacing": None}, "`spacing` must be 3 finite numbers"),
        (ARRAY, {"spacing": (1.0, 1.0, -3.0)}, "three positive numbers"),
        (ARRAY, {"origin": (0.0, 0.0)}, "`origin` must be 3 finite numbers"),
        (ARRAY, {"direction": np.zeros((3, 3))}, "unit vectors"),
        (ARRAY, {"direction": (1.0,) * 8}, "`direction` must be 9 finite numbers"),
        (ARRAY > 9, {}, "real numbers"),
        (ARRAY * 1j, {}, "real numbers"),
        ([["a"]], {}, "volumes"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, dict) else "",
)
def test_arrays_that_cannot_be_placed_are_one_sentence(arrays, place, words):
    with pytest.raises(InputError, match=words):
        api.study_of_arrays(arrays, arrays, arrays, **{"spacing": (1.0, 1.0, 3.0), **place})


def test_arrays_of_any_real_kind_and_a_matrix_are_taken(a_study_folder):
    study = api.read_study(a_study_folder)
    arrays = [sitk.GetArrayFromImage(sitk.Resample(study.volume(one), study.t2w)) for one in Modality]
    place = {"spacing": list(study.t2w.GetSpacing()), "origin": np.array(study.t2w.GetOrigin())}
    turns = np.reshape(study.t2w.GetDirection(), (3, 3))
    given = api.study_of_arrays(*(array.astype(">f8") for array in arrays), **place, direction=turns)
    assert given.t2w.GetDirection() == pytest.approx(study.t2w.GetDirection())
    assert np.array_equal(sitk.GetArrayFromImage(given.adc), arrays[1])


def test_images_and_arrays_give_the_answer_of_files(a_study_folder, a_bundle):
    model = api.load_model(a_bundle)
    study = api.read_study(a_study_folder)
    files = api.segment(study, model)
    images = api.segment(api.study_of_images(study.t2w, study.adc, study.hbv), model)
    assert np.array_equal(images.maps.base_margin, files.maps.base_margin)
    with pytest.raises(InputError, match="DICOM"):
        images.to_dicom_seg(a_study_folder / "none.dcm")
    on_t2w = [sitk.Resample(study.volume(modality), study.t2w) for modality in Modality]
    place = {
        "spacing": study.t2w.GetSpacing(),
        "origin": study.t2w.GetOrigin(),
        "direction": study.t2w.GetDirection(),
    }
    arrays = [sitk.GetArrayFromImage(image) for image in on_t2w]
    given = api.segment(api.study_of_arrays(*arrays, **place), model)
    assert np.allclose(given.maps.base_margin, api.segment(api.study_of_images(*on_t2w), model).maps.base_margin)
    with pytest.raises(InputError, match="one shape"):
        api.study_of_arrays(arrays[0][:-1], *arrays[1:], **place)


def test_what_cannot_be_used_is_one_sentence(tmp_path, a_study_folder):
    for given in ({}, {"folder": tmp_path, "t2w": tmp_path}, {"t2w": tmp_path}, {"folder": tmp_path / "none"}):
        with pytest.raises(InputError):
            api.read_study(**given)
    study = api.read_study(a_study_folder)
    for given in ({"tau": -1.0}, {"false_positives": -1.0}, {"psa": 0.0}, {"prompt": "xylophone"}):
        with pytest.raises(InputError):
            api.segment(study, **given)


def test_other_words_for_the_models_own_prompt_give_its_own_answer(segmented, a_dicom_folder):
    """Confidence and operating point are those of its own prompt: else the same finding was told twice as likely."""
    other = api.segment(api.read_study(a_dicom_folder), prompt="Prostate  Tumour")
    assert other.result.run.prompt == segmented.result.run.prompt
    assert [lesion.confidence for lesion in other.lesions] == [lesion.confidence for lesion in segmented.lesions] != []


def test_a_prompt_and_progress_go_through(a_study_folder):
    seen = []
    model = api.load_model()
    liver = api.segment(
        api.read_study(a_study_folder), model, prompt="liver", progress=lambda stage, *_: seen.append(stage)
    )
    assert liver.lesions == ()
    assert liver.result.run.prompt == "liver"
    assert {"preprocess", "network", "maps"} <= set(seen)
    assert model.facts.prompt != "liver"
