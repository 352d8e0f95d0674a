# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import numpy as np
import pytest

from ProstateAlignRefineLib.core.study import Modality

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import vtk

from ProstateAlignRefineLib.scene.heatmap import Heatmap
from ProstateAlignRefineLib.scene.layout import FIELD_MM, HEATMAP_TAG, LABELS, LAYOUT_ID, TAGS, ReadingLayout
from ProstateAlignRefineLib.scene.views import composite_node, slice_node
from ProstateAlignRefineLib.scene.volumes import ras_of
from ProstateAlignRefineLib.scene.windows import set_window, window_of

FOUR_UP = 3


@pytest.fixture
def layout_node(scene, logics):
    """A layout node and, as Slicer's view widgets have, a slice logic a view."""
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    views = []
    for tag in (*LABELS, "Red"):
        view = slicer.vtkMRMLSliceLogic()
        view.SetMRMLApplicationLogic(logics.application)
        view.SetMRMLScene(scene)
        view.AddSliceNode(tag).SetDimensions(400, 300, 1)
        views.append(view)
    node = logic.GetLayoutNode()
    node.SetViewArrangement(FOUR_UP)
    yield node
    views.clear()
    logic.SetMRMLScene(None)


@pytest.fixture
def layout(scene, layout_node):
    return ReadingLayout(scene, layout_node)


def shown(scene, tag):
    return scene.GetNodeByID(composite_node(scene, tag).GetBackgroundVolumeID())


def centre(view):
    matrix = view.GetSliceToRAS()
    return tuple(matrix.GetElement(row, 3) for row in range(3))


def test_each_view_shows_its_volume_and_all_are_linked(scene, layout, inputs):
    layout.enter(inputs)
    assert [shown(scene, TAGS[m]) for m in Modality] == list(inputs)
    assert shown(scene, HEATMAP_TAG) is inputs.t2w
    assert all(composite_node(scene, tag).GetLinkedControl() for tag in LABELS)
    assert all(composite_node(scene, tag).GetHotLinkedControl() for tag in LABELS)  # while the mouse is held, too


def test_the_views_are_a_group_of_their_own(scene, layout, inputs):
    layout.enter(inputs)
    groups = {slice_node(scene, tag).GetViewGroup() for tag in LABELS}
    assert len(groups) == 1
    assert slice_node(scene, "Red").GetViewGroup() not in groups


def test_all_views_lie_in_the_t2w_plane(scene, layout, inputs, grid):
    layout.enter(inputs)
    normal = np.array(ras_of(tuple(grid.axes[:, 2])))
    for tag in LABELS:
        matrix = slice_node(scene, tag).GetSliceToRAS()
        assert abs(normal @ [matrix.GetElement(row, 2) for row in range(3)]) == pytest.approx(1.0)


def test_patient_right_is_on_the_left_and_anterior_on_top(scene, layout, inputs):
    layout.enter(inputs)
    matrix = slice_node(scene, TAGS[Modality.T2W]).GetSliceToRAS()
    assert matrix.GetElement(0, 0) < -0.9
    assert matrix.GetElement(1, 1) > 0.9


def test_the_views_are_fitted_to_the_prostate_region(scene, layout, inputs):
    layout.enter(inputs)
    width, height, _ = slice_node(scene, TAGS[Modality.ADC]).GetFieldOfView()
    assert (min(width, height), width / height) == pytest.approx((FIELD_MM, 4 / 3))


def test_the_users_layout_windows_and_views_come_back(scene, layout, layout_node, inputs):
    set_window(inputs.adc, (11.0, 22.0))
    red = slice_node(scene, "Red")
    red.SetFieldOfView(50, 60, 1)
    layout.enter(inputs)
    assert layout.is_on
    assert layout_node.GetViewArrangement() == LAYOUT_ID > 100
    assert window_of(inputs.adc) == (0.0, 2500.0)
    layout.leave()
    assert not layout.is_on
    assert layout_node.GetViewArrangement() == FOUR_UP
    assert window_of(inputs.adc) == pytest.approx((11.0, 22.0))
    assert red.GetFieldOfView()[:2] == (50, 60)


def test_entering_twice_still_remembers_the_users_layout(layout, layout_node, inputs):
    layout.enter(inputs)
    layout.enter(inputs)
    layout.leave()
    assert layout_node.GetViewArrangement() == FOUR_UP


