# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import vtk

from ProstateAlignRefineLib.scene.maps import add_maps, heat_range, maps_of
from ProstateAlignRefineLib.scene.volumes import (
    add_volume,
    grid_of,
    image_of,
    instance_uids,
    moved_alike,
    voxels_of,
)


def a_study_item(scene, volume):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, volume)
    return hierarchy, study


def test_a_volume_node_keeps_voxels_and_place(scene, grid):
    array = np.arange(np.prod(grid.shape), dtype=np.int16).reshape(grid.shape)
    volume = add_volume(scene, array, grid, "t2w")
    assert grid_of(volume).matches(grid)
    assert np.array_equal(voxels_of(volume), array)


def test_a_voxel_lies_at_the_same_point_in_ras_and_lps(scene, grid):
    volume = add_volume(scene, np.zeros(grid.shape, np.int16), grid, "t2w")
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    r, a, s, _ = matrix.MultiplyPoint((3, 5, 2, 1))
    assert np.allclose((-r, -a, s), grid.to_lps((3, 5, 2)))


def test_an_image_holds_what_the_node_holds_where_it_lies(inputs, grid):
    adc, point = image_of(inputs.adc), grid_of(inputs.adc).to_lps((3, 5, 2))
    assert Grid.of(adc).matches(grid)
    assert adc[adc.TransformPhysicalPointToIndex(tuple(point))] == voxels_of(inputs.adc)[2, 5, 3]


def test_a_volume_under_a_transform_is_refused_with_the_way_out(scene, inputs):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    inputs.adc.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match="harden"):
        image_of(inputs.adc)


def test_nodes_are_moved_alike_by_equal_transforms_only(scene, inputs):
    def under(volume, node):
        scene.AddNode(node)
        volume.SetAndObserveTransformNodeID(node.GetID())
        return node

    assert moved_alike(inputs.t2w, inputs.adc)
    first = under(inputs.t2w, slicer.vtkMRMLLinearTransformNode())
    assert moved_alike(inputs.t2w, inputs.adc)  # it does nothing yet
    shift = vtk.vtkMatrix4x4()
    shift.SetElement(2, 3, 1.5)
    first.SetMatrixTransformToParent(shift)
    assert not moved_alike(inputs.t2w, inputs.adc)
    under(inputs.adc, slicer.vtkMRMLLinearTransformNode()).SetMatrixTransformToParent(shift)
    assert moved_alike(inputs.t2w, inputs.adc)
    under(inputs.hbv, slicer.vtkMRMLBSplineTransformNode()).SetAndObserveTransformToParent(
        vtk.vtkThinPlateSplineTransform()
    )
    assert not moved_alike(inputs.hbv, inputs.t2w)


def test_a_sheared_volume_is_refused(scene, inputs):
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 1, 0.5)
    inputs.hbv.SetIJKToRASMatrix(matrix)
    with pytest.raises(InputError, match="sheared"):
        image_of(inputs.hbv)


def test_an_empty_volume_is_refused(scene):
    with pytest.raises(InputError, match="no voxels"):
        image_of(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))


def test_dicom_instance_uids_are_read_from_the_node(inputs):
    assert instance_uids(inputs.t2w) == ()
    inputs.t2w.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    assert instance_uids(inputs.t2w) == ("1.2.3", "1.2.4")


def test_maps_come_back_as_they_were_stored(scene, inputs, maps):
    stored = maps_of(add_maps(scene, maps, inputs.t2w))
    assert stored.grid.matches(maps.grid)
    for name in ("base_margin", "refined_margin", "confidence", "similarity"):
        assert np.array_equal(getattr(stored, name), getattr(maps, name))


def test_maps_join_the_study_of_the_t2w_volume(scene, inputs, maps):
    hierarchy, study = a_study_item(scene, inputs.t2w)
    nodes = add_maps(scene, maps, inputs.t2w)
    assert all(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study for node in nodes)


def test_only_the_readable_maps_show_in_selectors(scene, inputs, maps):
    nodes = add_maps(scene, maps, inputs.t2w)
    assert nodes.base_margin.GetHideFromEditors()
    assert nodes.refined_margin.GetHideFromEditors()
    assert not nodes.similarity.GetHideFromEditors()


def test_hidden_maps_of_two_scenes_in_one_folder_get_files_of_their_own(maps):
    def hidden():
        scene = slicer.vtkMRMLScene()
        t2w = add_volume(scene, np.zeros(maps.grid.shape, np.int16), maps.grid, "T2W")
        return {node.GetName() for node in add_maps(scene, maps, t2w) if node.GetHideFromEditors()}

    first, second = hidden(), hidden()
    assert len(first) == len(second) == 2
    assert not first & second


def test_the_similarity_map_has_the_heat_colours_over_its_range(scene, inputs, maps):
    nodes = add_maps(scene, maps, inputs.t2w)
    display = nodes.similarity.GetDisplayNode()
    assert display.GetColorNode().GetName() == "Text-image similarity"
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx(heat_range(maps))
