# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""Run after run of one study: nothing piles up, and nothing that the reader did is lost unasked."""

import gc
import weakref

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from ProstateAlignRefineLib.scene.earlier import earlier_results


def again(panel, events):
    events.until(lambda: panel.ui.segmentButton.enabled)
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)


def megabytes(scene):
    kind = "vtkMRMLScalarVolumeNode"
    volumes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return sum(v.GetImageData().GetActualMemorySize() for v in volumes if v.GetImageData()) / 1024


def test_run_after_run_the_scene_stays_as_large_as_after_the_first(segmented, events):
    scene = segmented.application.scene
    nodes, size = scene.GetNumberOfNodes(), megabytes(scene)
    for _ in range(4):
        again(segmented, events)
    assert scene.GetNumberOfNodes() == nodes
    assert megabytes(scene) == pytest.approx(size)
    assert earlier_results(scene) == ()
    assert segmented.session.reading.alive
    assert "confirm" not in [kind for kind, _text in segmented.application.asked]  # there was no work to lose


def test_a_reviewed_result_is_kept_where_the_reader_says_so(segmented, events):
    scene, ui = segmented.application.scene, segmented.ui
    ui.lesionTable.selectRow(0)
    ui.acceptButton.click()
    segmented.application.answers["confirm"] = False
    again(segmented, events)
    assert len(earlier_results(scene)) == 1
    ui.lesionTable.selectRow(0)
    ui.acceptButton.click()
    segmented.application.answers["confirm"] = True
    again(segmented, events)
    assert len(earlier_results(scene)) == 1
    assert ui.lesionTable.item(0, 7).text() == "–"


def test_what_is_reviewed_while_the_next_run_is_on_its_way_is_kept(open_panel, with_study, events):
    """Nobody was asked whether it may go: there was no work in it when the run began."""
    panel = with_study(open_panel("pausing"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    events.until(lambda: panel.ui.segmentButton.enabled)
    panel.ui.segmentButton.click()
    panel.ui.lesionTable.selectRow(0)
    panel.ui.acceptButton.click()
    events.until(lambda: not panel.session.run.running)
    (kept,) = earlier_results(panel.application.scene)
    assert kept.lesions is not panel.session.reading.nodes.lesions
    assert panel.ui.resultList.count == 2


def test_a_moved_gate_or_paint_is_work_of_the_readers(segmented, events):
    assert not segmented.session.reading.reviewed
    segmented.session.review.commit(0.2, 0.9)
    assert segmented.session.reading.reviewed
    segmented.application.answers["confirm"] = False
    again(segmented, events)
    assert len(earlier_results(segmented.application.scene)) == 1


def test_another_question_keeps_the_earlier_answer(segmented, events):
    segmented.session.type_prompt("left apex")
    again(segmented, events)
    assert len(earlier_results(segmented.application.scene)) == 1


def test_another_adc_is_another_question(segmented, events):
    scene, adc = segmented.application.scene, segmented.session.inputs.adc
    other = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another ADC")
    other.Copy(adc)
    segmented.ui.adcSelector.choose(other)
    again(segmented, events)
    (kept,) = earlier_results(scene)
    assert kept.result_adc is adc
    assert segmented.session.reading.inputs.adc is other


def test_a_closed_scene_frees_the_result(segmented, events):
    reading = segmented.session.reading
    maps, kept = weakref.ref(reading.maps), weakref.ref(reading)
    del reading
    segmented.application.scene.Clear(0)
    events.settle()
    gc.collect()
    assert kept() is None
    assert maps() is None