def test_windows_and_crosshair_are_the_users_also_after_another_layout_in_between(
    scene, layout, layout_node, inputs, reading
):
    set_window(inputs.adc, (11.0, 22.0))
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    crosshair.SetCrosshairMode(crosshair.ShowHashmarks)
    layout.enter(inputs)
    layout.jump(inputs.t2w, reading.lesions[0].lesion.centre_lps)
    layout_node.SetViewArrangement(FOUR_UP + 3)
    layout.enter(inputs)
    layout.leave()
    assert layout_node.GetViewArrangement() == FOUR_UP + 3
    assert window_of(inputs.adc) == pytest.approx((11.0, 22.0))
    assert crosshair.GetCrosshairMode() == crosshair.ShowHashmarks


def test_the_users_crosshair_comes_back(scene, layout, inputs, reading):
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    crosshair.SetCrosshairMode(crosshair.ShowHashmarks)
    layout.enter(inputs)
    layout.jump(inputs.t2w, reading.lesions[0].lesion.centre_lps)
    assert crosshair.GetCrosshairMode() == crosshair.ShowSmallBasic
    layout.leave()
    assert crosshair.GetCrosshairMode() == crosshair.ShowHashmarks


def test_entered_again_a_view_shows_its_volume_alone(scene, layout, inputs):
    layout.enter(inputs)
    composite = composite_node(scene, TAGS[Modality.T2W])
    composite.SetForegroundVolumeID(inputs.adc.GetID())
    composite.SetForegroundOpacity(0.5)
    composite.SetLabelVolumeID(inputs.hbv.GetID())
    layout.enter(inputs)
    assert (composite.GetForegroundVolumeID(), composite.GetLabelVolumeID()) == (None, None)
    assert label(scene, TAGS[Modality.T2W]) == "T2W"


def test_a_window_the_user_sets_while_reading_stays(layout, inputs):
    layout.enter(inputs)
    set_window(inputs.t2w, (5.0, 50.0))
    layout.enter(inputs)
    assert window_of(inputs.t2w) == pytest.approx((5.0, 50.0))
    layout.use_windows(inputs, "narrow")
    assert window_of(inputs.adc) == pytest.approx((400.0, 1600.0))


def test_views_of_another_size_are_fitted_again(scene, layout, inputs):
    layout.enter(inputs)
    view = slice_node(scene, HEATMAP_TAG)
    where = centre(view)
    view.SetDimensions(300, 900, 1)
    layout.fit()
    assert view.GetFieldOfView()[:2] == pytest.approx((FIELD_MM, 3 * FIELD_MM))
    assert centre(view) == pytest.approx(where)


def test_a_layout_chosen_meanwhile_stays(layout, layout_node, inputs):
    layout.enter(inputs)
    layout_node.SetViewArrangement(2)
    layout.leave()
    assert layout_node.GetViewArrangement() == 2


def test_leaving_after_a_volume_was_deleted(scene, layout, inputs):
    layout.enter(inputs)
    scene.RemoveNode(inputs.adc)
    layout.leave()
    assert not layout.is_on


def test_a_jump_centres_every_view_on_the_slice_of_the_lesion(scene, layout, inputs, reading, grid):
    layout.enter(inputs)
    lesion = reading.lesions[1].lesion
    layout.jump(inputs.t2w, lesion.centre_lps)
    x, y, z = grid.to_index(lesion.centre_lps)
    expected = ras_of(tuple(grid.to_lps((x, y, round(z)))))
    for tag in LABELS:
        assert centre(slice_node(scene, tag)) == pytest.approx(expected, abs=1e-3)
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    assert crosshair.GetCrosshairRAS() == pytest.approx(expected, abs=1e-3)


def test_outside_the_reading_layout_a_jump_moves_the_users_views(scene, layout, inputs, reading):
    layout.enter(inputs)
    layout.leave()
    before = centre(slice_node(scene, HEATMAP_TAG))
    layout.jump(inputs.t2w, reading.lesions[0].lesion.centre_lps)
    expected = ras_of(reading.lesions[0].lesion.centre_lps)
    assert centre(slice_node(scene, "Red")) == pytest.approx(expected, abs=0.5 * inputs.t2w.GetSpacing()[2])
    assert centre(slice_node(scene, HEATMAP_TAG)) == before


