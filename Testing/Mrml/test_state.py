# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import json
import zipfile
from dataclasses import asdict

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.results.review import Decision
from ProstateAlignRefineLib.scene.oriented import announce, voxels
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.segmentation import LABELMAP
from ProstateAlignRefineLib.scene.state import PanelState, find_or_add_state_node


@pytest.fixture
def state(scene):
    return PanelState(find_or_add_state_node(scene))


def reopened(scene, folder):
    """The state after the scene was written to a folder, closed, and read again."""
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    scene.Clear(1)
    (scene_file,) = folder.glob("*.mrml")
    scene.SetURL(str(scene_file))
    assert scene.Connect()
    return PanelState(find_or_add_state_node(scene))


def where(reading):
    """Number and LPS point of each lesion voxel: MRML reads left-handed volumes back with their slices turned round."""
    labels = reading.labels()
    index = np.argwhere(labels)
    points = np.round(reading.maps.grid.to_lps(index[:, ::-1]), 2) + 0.0
    return sorted(zip(labels[tuple(index.T)].tolist(), map(tuple, points.tolist()), strict=True))


def facts(reading):
    counts = reading.counts
    lesions = [(found.uid, found.decision, round(found.lesion.volume_ml, 6)) for found in reading.lesions]
    return lesions, (counts.mask, counts.added, counts.removed)


def test_parameters_have_their_types_and_defaults(state):
    assert (state.prompt, state.tau, state.outline, state.heatmap) == ("", 0.35, True, True)
    state.prompt, state.tau, state.outline = "lesion in the left apex", 0.1, False
    assert (state.prompt, state.tau, state.outline) == ("lesion in the left apex", 0.1, False)


def test_numbers_keep_every_digit(state):
    state.alpha = 1 / 3
    assert state.alpha == 1 / 3


def test_a_parameter_that_cannot_be_read_falls_back_to_its_default(state):
    state.node.SetParameter("tau", "very")
    assert state.tau == 0.35


def test_references_follow_the_node_and_its_removal(scene, state, inputs):
    assert state.t2w is None
    state.t2w = inputs.t2w
    assert state.t2w is inputs.t2w
    scene.RemoveNode(inputs.t2w)
    assert state.t2w is None


def test_a_reference_can_be_taken_back(state, inputs):
    state.adc = inputs.adc
    state.adc = None
    assert state.adc is None


def test_there_is_one_state_node(scene, state):
    assert find_or_add_state_node(scene) is state.node


def test_the_state_survives_saving_and_opening(scene, state, inputs, tmp_path):
    state.prompt, state.tau, state.heatmap, state.hbv = "prostate lesion", 0.44, False, inputs.hbv
    again = reopened(scene, tmp_path)
    assert (again.prompt, again.tau, again.heatmap, again.hbv.GetName()) == (
        "prostate lesion",
        0.44,
        False,
        "ep2d_diff_b1400",
    )


def test_a_result_survives_saving_and_opening(scene, state, reading, tmp_path):
    reading.set_gate(0.3, 0.9)
    reading.decide(2, Decision.REJECTED)
    image = reading.nodes.lesions.GetSegmentation().GetSegment(reading.lesions[0].uid).GetRepresentation(LABELMAP)
    voxels(image)[0, 0, 0] = 1
    announce(image)
    before = where(reading), facts(reading)
    reading.store(state)
    again = Reading.reopen(scene, reopened(scene, tmp_path))
    assert (where(again), facts(again)) == before
    assert (again.setting.tau, again.setting.alpha, again.algorithm_type) == (0.3, 0.9, "SEMIAUTOMATIC")


def test_the_gate_of_a_reopened_result_moves(scene, state, reading, run, tmp_path):
    reading.set_gate(0.7, 1.0)
    expected = where(reading), facts(reading)
    reading.set_gate(run.model.tau, run.model.alpha)
    reading.store(state)
    again = Reading.reopen(scene, reopened(scene, tmp_path))
    assert again.algorithm_type == "AUTOMATIC"
    again.set_gate(0.7, 1.0)
    assert (where(again), facts(again)) == expected


def test_a_result_keeps_its_own_volumes_where_others_were_chosen_since(scene, state, reading, inputs, tmp_path):
    reading.store(state)
    state.t2w, state.adc, state.hbv = inputs.hbv, None, inputs.t2w
    names, found = [node.GetName() for node in reading.inputs], (where(reading), facts(reading))
    opened = reopened(scene, tmp_path)
    again = Reading.reopen(scene, opened)
    assert [node.GetName() for node in again.inputs] == names
    assert (where(again), facts(again)) == found
    assert (opened.t2w.GetName(), opened.adc, opened.hbv.GetName()) == (names[2], None, names[0])


def test_a_result_survives_an_mrb_file(scene, state, reading, inputs, tmp_path):
    reading.store(state)
    state.adc, before = inputs.hbv, (where(reading), facts(reading))
    archive = tmp_path / "reading.mrb"
    assert scene.WriteToMRB(str(archive), None)
    with zipfile.ZipFile(archive) as bundle:  # `ReadFromMRB` wants the application's cache; it does no more than this
        bundle.extractall(tmp_path)
    scene.Clear(1)
    (scene_file,) = tmp_path.glob("*/*.mrml")
    scene.SetURL(str(scene_file))
    assert scene.Connect()
    again = Reading.reopen(scene, PanelState(find_or_add_state_node(scene)))
    assert (where(again), facts(again)) == before


def test_reopening_without_a_result_gives_none(scene, state, reading):
    assert Reading.reopen(scene, state) is None
    reading.store(state)
    scene.RemoveNode(reading.nodes.maps.refined_margin)
    assert Reading.reopen(scene, state) is None


def test_a_scene_of_an_earlier_version_opens_with_its_gate_and_its_run(scene, state, reading, run, tmp_path):
    """Which repeated the run's values in the state, and the gate in the run."""
    reading.set_gate(0.3, 0.9)
    reading.store(state)
    expected = where(reading), facts(reading)
    state.node.SetParameter("run", json.dumps({**asdict(run), "tau": 0.35, "alpha": 0.25}))
    for name, text in {"bundle_tau": "0.5", "minimum_ml": "9.0", "prompt_changed": "true", "algorithm": "x"}.items():
        state.node.SetParameter(name, text)
    again = Reading.reopen(scene, reopened(scene, tmp_path))
    assert (where(again), facts(again)) == expected
    assert (again.run, again.setting.gate) == (run, (0.3, 0.9))
    again.set_gate(*run.own_setting.gate)
    assert again.algorithm_type == "AUTOMATIC"


@pytest.mark.parametrize("kept", ["", "{", '{"model": {"name": "x"}}'])
def test_a_result_that_does_not_say_how_it_came_about_is_not_taken_up(scene, state, reading, kept):
    reading.store(state)
    state.node.SetParameter("run", kept)
    assert state.run is None
    assert Reading.reopen(scene, state) is None
