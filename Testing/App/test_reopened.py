"""A scene that was saved and opened again: what was reviewed can still be exported as DICOM."""

import shutil

import numpy as np
import pytest
from pydicom import dcmread

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")


def reopen(panel, folder):
    """Saves the scene and opens it, as Slicer's menu does; nothing but the scene's files outlives it."""
    scene = panel.application.scene
    folder.mkdir()
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    scene.Clear(0)
    (scene_file,) = folder.glob("*.mrml")
    scene.SetURL(str(scene_file))
    assert scene.Connect()
    return panel


def export(panel, path):
    panel.application.answers["new file"] = path
    panel.ui.segButton.click()
    return panel.ui.exportLabel.text


@pytest.fixture
def reviewed(segmented_dicom):
    ui = segmented_dicom.ui
    ui.lesionTable.selectRow(1)
    ui.rejectButton.click()
    ui.lesionTable.selectRow(0)
    ui.acceptButton.click()
    return segmented_dicom


def segments(path):
    found = dcmread(path)
    masks = np.unpackbits(np.frombuffer(found.PixelData, np.uint8))
    return [segment.SegmentLabel for segment in found.SegmentSequence], int(masks.sum())


def test_a_reviewed_result_is_exported_after_the_scene_was_reopened(reviewed, tmp_path):
    export(reviewed, tmp_path / "before.dcm")
    panel = reopen(reviewed, tmp_path / "scene")
    assert panel.ui.segButton.enabled, panel.ui.segButton.toolTip
    assert export(panel, tmp_path / "after.dcm") == "Written: after.dcm"
    assert segments(tmp_path / "after.dcm") == segments(tmp_path / "before.dcm")
    before, after = dcmread(tmp_path / "before.dcm"), dcmread(tmp_path / "after.dcm")
    assert after.StudyInstanceUID == before.StudyInstanceUID
    assert after.PatientID == "P-1"


def test_a_run_after_reopening_looks_at_the_same_headers(reviewed, tmp_path):
    before = reviewed.session.study.headers.of_all(reviewed.session.inputs)
    panel = reopen(reviewed, tmp_path / "scene")
    after = panel.session.study.headers.of_all(panel.session.inputs)
    assert {key: [one.SOPInstanceUID for one in series] for key, series in after.items()} == {
        key: [one.SOPInstanceUID for one in series] for key, series in before.items()
    }


def test_a_folder_that_moved_is_asked_for(reviewed, tmp_path):
    panel = reopen(reviewed, tmp_path / "scene")
    (tmp_path / "dicom").rename(tmp_path / "moved")
    panel.application.answers["folder"] = tmp_path / "moved"
    assert export(panel, tmp_path / "after.dcm") == "Written: after.dcm"
    assert panel.application.asked[-1] == (
        "folder",
        "The study's DICOM files are not where they were: choose their folder",
    )
    asked = len(panel.application.asked)
    panel = reopen(panel, tmp_path / "scene again")
    assert export(panel, tmp_path / "again.dcm") == "Written: again.dcm"
    assert [kind for kind, _text in panel.application.asked[asked:]] == ["new file"]


@pytest.mark.fault(
    "a study's folder that moved before a DICOM export", "the folder is asked for; else why nothing is written"
)
def test_without_the_folder_nothing_is_written_and_the_panel_says_why(reviewed, tmp_path):
    panel = reopen(reviewed, tmp_path / "scene")
    shutil.rmtree(tmp_path / "dicom")
    panel.application.answers["folder"] = None
    said = export(panel, tmp_path / "after.dcm")
    assert said == "The study's DICOM files are not where they were; export again and choose their folder."
    assert not (tmp_path / "after.dcm").exists()


@pytest.mark.fault(
    "another study's folder named as the one that was segmented", "that the images differ; nothing is written"
)
def test_another_studys_folder_is_refused(reviewed, tmp_path):
    from ProstateAlignRefineLib.dicom import StudyLabel, load_study, write_study

    label = StudyLabel("other seed", "Roe^Richard", "P-2", "MRI", "test", synthetic=False, b_value=1400.0)
    write_study(load_study(tmp_path / "dicom"), tmp_path / "other", label)
    panel = reopen(reviewed, tmp_path / "scene")
    shutil.rmtree(tmp_path / "dicom")
    panel.application.answers["folder"] = tmp_path / "other"
    said = export(panel, tmp_path / "after.dcm")
    assert "other images than those that were segmented" in said
    assert not (tmp_path / "after.dcm").exists()


def test_other_images_under_the_remembered_folder_are_not_taken_for_the_study(reviewed, tmp_path):
    from ProstateAlignRefineLib.dicom import StudyLabel, load_study, write_study

    label = StudyLabel("other seed", "Roe^Richard", "P-2", "MRI", "test", synthetic=False, b_value=1400.0)
    write_study(load_study(tmp_path / "dicom"), tmp_path / "other", label)
    shutil.rmtree(tmp_path / "dicom")
    (tmp_path / "other").rename(tmp_path / "dicom")
    panel = reopen(reviewed, tmp_path / "scene")
    panel.application.answers["folder"] = None
    export(panel, tmp_path / "after.dcm")
    assert not (tmp_path / "after.dcm").exists()


def test_the_scene_holds_no_patients_name(reviewed, tmp_path):
    reopen(reviewed, tmp_path / "scene")
    (scene_file,) = (tmp_path / "scene").glob("*.mrml")
    text = scene_file.read_text(encoding="utf-8")
    assert "StudyFolder" in text
    assert "Doe" not in text
    assert "P-1" not in text
