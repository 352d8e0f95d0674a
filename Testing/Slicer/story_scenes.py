"""Steps of the story about scenes: saved in the reading layout, opened again, closed."""

from __future__ import annotations

import gc
import weakref

try:
    from . import story_runs
except ImportError:  # inside Slicer these files are no package
    import story_runs


def a_scene_opened_again_has_its_result_and_still_exports(stage):
    session, exported = stage.session, stage.ui.srButton.enabled
    lesions = [(found.uid, found.decision) for found in session.reading.lesions]
    session.read()
    open_again(stage, save(stage, "scene"))
    assert [(found.uid, found.decision) for found in session.reading.lesions] == lesions
    assert stage.ui.srButton.enabled == exported, stage.ui.srButton.toolTip
    if exported:
        export(stage, "again.sr.dcm")


def it_opens_in_the_reading_views_and_they_can_be_left(stage):
    from ProstateAlignRefineLib.scene.layout import OWN_LAYOUTS, TAGS
    from ProstateAlignRefineLib.scene.views import composite_node

    scene, session = stage.application.scene, stage.session
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert session.layout.is_on
    assert "ReadingT2W" in layout.GetCurrentLayoutDescription()
    shown = [composite_node(scene, tag).GetBackgroundVolumeID() for tag in TAGS.values()]
    assert shown == [node.GetID() for node in session.reading.inputs]
    stage.ui.layoutButton.click()
    assert not session.layout.is_on
    assert layout.GetViewArrangement() not in OWN_LAYOUTS
    stage.ui.layoutButton.click()
    assert session.layout.is_on


def a_study_that_moved_is_asked_for(stage):
    """The story's own copy, not the user's folder."""
    if not stage.ui.srButton.enabled:
        return
    file, here = save(stage, "before it moved"), story_runs.own_copy(stage)
    moved = here.rename(stage.output / "moved")
    open_again(stage, file)
    stage.application.answers["folder"] = moved
    export(stage, "moved.sr.dcm")
    moved.rename(here)


def closing_the_scene_empties_the_panel_and_frees_the_maps(stage):
    stage.ui.resultList.currentRow = 0  # the first study's result, which has waited there
    maps = weakref.ref(stage.session.reading.maps.base_margin)
    stage.application.scene.Clear(0)
    assert stage.session.reading is None
    assert stage.ui.lesionTable.rowCount == 0
    assert not stage.ui.segmentButton.enabled
    gc.collect()
    assert maps() is None, "voxels of the closed scene are still held"


def closing_the_scene_stops_a_run_at_once_and_says_so(stage):
    story_runs.a_study_opens_from_its_folder_with_reasons(stage)
    story_runs.start(stage)
    stage.wait(lambda: stage.session.run.stage != "starting Python", 60)
    stage.application.scene.Clear(0)
    assert not stage.session.run.running
    assert stage.session.worker.pid is None
    assert stage.ui.messageLabel.text == "The scene was closed; the run was stopped."


def save(stage, name):
    folder = stage.output / name
    folder.mkdir()
    assert stage.application.scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    (file,) = folder.glob("*.mrml")
    return file


def open_again(stage, file):
    scene = stage.application.scene
    scene.Clear(0)
    scene.SetURL(str(file))
    assert scene.Connect()
    assert stage.session.reading is not None, stage.session.message


def export(stage, name):
    stage.application.answers["new file"] = stage.output / name
    stage.ui.srButton.click()
    assert (stage.output / name).is_file(), stage.ui.exportLabel.text


OPENED_AGAIN = (
    a_scene_opened_again_has_its_result_and_still_exports,
    it_opens_in_the_reading_views_and_they_can_be_left,
    a_study_that_moved_is_asked_for,
)
CLOSED = (
    closing_the_scene_empties_the_panel_and_frees_the_maps,
    closing_the_scene_stops_a_run_at_once_and_says_so,
)
