# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
"""The real oblique study in the scene."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.scene.matching import match_volumes
from ProstateAlignRefineLib.scene.volumes import add_volume, grid_of, image_of, voxels_of


@pytest.fixture
def images(real_study):
    paths = sorted((real_study / "picai" / "images").glob("*.mha"))
    return {path.stem.rsplit("_", 1)[1]: sitk.ReadImage(str(path)) for path in paths}


@pytest.fixture
def loaded(scene, images):
    return {name: add_volume(scene, to_array(image), Grid.of(image), name) for name, image in images.items()}


def test_the_right_three_of_five_volumes_are_proposed(loaded):
    found = match_volumes(list(loaded.values()))
    assert [found[m].node.GetName() for m in Modality] == ["t2w", "adc", "hbv"]


def test_without_names_nothing_is_guessed(scene, images):
    volumes = [add_volume(scene, to_array(image), Grid.of(image), "series") for image in images.values()]
    found = match_volumes(volumes)
    assert all(match.node is None for match in found.values())


def test_slicers_own_reader_and_ours_agree_on_the_dicom_series(scene, real_study, images):
    (folder,) = real_study.glob("dicom/*/4.000000*")
    reader = slicer.vtkMRMLVolumeArchetypeStorageNode()
    reader.SetFileName(str(min(folder.glob("*.dcm"))))
    for path in sorted(folder.glob("*.dcm")):
        reader.AddFileName(str(path))
    reader.SetSingleFile(0)
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T2W")
    assert reader.ReadData(volume)
    assert grid_of(volume).matches(Grid.of(images["t2w"]), tolerance_mm=1e-2)
    assert np.array_equal(voxels_of(volume), to_array(images["t2w"]))


def test_an_image_makes_the_way_into_the_scene_and_back(loaded, images):
    for name, volume in loaded.items():
        again = image_of(volume)
        assert Grid.of(again).matches(Grid.of(images[name]))
        assert np.array_equal(to_array(again), to_array(images[name]))
