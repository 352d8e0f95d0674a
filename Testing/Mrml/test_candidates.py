"""Candidates in the scene: seen on demand, in another colour, and no lesion until the reader accepts them."""

# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from Mrml.conftest import FIRST, SECOND
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.findings.rule import FindingRule, FrocPoint, Term
from ProstateAlignRefineLib.core.palette import CANDIDATE_RGB, LESION_RGB
from ProstateAlignRefineLib.results.review import Decision
from ProstateAlignRefineLib.scene.history import Action, ActionKind
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.state import PanelState, find_or_add_state_node
from ProstateAlignRefineLib.scene.terminology import AUTOMATIC, SEMIAUTOMATIC

# The first lesion's peak is 3, the second's 2: 0.73 and 0.5.
RULE = FindingRule(
    0.0,
    (Term("peak_margin", 2.0, 1.0, 1.0),),
    0.6,
    (FrocPoint(0.9, 0.1, 0.5), FrocPoint(0.6, 0.2, 0.7), FrocPoint(0.3, 1.0, 0.9)),
    50,
    0.35,
    0.25,
)


@pytest.fixture
def judged(scene, inputs, maps, run):
    return Reading.start(scene, inputs, maps, replace(run, model=replace(run.model, findings=RULE)))


def colour(node, uid):
    return tuple(round(255 * channel) for channel in node.GetSegmentation().GetSegment(uid).GetColor())


def test_a_finding_below_the_operating_point_is_not_in_the_result_and_shown_on_demand(judged):
    (sure,) = judged.lesions
    assert sure.lesion.confidence == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert not judged.labels()[SECOND].any()
    judged.set_sensitivity(1.0)
    _, weak = judged.lesions
    assert (weak.candidate, weak.kept) == (True, False)
    assert weak.lesion.confidence == pytest.approx(0.5)
    assert not judged.labels()[SECOND].any()
    assert judged.labels()[FIRST].all()
    assert colour(judged.nodes.lesions, sure.uid) == LESION_RGB
    assert colour(judged.nodes.review, weak.uid) == CANDIDATE_RGB
    assert judged.nodes.review.GetDisplayNode().GetSegmentVisibility(weak.uid)
    assert judged.algorithm_type == AUTOMATIC
    assert judged.undoable == Action(ActionKind.MOVE_SENSITIVITY)
    judged.undo()
    assert judged.lesions == (sure,)


def test_no_contour_of_before_remains_while_the_gate_moves(judged):
    judged.set_sensitivity(1.0)
    weak, display = judged.lesions[1].uid, judged.nodes.review.GetDisplayNode()
    judged.preview(0.2, 1.0)
    assert not display.GetSegmentVisibility(weak)
    assert not judged.nodes.lesions.GetDisplayNode().GetVisibility2D()
    judged.commit()
    assert all(display.GetSegmentVisibility(found.uid) for found in judged.lesions if found.candidate)


def test_an_accepted_candidate_is_a_lesion_whatever_the_setting_and_a_rejected_one_is_hidden(judged):
    judged.set_sensitivity(1.0)
    uid = judged.lesions[1].uid
    judged.decide(2, Decision.REJECTED)
    assert not judged.nodes.review.GetDisplayNode().GetSegmentVisibility(uid)
    assert judged.algorithm_type == AUTOMATIC
    judged.decide(2, Decision.ACCEPTED)
    assert judged.algorithm_type == SEMIAUTOMATIC
    accepted = judged.labels() == 2
    assert accepted[SECOND].any()
    judged.set_sensitivity(0.0)
    assert len(judged.lesions) == 2
    np.testing.assert_array_equal(judged.labels() > 0, (judged.labels() == 1) | accepted)
    assert uid in {found.uid for found in judged.lesions if found.decision is Decision.ACCEPTED}


def test_candidates_and_decisions_come_back_with_the_scene(judged, scene):
    judged.set_sensitivity(1.0)
    state = PanelState(find_or_add_state_node(scene))
    judged.store(state)
    again = Reading.reopen(scene, state)
    assert again is not None
    assert [(one.uid, one.candidate, one.decision) for one in again.lesions] == [
        (one.uid, one.candidate, one.decision) for one in judged.lesions
    ]
    assert not again.setting.paint
    assert again.setting.false_positives == 1.0


def test_a_rate_that_cannot_be_is_refused(judged):
    with pytest.raises(InputError, match="expected false positives a study"):
        judged.set_sensitivity(-1.0)
