"""DICOM objects from the panel: where lesions lie that were moved in the scene, and what is never overwritten."""

import numpy as np
import pytest
from pydicom import dcmread

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

VOXELS, STEP_MM = 3, 2.0


def transform(scene, right_mm):
    """A transform that moves to the patient's right, in MRML's RAS."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, right_mm)
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(matrix)
    return node


def export(panel, path):
    panel.application.answers["new file"] = path
    panel.ui.segButton.click()
    return panel.ui.exportLabel.text


def stored(path, panel):
    from ProstateAlignRefineLib.dicom.write.seg import read_segmentation

    return read_segmentation(path, panel.session.reading.maps.grid).any(axis=-1)


@pytest.fixture
def moved(segmented_dicom, tmp_path):
    """The lesions under a transform; the mask as it was before."""
    export(segmented_dicom, tmp_path / "before.dcm")
    node = segmented_dicom.session.reading.nodes.lesions
    node.SetAndObserveTransformNodeID(transform(segmented_dicom.application.scene, VOXELS * STEP_MM).GetID())
    return segmented_dicom, stored(tmp_path / "before.dcm", segmented_dicom)


def test_lesions_under_a_transform_are_refused_with_the_ways_out(moved, tmp_path):
    panel, _before = moved
    said = export(panel, tmp_path / "lesions.dcm")
    assert "harden the transform" in said
    assert "or remove it" in said
    assert not (tmp_path / "lesions.dcm").exists()


def test_a_hardened_transform_moves_the_lesions_in_the_file_too(moved, tmp_path):
    panel, before = moved
    assert panel.session.reading.nodes.lesions.HardenTransform()
    assert export(panel, tmp_path / "lesions.dcm") == "Written: lesions.dcm"
    # The patient's right is where x of LPS becomes smaller; a study that was opened lies in axial order.
    assert np.array_equal(stored(tmp_path / "lesions.dcm", panel), np.roll(before, -VOXELS, axis=2))
    assert dcmread(tmp_path / "lesions.dcm").SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"


def test_a_removed_transform_leaves_the_result_as_it_was(moved, tmp_path):
    panel, before = moved
    panel.session.reading.nodes.lesions.SetAndObserveTransformNodeID(None)
    export(panel, tmp_path / "lesions.dcm")
    assert np.array_equal(stored(tmp_path / "lesions.dcm", panel), before)


def test_a_whole_study_under_one_transform_is_written_in_the_patients_space(moved, tmp_path):
    panel, before = moved
    reading = panel.session.reading
    reading.inputs.t2w.SetAndObserveTransformNodeID(reading.nodes.lesions.GetTransformNodeID())
    assert export(panel, tmp_path / "lesions.dcm") == "Written: lesions.dcm"
    assert np.array_equal(stored(tmp_path / "lesions.dcm", panel), before)


def test_the_reports_segmentation_replaces_no_file_without_a_yes(segmented_dicom, tmp_path):
    panel, application = segmented_dicom, segmented_dicom.application
    (tmp_path / "lesions.seg.dcm").write_bytes(b"an earlier one")
    application.answers.update({"new file": tmp_path / "lesions.sr.dcm", "confirm": False})
    panel.ui.srButton.click()
    assert "Nothing was written" in panel.ui.exportLabel.text
    assert application.asked[-1] == (
        "confirm",
        "lesions.seg.dcm, which the report refers to, is there already. Replace it?",
    )
    assert not (tmp_path / "lesions.sr.dcm").exists()
    assert (tmp_path / "lesions.seg.dcm").read_bytes() == b"an earlier one"
    application.answers["confirm"] = True
    panel.ui.srButton.click()
    assert panel.ui.exportLabel.text == "Written: lesions.sr.dcm"
    assert stored(tmp_path / "lesions.seg.dcm", panel).any()


def test_a_slice_has_the_number_and_position_that_dicom_gives_it_wherever_it_is_told(segmented_dicom, tmp_path):
    import csv

    panel, reading = segmented_dicom, segmented_dicom.session.reading
    headers = panel.session.study.headers.of(reading.inputs.t2w)
    lesion = reading.lesions[0].lesion
    numbers = {
        round(float(reading.maps.grid.to_index(np.array(header.ImagePositionPatient, float))[2])): header.InstanceNumber
        for header in headers
    }
    low, high = sorted(int(numbers[index]) for index in lesion.slices)
    text = reading.slice_names.text(*lesion.slices)
    assert text.startswith(f"{low}-{high} (at ")
    cell = panel.ui.lesionTable.item(0, 6)
    assert (cell.text(), cell.toolTip()) == (f"{low}-{high}", text)
    panel.ui.copyButton.click()
    assert f"slices {text}; " in panel.application.clipboard
    panel.application.answers["new file"] = tmp_path / "lesions.csv"
    panel.ui.csvButton.click()
    row = next(csv.DictReader((tmp_path / "lesions.csv").open(encoding="utf-8")))
    assert (row["first_slice"], row["last_slice"], row["slices"]) == (str(low), str(high), text)
