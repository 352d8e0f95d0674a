"""The story that Slicer is told, told to the panel on the test host."""

import pytest
import SimpleITK as sitk

pytestmark = pytest.mark.usefixtures("started")

PLANES = {"sag": (0, 0, 1, 1, 0, 0, 0, -1, 0), "cor": (1, 0, 0, 0, 0, 1, 0, -1, 0)}  # directions of the images


@pytest.fixture
def stage(panel_in_slicer, application, study_folder, events, tmp_path):
    from Slicer.story import Stage

    output = tmp_path / "output"
    output.mkdir()
    return Stage(panel_in_slicer, application, events.until, study_folder, output)


@pytest.fixture
def folder_with_planes(study_folder):
    for name in ("sag", "cor"):
        image = sitk.ReadImage(str(study_folder / "case_t2w.mha"))
        image.SetDirection(PLANES[name])
        sitk.WriteImage(image, str(study_folder / f"case_{name}.mha"))
    return study_folder


@pytest.mark.parametrize("folder", ["study_folder", "patient_folder", "folder_with_planes"])
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
