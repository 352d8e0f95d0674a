"""Steps of the story about the reading views: what they show, what they are called, and what lies over them."""

from __future__ import annotations

import numpy as np


def another_series_stays_out_of_the_reading_views(stage):
    from ProstateAlignRefineLib.scene.layout import TAGS
    from ProstateAlignRefineLib.scene.views import composite_node

    scene, inputs = stage.application.scene, stage.session.reading.inputs
    other = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another series")
    other.SetAndObserveImageData(inputs.adc.GetImageData())
    stage.application.show_volume(other)
    views = [composite_node(scene, tag) for tag in TAGS.values()]
    assert [view.GetBackgroundVolumeID() for view in views] == [node.GetID() for node in inputs]
    assert [titles(stage)[tag] for tag in TAGS.values()] == ["T2W", "ADC", "HBV"]
    views[0].SetBackgroundVolumeID(other.GetID())
    assert titles(stage)[TAGS["t2w"]] == "another series"
    views[0].SetBackgroundVolumeID(inputs.t2w.GetID())
    scene.RemoveNode(other)


def the_heatmap_is_on_in_its_own_view_which_is_called_by_it(stage):
    from ProstateAlignRefineLib.scene.layout import HEATMAP_TAG

    assert stage.ui.heatmapCheck.checked
    assert titles(stage)[HEATMAP_TAG] == "Similarity on T2W"
    colours, rgba = stage.session.reading.nodes.maps.similarity.GetDisplayNode().GetColorNode(), [1.0] * 4
    colours.GetColor(0, rgba)
    assert rgba[3] == 0, "the heatmap's zero covers the image"
    stage.ui.heatmapCheck.checked = False
    stage.wait(lambda: titles(stage)[HEATMAP_TAG] == "T2W", 5)
    stage.ui.heatmapCheck.checked = True
    stage.wait(lambda: titles(stage)[HEATMAP_TAG] == "Similarity on T2W", 5)


def titles(stage):
    from ProstateAlignRefineLib.scene.layout import LABELS
    from ProstateAlignRefineLib.scene.views import slice_node

    return {tag: slice_node(stage.application.scene, tag).GetLayoutLabel() for tag in LABELS}


def a_lesions_slices_are_called_the_same_everywhere(stage):
    reading = stage.session.reading
    for row, found in enumerate(reading.lesions):
        slices = found.lesion.slices
        assert stage.ui.lesionTable.item(row, 6).text() == reading.slice_names.short(*slices)
    stage.ui.copyButton.click()
    for found in reading.lesions:
        if found.kept:
            assert f"slices {reading.slice_names.text(*found.lesion.slices)};" in stage.application.clipboard
    stage.notes["slices"] = ", ".join(reading.slice_names.text(*found.lesion.slices) for found in reading.lesions)


def the_views_have_axes_a_ruler_and_the_overviews_grey_ranges(stage):
    from ProstateAlignRefineLib.core.study import Modality
    from ProstateAlignRefineLib.scene.layout import LABELS
    from ProstateAlignRefineLib.scene.views import slice_node
    from ProstateAlignRefineLib.scene.windows import window_for, window_of

    views = [slice_node(stage.application.scene, tag) for tag in LABELS]
    assert all(view.GetOrientationMarkerType() == view.OrientationMarkerTypeAxes for view in views)
    assert all(view.GetRulerType() == view.RulerTypeThin for view in views)
    for modality, volume in zip(Modality, stage.session.reading.inputs, strict=True):
        assert np.allclose(window_of(volume), window_for(volume, modality), rtol=1e-3)


def sagittal_and_coronal_t2w_have_views_and_lines_where_the_study_has_them(stage):
    from ProstateAlignRefineLib.scene.planes import PLANE_TAGS
    from ProstateAlignRefineLib.scene.views import composite_node, nodes_of

    scene, planes = stage.application.scene, stage.session.study.planes(stage.session.state)
    stage.notes["other planes"] = ", ".join(planes) or "none in this study"
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode").GetCurrentLayoutDescription()
    models = {node.GetName(): node.GetDisplayNode() for node in nodes_of(scene, "vtkMRMLModelNode")}
    for plane, tag in PLANE_TAGS.items():
        assert (tag in layout) == bool(planes)
        if plane in planes:
            assert composite_node(scene, tag).GetBackgroundVolumeID() == planes[plane].GetID()
            assert models[f"{tag} Volume Slice"].GetIntersectingSlicesVisibility()


def overlays_come_and_go(stage):
    ui, nodes = stage.ui, stage.session.reading.nodes
    ui.heatmapCheck.checked = True
    ui.editsCheck.checked = True
    ui.outlineCheck.checked = False
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility2DFill()), 5)
    ui.outlineCheck.checked = True
    ui.aiCheck.checked = False
    stage.wait(lambda: not nodes.lesions.GetDisplayNode().GetVisibility(), 5)
    ui.aiCheck.checked = True
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility()), 5)
    ui.surfaceCheck.checked = True
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility3D()), 5)
    ui.surfaceCheck.checked = False
    stage.wait(lambda: not nodes.lesions.GetDisplayNode().GetVisibility3D(), 5)


STEPS = (
    another_series_stays_out_of_the_reading_views,
    the_heatmap_is_on_in_its_own_view_which_is_called_by_it,
    a_lesions_slices_are_called_the_same_everywhere,
    the_views_have_axes_a_ruler_and_the_overviews_grey_ranges,
    sagittal_and_coronal_t2w_have_views_and_lines_where_the_study_has_them,
    overlays_come_and_go,
)
