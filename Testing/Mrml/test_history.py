import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.scene.history import MOST_STEPS, Action, ActionKind, History, Step


@pytest.fixture
def history():
    history = History()
    for number in range(3):
        history.push(Step(Action(ActionKind.ACCEPT, number + 1), number, number + 1))
    return history


def test_undo_and_redo_walk_the_steps(history):
    assert [history.undo(), history.undo()] == [2, 1]
    assert [history.redo(), history.redo(), history.redo()] == [2, 3, None]


def test_there_is_an_end_to_undo(history):
    assert [history.undo() for _ in range(4)] == [2, 1, 0, None]
    assert history.undoable is None


def test_a_new_step_forgets_what_was_undone(history):
    history.undo()
    history.push(Step(Action(ActionKind.MOVE_GATE), 2, 9))
    assert history.redoable is None
    assert history.undo() == 2


def test_steps_name_themselves(history):
    history.undo()
    assert (history.undoable.action.lesion, history.redoable.action.lesion) == (2, 3)


def test_old_steps_are_dropped(history):
    for number in range(MOST_STEPS + 5):
        history.push(Step(Action(ActionKind.EDIT_VOXELS), number, number + 1))
    assert sum(history.undo() is not None for _ in range(2 * MOST_STEPS)) == MOST_STEPS
