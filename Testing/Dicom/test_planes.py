"""Sagittal and coronal T2W of a study: read where asked for, in their own planes; nothing is computed from them."""

import numpy as np

from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import load_study


def test_the_real_study_has_both_planes_about_the_same_place_and_they_change_nothing(real_dicom):
    plain, study = load_study(real_dicom), load_study(real_dicom, with_planes=True)
    assert plain.planes == {}
    assert set(study.planes) == {"sagittal", "coronal"}
    for plane, axis in (("sagittal", 0), ("coronal", 1)):
        grid = Grid.of(study.planes[plane])
        assert int(np.abs(grid.axes[:, 2]).argmax()) == axis
        assert np.linalg.norm(grid.centre - study.grid.centre) < 30.0
        assert to_array(study.planes[plane]).std() > 10
    for modality in Modality:
        assert np.array_equal(to_array(plain.volume(modality)), to_array(study.volume(modality)))
    assert plain.reasons == study.reasons


def test_a_study_without_them_has_none(study_folder):
    assert load_study(study_folder, with_planes=True).planes == {}
