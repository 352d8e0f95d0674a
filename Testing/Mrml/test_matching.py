# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.match.evidence import SeriesHeader
from ProstateAlignRefineLib.core.study import Modality

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.scene.maps import add_maps
from ProstateAlignRefineLib.scene.matching import match_volumes, volumes_in
from ProstateAlignRefineLib.scene.volumes import add_volume

AXES = (1, 0, 0, 0, 1, 0, 0, 0, 1)
SAGITTAL = (0, 0, 1, 1, 0, 0, 0, -1, 0)
FINE = Grid((24, 24, 12), (0.5, 0.5, 3.0), (0, 0, 0), AXES)
FINE_SAGITTAL = Grid((24, 24, 12), (0.5, 0.5, 3.0), (0, 0, 0), SAGITTAL)
COARSE = Grid((12, 12, 12), (2.0, 2.0, 3.0), (0, 0, 0), AXES)


def loaded(scene, name, grid=COARSE, values=(0, 400)):
    rng = np.random.default_rng(1)
    return add_volume(scene, rng.uniform(*values, grid.shape).astype(np.float32), grid, name)


def names(matches):
    return tuple(matches[m].node.GetName() if matches[m].node else None for m in Modality)


def test_a_siemens_study_is_matched_by_its_names(scene):
    loaded(scene, "3: t2_tse_sag", FINE_SAGITTAL)
    loaded(scene, "4: t2_tse_tra", FINE)
    loaded(scene, "6: ep2d_diff_tra_DYNDIST")
    loaded(scene, "7: ep2d_diff_tra_DYNDIST_ADC", values=(600, 2000))
    loaded(scene, "8: ep2d_diff_tra_DYNDISTCALC_BVAL")
    found = names(match_volumes(volumes_in(scene)))
    assert found == ("4: t2_tse_tra", "7: ep2d_diff_tra_DYNDIST_ADC", "8: ep2d_diff_tra_DYNDISTCALC_BVAL")


def test_picai_file_names_are_matched(scene):
    for suffix, grid in (("adc", COARSE), ("cor", FINE), ("hbv", COARSE), ("sag", FINE_SAGITTAL), ("t2w", FINE)):
        loaded(scene, f"11373_1001396_{suffix}", grid)
    assert [name[-3:] for name in names(match_volumes(volumes_in(scene)))] == ["t2w", "adc", "hbv"]


def test_dicom_headers_decide_where_names_say_nothing(scene):
    adc, dwi, t2w = loaded(scene, "series a"), loaded(scene, "series b"), loaded(scene, "series c", FINE)
    headers = {
        adc.GetID(): SeriesHeader(image_type=frozenset({"DERIVED", "PRIMARY", "DIFFUSION", "ADC"})),
        dwi.GetID(): SeriesHeader(image_type=frozenset({"ORIGINAL", "PRIMARY", "DIFFUSION"}), b_value=1400.0),
        t2w.GetID(): SeriesHeader(echo_time=104.0, description="T2 axial"),
    }
    assert names(match_volumes(volumes_in(scene), headers)) == ("series c", "series a", "series b")


def test_a_match_says_why(scene):
    loaded(scene, "t2w", FINE)
    loaded(scene, "adc", values=(600, 2000))
    loaded(scene, "dwi b1400")
    found = match_volumes(volumes_in(scene))
    assert found[Modality.T2W].reason == (
        "'t2w': axial, at least 10 slices, pixels under 0.75 mm, slice step up to 4 mm, named T2."
    )
    assert "1e-6 mm2/s" in found[Modality.ADC].reason
    assert "high b-value" in found[Modality.HBV].reason
    assert found[Modality.HBV].reason.endswith("on the ADC map's grid.")


def test_the_higher_b_value_wins(scene):
    for b in (50, 400, 800, 1400):
        loaded(scene, f"dwi b{b}")
    assert names(match_volumes(volumes_in(scene)))[2] == "dwi b1400"


def test_nothing_is_proposed_for_a_modality_that_is_not_there(scene):
    loaded(scene, "CT thorax", FINE)
    found = match_volumes(volumes_in(scene))
    assert names(found) == (None, None, None)
    assert found[Modality.ADC].reason == "No loaded volume looks like ADC; choose it here."


def test_an_empty_scene_matches_nothing(scene):
    assert names(match_volumes(volumes_in(scene))) == (None, None, None)


def test_a_colour_image_is_no_candidate(scene):
    import vtk

    node, image = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "t2"), vtk.vtkImageData()
    image.SetDimensions(24, 24, 12)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    node.SetAndObserveImageData(image)
    assert volumes_in(scene) == []


def test_what_is_as_good_is_named(scene):
    first, second = loaded(scene, "t2", FINE), loaded(scene, "t2w", FINE)
    match = match_volumes([first, second])[Modality.T2W]
    assert match.node is first
    assert match.reason.endswith("named T2; as good: 't2w'.")


def test_maps_of_an_earlier_result_are_no_candidates(scene, inputs, maps):
    before = volumes_in(scene)
    add_maps(scene, maps, inputs.t2w)
    assert volumes_in(scene) == before
