"""The story that Slicer is told, told to the panel on the test host."""

import pytest

pytestmark = pytest.mark.usefixtures("started")


@pytest.fixture
def stage(open_panel, application, study_folder, events, tmp_path):
    from Slicer.story import Stage

    output = tmp_path / "output"
    output.mkdir()
    panel = open_panel("pausing")
    application.left, application.entered = panel.exit, panel.enter
    return Stage(panel, application, events.until, study_folder, output)


@pytest.mark.parametrize("folder", ["study_folder", "patient_folder"])
def test_every_step_of_the_story_passes(stage, request, folder):
    from Slicer.story import tell

    stage.study = request.getfixturevalue(folder)
    lines = []
    failed = tell(stage, lines.append, lambda _name: None)
    assert failed == 0, "\n".join(lines)
    assert lines[-1].endswith("steps passed")


def test_a_step_that_fails_is_counted_and_the_story_goes_on(stage):
    from Slicer.story import STEPS, tell

    lines = []
    stage.study = stage.output
    assert tell(stage, lines.append, lambda _name: None) > 0
    assert sum(line.startswith(("ok", "FAILED")) for line in lines) == len(STEPS)
