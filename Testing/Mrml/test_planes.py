"""Sagittal and coronal T2W beside the reading views: each in its plane, with reference lines, and the way back."""

# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.match.evidence import SeriesHeader
from ProstateAlignRefineLib.scene.layout import LABELS, LAYOUT_ID, USERS_OWN, ReadingLayout, register_layout
from ProstateAlignRefineLib.scene.matching import match_planes
from ProstateAlignRefineLib.scene.planes import PLANE_LABELS, PLANE_TAGS, WIDE_LAYOUT_ID
from ProstateAlignRefineLib.scene.views import composite_node, slice_node
from ProstateAlignRefineLib.scene.volumes import add_volume

FOUR_UP = 3
TILT = (0.96, 0.28)
SAGITTAL = (0, 0, 1, 1, 0, 0, 0, -1, 0)  # rows to the back, columns to the feet, slices to the left
CORONAL = (1, 0, 0, 0, TILT[1], TILT[0], 0, -TILT[0], TILT[1])


@pytest.fixture
def planes(scene):
    def volume(name, direction):
        grid = Grid((30, 30, 9), (0.6, 0.6, 3.5), (-8.0, -4.0, -20.0), direction)
        values = np.random.default_rng(1).uniform(100, 500, grid.shape).astype(np.float32)
        return add_volume(scene, values, grid, name)

    return {"sagittal": volume("t2_tse_sag", SAGITTAL), "coronal": volume("t2_tse_cor", CORONAL)}


@pytest.fixture
def layout_node(scene, logics):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    views = []
    for tag in (*LABELS, *PLANE_LABELS, "Red"):
        view = slicer.vtkMRMLSliceLogic()
        view.SetMRMLApplicationLogic(logics.application)
        view.SetMRMLScene(scene)
        view.AddSliceNode(tag).SetDimensions(400, 300, 1)
        view.GetSliceModelNode().SetName(f"{tag} Volume Slice")
        views.append(view)
    node = logic.GetLayoutNode()
    node.SetViewArrangement(FOUR_UP)
    yield node
    views.clear()
    logic.SetMRMLScene(None)


@pytest.fixture
def layout(scene, layout_node):
    return ReadingLayout(scene, layout_node)


def normal_of(view):
    return np.array([view.GetSliceToRAS().GetElement(row, 2) for row in range(3)])


def lines_in(scene, tag):
    (model,) = [node for node in slicer_models(scene) if node.GetName() == f"{tag} Volume Slice"]
    return bool(model.GetDisplayNode().GetIntersectingSlicesVisibility())


def slicer_models(scene):
    kind = "vtkMRMLModelNode"
    return [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]


def test_without_them_the_layout_is_the_four_views(layout, layout_node, inputs):
    layout.enter(inputs)
    assert layout_node.GetViewArrangement() == LAYOUT_ID


def test_each_plane_has_its_view_in_its_own_plane(scene, layout, layout_node, inputs, planes):
    layout.enter(inputs, planes=planes)
    assert layout.is_on
    assert layout_node.GetViewArrangement() == WIDE_LAYOUT_ID
    for plane, tag in PLANE_TAGS.items():
        assert composite_node(scene, tag).GetBackgroundVolumeID() == planes[plane].GetID()
        direction = np.reshape(SAGITTAL if plane == "sagittal" else CORONAL, (3, 3))[:, 2] * [-1, -1, 1]
        assert abs(normal_of(slice_node(scene, tag)) @ direction) == pytest.approx(1.0, abs=1e-6)
        assert slice_node(scene, tag).GetLayoutLabel() == f"T2W {plane}"
    assert slice_node(scene, "Red").GetViewGroup() != slice_node(scene, PLANE_TAGS["sagittal"]).GetViewGroup()


def test_reference_lines_are_drawn_in_the_reading_views_alone(scene, layout, inputs, planes):
    layout.enter(inputs, planes=planes)
    assert all(lines_in(scene, tag) for tag in (*LABELS, *PLANE_LABELS))
    assert not lines_in(scene, "Red")
    layout.enter(inputs)
    assert not any(lines_in(scene, tag) for tag in (*LABELS, *PLANE_LABELS))


def test_a_jump_takes_the_planes_along(scene, layout, inputs, planes):
    layout.enter(inputs, planes=planes)
    layout.jump(inputs.t2w, (-6.0, 10.0, -34.0))
    places = [
        [slice_node(scene, tag).GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        for tag in ("ReadingT2W", *PLANE_TAGS.values())
    ]
    assert places[1] == pytest.approx(places[0])
    assert places[2] == pytest.approx(places[0])


def test_the_users_layout_comes_back_also_from_a_saved_scene(scene, layout, layout_node, inputs, planes):
    layout.enter(inputs, planes=planes)
    again = ReadingLayout(scene, layout_node)
    assert again.is_on
    again.leave()
    assert layout_node.GetViewArrangement() == FOUR_UP
    assert layout_node.GetAttribute(USERS_OWN) == str(FOUR_UP)


def test_both_layouts_are_known_before_one_is_used(layout_node):
    register_layout(layout_node)
    register_layout(layout_node)
    assert layout_node.IsLayoutDescription(LAYOUT_ID)
    assert layout_node.IsLayoutDescription(WIDE_LAYOUT_ID)
    assert layout_node.GetLayoutDescription(WIDE_LAYOUT_ID).count("vtkMRMLSliceNode") == 6


def test_loaded_planes_are_found_beside_the_t2w_in_the_same_space(inputs, planes):
    spin_echo = {"echo_time": 100.0, "repetition_time": 4000.0, "scanning_sequence": frozenset({"SE"})}
    nodes = [*inputs, *planes.values()]
    here = {node.GetID(): SeriesHeader(frame_of_reference="1.2", **spin_echo) for node in nodes}
    assert match_planes(nodes, inputs.t2w, here) == planes
    elsewhere = {**here, planes["coronal"].GetID(): SeriesHeader(frame_of_reference="1.3", **spin_echo)}
    assert match_planes(nodes, inputs.t2w, elsewhere) == {"sagittal": planes["sagittal"]}