def test_the_heatmap_is_off_until_asked_for(scene, layout, inputs, reading):
    layout.enter(inputs)
    composite = composite_node(scene, HEATMAP_TAG)
    assert composite.GetForegroundVolumeID() is None
    layout.heatmap(reading.nodes.maps.similarity, Heatmap(shown=True, opacity=0.4, threshold=0.5))
    assert composite.GetForegroundVolumeID() == reading.nodes.maps.similarity.GetID()
    assert composite.GetForegroundOpacity() == pytest.approx(0.4)
    display = reading.nodes.maps.similarity.GetDisplayNode()
    assert (display.GetApplyThreshold(), display.GetLowerThreshold()) == (1, pytest.approx(0.5))
    layout.heatmap(reading.nodes.maps.similarity, Heatmap(shown=False))
    assert composite.GetForegroundVolumeID() is None


def test_the_legend_stands_in_the_heatmap_view_alone(scene, layout, inputs, reading):
    layout.enter(inputs)
    for _ in range(2):
        layout.heatmap(reading.nodes.maps.similarity, Heatmap(shown=True))
    assert scene.GetNumberOfNodesByClass("vtkMRMLColorLegendDisplayNode") == 1
    legend = scene.GetFirstNodeByClass("vtkMRMLColorLegendDisplayNode")
    assert [legend.IsDisplayableInView(slice_node(scene, tag).GetID()) for tag in LABELS] == [False, False, False, True]


def test_every_view_has_the_patients_axes_and_a_ruler(scene, layout, inputs):
    layout.enter(inputs)
    for tag in LABELS:
        view = slice_node(scene, tag)
        assert view.GetOrientationMarkerType() == view.OrientationMarkerTypeAxes
        assert view.GetOrientationMarkerSize() == view.OrientationMarkerSizeMedium  # letters of a small one blur
        assert view.GetRulerType() == view.RulerTypeThin
        assert view.GetRulerColor() == view.RulerColorYellow


def test_views_and_overview_have_the_same_grey_ranges(layout, inputs):
    from ProstateAlignRefineLib.results.windows import grey_window
    from ProstateAlignRefineLib.scene.volumes import grid_of, voxels_of

    layout.enter(inputs)
    for modality, volume in zip(Modality, inputs, strict=True):
        assert window_of(volume) == pytest.approx(grey_window(voxels_of(volume), grid_of(volume), modality))


def label(scene, tag):
    return slice_node(scene, tag).GetLayoutLabel()


def other_series(scene, inputs):
    from ProstateAlignRefineLib.scene.volumes import add_volume, grid_of, voxels_of

    return add_volume(scene, voxels_of(inputs.adc), grid_of(inputs.adc), "another series")


def test_what_another_module_shows_in_all_views_leaves_the_reading_views_alone(scene, layout, logics, inputs):
    layout.enter(inputs)
    other = other_series(scene, inputs)
    logics.application.GetSelectionNode().SetActiveVolumeID(other.GetID())
    logics.application.PropagateVolumeSelection()
    assert shown(scene, "Red") is other
    assert [shown(scene, TAGS[m]) for m in Modality] == list(inputs)


def test_a_view_is_called_by_what_it_shows(scene, layout, inputs, reading):
    layout.enter(inputs)
    assert [label(scene, tag) for tag in LABELS] == ["T2W", "ADC", "HBV", "T2W"]
    similarity = reading.nodes.maps.similarity
    layout.heatmap(similarity, Heatmap(shown=True))
    assert label(scene, HEATMAP_TAG) == "Similarity on T2W"
    layout.heatmap(similarity, Heatmap(shown=True, opacity=0.0))
    assert label(scene, HEATMAP_TAG) == "T2W"
    layout.heatmap(similarity, Heatmap(shown=False))
    assert label(scene, HEATMAP_TAG) == "T2W"


def test_another_volume_put_into_a_view_changes_its_name(scene, layout, inputs):
    layout.enter(inputs)
    tag = TAGS[Modality.T2W]
    composite = composite_node(scene, tag)
    composite.SetBackgroundVolumeID(other_series(scene, inputs).GetID())
    assert label(scene, tag) == "another series"
    composite.SetForegroundVolumeID(inputs.adc.GetID())
    composite.SetForegroundOpacity(0.5)
    assert label(scene, tag) == "ADC on another series"
    composite.SetForegroundVolumeID(None)
    composite.SetBackgroundVolumeID(inputs.hbv.GetID())
    assert label(scene, tag) == "HBV"
    scene.RemoveNode(inputs.hbv)
    assert label(scene, tag) == "empty"


def test_the_layout_is_well_formed_for_slicer(layout, layout_node, inputs):
    layout.enter(inputs)
    document = vtk.vtkXMLUtilities.ReadElementFromString(layout_node.GetLayoutDescription(LAYOUT_ID))
    assert document.GetName() == "layout"
    assert document.GetNumberOfNestedElements() == 2
