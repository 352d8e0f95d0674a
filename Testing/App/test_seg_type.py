"""The form of a DICOM segmentation, chosen in the panel."""

import numpy as np
import pytest
from pydicom import dcmread

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")


def test_the_form_that_is_chosen_is_written_with_the_same_voxels(segmented_dicom, tmp_path):
    from ProstateAlignRefineLib.dicom.write.seg import read_segmentation

    panel, found = segmented_dicom, {}
    assert panel.ui.segTypeBox.currentText.startswith("BINARY")
    for index, form in enumerate(("BINARY", "LABELMAP")):
        panel.ui.segTypeBox.currentIndex = index
        path = panel.application.answers["new file"] = tmp_path / f"{form}.dcm"
        panel.ui.segButton.click()
        assert panel.ui.exportLabel.text == f"Written: {form}.dcm"
        assert dcmread(path).SegmentationType == form
        found[form] = read_segmentation(path, panel.session.reading.maps.grid)
    assert found["BINARY"].any()
    assert np.array_equal(found["BINARY"], found["LABELMAP"])
