"""Segmentations of the type LABELMAP: who reads them, what they refuse, BINARY is what is written unasked."""

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import SegmentationStorage

from Dicom.making import INFO, dciodvfy_errors, read_by_dcmqi, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import SegType, load_study, write_gland, write_segmentation
from ProstateAlignRefineLib.dicom.send.sendable import describe, sendable_files
from ProstateAlignRefineLib.dicom.write.masks import lps_affine_zyx
from ProstateAlignRefineLib.dicom.write.seg_type import LABEL_MAP_STORAGE


def labels_by_highdicom(path, grid):
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    geometry = hd.VolumeGeometry(lps_affine_zyx(grid), grid.shape, coordinate_system="PATIENT")
    return volume.match_geometry(geometry).array


@pytest.mark.parametrize("order", ["as-acquired", "turned"])
def test_every_voxel_is_found_by_highdicom_and_dcmqi_and_dciodvfy_has_no_error(study, path, tmp_path, order):
    labels, grid = two_lesions(study.grid), study.grid
    headers = dict(study.headers)
    if order == "turned":
        headers[Modality.T2W] = headers[Modality.T2W][::-1]
    write_segmentation(labels, grid, headers, INFO, path, seg_type=SegType.LABELMAP)
    stored = dcmread(path)
    assert (stored.SOPClassUID, stored.SegmentationType) == (LABEL_MAP_STORAGE, "LABELMAP")
    assert [segment.SegmentLabel for segment in stored.SegmentSequence] == ["Background", "Lesion 1", "Lesion 2"]
    coloured = ["RecommendedDisplayCIELabValue" in segment for segment in stored.SegmentSequence]
    assert coloured == [False, True, True]
    assert dciodvfy_errors(path) == []
    assert np.array_equal(labels_by_highdicom(path, grid), labels)
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", grid), labels)


def test_on_the_real_study(real_dicom, path, tmp_path):
    study = load_study(real_dicom)
    labels = two_lesions(study.grid)
    write_segmentation(labels, study.grid, study.headers, INFO, path, seg_type=SegType.LABELMAP)
    assert dciodvfy_errors(path) == []
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)


def test_overlapping_lesions_are_refused(study, path):
    masks = np.zeros((*study.grid.shape, 2), bool)
    masks[3:5, 10:20, 10:20, 0] = masks[4:6, 12:22, 12:22, 1] = True
    with pytest.raises(InputError, match=r"^Lesions overlap, and a LABELMAP has one label a voxel; choose BINARY\.$"):
        write_segmentation(masks, study.grid, study.headers, INFO, path, seg_type=SegType.LABELMAP)
    assert not path.exists()


def test_a_highdicom_without_it_gives_one_sentence(study, labels, path, monkeypatch):
    class Older:
        BINARY = "BINARY"

    monkeypatch.setattr(hd.seg, "SegmentationTypeValues", Older)
    with pytest.raises(InputError, match=r"^The installed highdicom writes no LABELMAP; update it"):
        write_segmentation(labels, study.grid, study.headers, INFO, path, seg_type=SegType.LABELMAP)


def test_the_gland_can_be_one_too_and_both_may_be_sent(study, labels, path, tmp_path):
    write_gland(labels > 0, study.grid, study.headers, INFO, path, seg_type=SegType.LABELMAP)
    assert dciodvfy_errors(path) == []
    write_segmentation(labels, study.grid, study.headers, INFO, tmp_path / "binary.dcm")
    assert dcmread(tmp_path / "binary.dcm").SOPClassUID == SegmentationStorage
    sent = sendable_files([path, tmp_path / "binary.dcm"], allow_research=True)
    assert describe(sent) == "1 label map segmentation, 1 segmentation"
