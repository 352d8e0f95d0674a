"""Steps of the story about the panel itself: what it shows first, keys, 3D, painting, and runs that repeat."""

from __future__ import annotations

SLACK = 0.5  # seconds of a computer that does something else, too


def an_opened_study_is_shown_at_once(stage):
    assert stage.session.layout.is_on
    assert stage.ui.studySection.collapsed


def before_a_run_the_gate_is_the_models(stage):
    facts = stage.session.bundle.facts
    assert stage.session.reading is None
    assert abs(stage.ui.tauSlider.value - facts.tau) < 0.006
    assert abs(stage.ui.alphaSlider.value - facts.alpha) < 0.006


def the_most_confident_lesion_is_chosen(stage):
    assert stage.ui.lesionTable.currentRow() == (0 if stage.session.reading.lesions else -1)


def the_same_question_again_takes_the_place_of_its_answer(stage):
    scene, before = stage.application.scene, stage.session.reading.nodes.lesions
    nodes = scene.GetNumberOfNodes()
    stage.wait(lambda: bool(stage.ui.segmentButton.enabled), 5)
    stage.ui.segmentButton.click()
    run, shares = stage.session.run, []

    def ended():
        if run.running:
            shares.append(stage.ui.progressBar.value)
        return not run.running

    expected = run.expected
    stage.wait(ended, 1800)
    assert not scene.IsNodePresent(before)
    assert scene.GetNumberOfNodes() == nodes
    stage.notes["such a run again"] = f"{run.took:.1f} s, said {expected:.1f} s"
    assert run.took / 2 - SLACK < expected < 2 * run.took + SLACK
    assert shares == sorted(shares), "the progress bar went back"


def three_d_has_a_view_in_the_reading_layout(stage):
    layout = stage.application.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    stage.session.state.surface = True
    stage.session.show_as_set()
    assert stage.session.layout.is_on
    assert "vtkMRMLViewNode" in layout.GetCurrentLayoutDescription()
    stage.session.state.surface = False
    stage.session.show_as_set()
    assert "vtkMRMLViewNode" not in layout.GetCurrentLayoutDescription()


def painting_keeps_the_reading_views(stage):
    if not stage.session.reading.lesions:
        return
    stage.ui.lesionTable.selectRow(0)
    stage.ui.paintButton.click()
    assert stage.session.layout.is_on
    assert stage.session.where.painting
    assert shown(stage) == [node.GetID() for node in stage.session.reading.inputs]
    stage.panel.enter()
    assert stage.session.layout.is_on
    assert not stage.session.where.painting


def shown(stage):
    """The volumes of the reading views."""
    from ProstateAlignRefineLib.scene.layout import TAGS
    from ProstateAlignRefineLib.scene.views import composite_node

    views = [composite_node(stage.application.scene, tag) for tag in TAGS.values()]
    return [view.GetBackgroundVolumeID() for view in views]


def beyond_the_segment_editor_the_users_own_layout_comes_back(stage):
    if not stage.session.reading.lesions:
        return
    stage.ui.paintButton.click()
    assert stage.session.layout.is_on
    stage.application.select_module("Data")
    assert not stage.session.layout.is_on
    stage.application.select_module("ProstateAlignRefine")
    assert stage.session.layout.is_on


AFTER_OPENING = (an_opened_study_is_shown_at_once, before_a_run_the_gate_is_the_models)
AFTER_A_RUN = (the_most_confident_lesion_is_chosen,)
AFTER_A_SECOND_RUN = (the_same_question_again_takes_the_place_of_its_answer,)
AFTER_REVIEW = (
    three_d_has_a_view_in_the_reading_layout,
    painting_keeps_the_reading_views,
    beyond_the_segment_editor_the_users_own_layout_comes_back,
)
