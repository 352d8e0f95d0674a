"""What leaves a result: labels, segmentation, table, text; and why DICOM may not."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.results.report import RESEARCH_USE

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from ProstateAlignRefineLib.scene.reading import Reading  # noqa: E402 - it needs slicer


def test_labels_are_exported_on_the_t2w_grid(segmented, tmp_path):
    segmented.application.answers["new file"] = tmp_path / "lesions.nii.gz"
    segmented.ui.fileButton.click()
    image = sitk.ReadImage(str(tmp_path / "lesions.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(image), segmented.session.reading.labels())
    assert segmented.ui.exportLabel.text == "Written: lesions.nii.gz"


def test_the_segmentation_is_exported_for_slicer(segmented, tmp_path):
    path = tmp_path / "lesions.seg.nrrd"
    segmented.application.answers["new file"] = path
    segmented.ui.fileButton.click()
    storage = slicer.vtkMRMLSegmentationStorageNode()
    node = segmented.application.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    assert node.GetSegmentation().GetNumberOfSegments() == 2


def test_another_suffix_is_refused(segmented, tmp_path):
    segmented.application.answers["new file"] = tmp_path / "lesions.stl"
    segmented.ui.fileButton.click()
    assert ".nii.gz or .seg.nrrd" in segmented.ui.exportLabel.text
    assert not list(tmp_path.glob("*.stl"))


def test_the_table_is_exported_with_every_lesion_and_decision(segmented, tmp_path):
    segmented.ui.lesionTable.selectRow(1)
    segmented.ui.rejectButton.click()
    segmented.application.answers["new file"] = tmp_path / "lesions.csv"
    segmented.ui.csvButton.click()
    rows = list(csv.DictReader((tmp_path / "lesions.csv").open(encoding="utf-8")))
    assert [row["decision"] for row in rows] == ["not reviewed", "rejected"]
    assert float(rows[0]["volume_ml"]) == pytest.approx(segmented.session.reading.lesions[0].lesion.volume_ml, rel=1e-3)


def test_what_was_found_with_a_place_given_says_so_in_panel_table_and_text(segmented, tmp_path):
    """A place that the reader gave is no finding of the model alone."""
    session = segmented.session
    told = []
    for prompt in (session.reading.run.model.prompt, "left PZ at the apex"):
        before = session.reading
        session.reading = Reading.start(before.scene, before.inputs, before.maps, replace(before.run, prompt=prompt))
        session.changed.emit()
        path = tmp_path / f"{len(told)}.csv"
        segmented.application.answers["new file"] = path
        segmented.ui.csvButton.click()
        segmented.ui.copyButton.click()
        rows = list(csv.DictReader(path.open(encoding="utf-8")))
        given = {row["found_with_place_given"] for row in rows}
        told.append((segmented.ui.lesionSummary.text, given, segmented.application.clipboard))
    (plain, no, own), (marked, yes, asked) = told
    assert marked == f"{plain}; with a place given"
    assert (no, yes) == ({"0"}, {"1"})
    assert "place given" not in own
    assert "found with a place given" in asked


def test_the_copied_text_opens_with_the_research_line_and_leaves_out_what_was_rejected(segmented):
    segmented.ui.lesionTable.selectRow(1)
    segmented.ui.rejectButton.click()
    segmented.ui.copyButton.click()
    text = segmented.application.clipboard
    assert text.startswith(RESEARCH_USE)
    assert "Lesion 1 (not reviewed): " in text
    assert "Lesion 2" not in text
    assert "1 further finding(s) rejected by the reader." in text
    assert "test model" in text


def test_dicom_export_says_why_it_is_not_possible(segmented):
    assert not segmented.ui.segButton.enabled
    assert "DICOM files of T2W, ADC, HBV are not known" in segmented.ui.segButton.toolTip
    assert segmented.ui.exportLabel.text == segmented.ui.segButton.toolTip
