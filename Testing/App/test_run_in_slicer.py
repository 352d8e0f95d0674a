"""The script that tells the story inside Slicer, run here with the host's panel in the module's place."""

import runpy
import sys
from types import SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

pytestmark = pytest.mark.usefixtures("started")


@pytest.fixture
def in_slicer(panel_in_slicer, application, host_scene, monkeypatch):
    """`slicer` with what the script asks of the application; the codes it exits with are kept."""
    import slicer.util

    from host.modules import application as qt_application

    shell = SimpleNamespace(panel=panel_in_slicer)
    module = SimpleNamespace(widgetRepresentation=lambda: SimpleNamespace(self=lambda: shell))
    app = SimpleNamespace(
        processEvents=qt_application.processEvents,
        layoutManager=lambda: SimpleNamespace(viewport=lambda: None),
        applicationLogic=lambda: host_scene.logic,
    )
    codes = []
    monkeypatch.setattr(slicer, "modules", SimpleNamespace(prostatealignrefine=module), raising=False)
    monkeypatch.setattr(slicer, "mrmlScene", host_scene.scene, raising=False)
    monkeypatch.setattr(slicer, "app", app, raising=False)
    monkeypatch.setattr(slicer.util, "selectModule", application.select_module)
    monkeypatch.setattr(slicer.util, "startupEnvironment", application.outside_environment)
    monkeypatch.setattr(slicer.util, "exit", codes.append)
    return codes


@pytest.fixture
def run(repository, monkeypatch):
    def with_arguments(*arguments):
        monkeypatch.setattr(sys, "argv", ["run_in_slicer.py", *map(str, arguments)])
        runpy.run_path(str(repository / "Testing" / "Slicer" / "run_in_slicer.py"), run_name="__main__")

    return with_arguments


def test_it_ends_with_a_count_pictures_and_an_exit_code(in_slicer, run, study_folder, bundle_folder, capsys):
    from Slicer.story import STEPS

    pictures = study_folder.parent / "pictures"
    run("--", "--study", study_folder, "--model", bundle_folder, "--screenshots", pictures)
    printed = capsys.readouterr().out
    assert in_slicer == [0], printed
    assert printed.strip().splitlines()[-1] == f"{len(STEPS)} of {len(STEPS)} steps passed"
    assert len(list(pictures.glob("*-panel.png"))) == len(STEPS)


def test_the_users_settings_are_left_alone(in_slicer, run, study_folder, bundle_folder, application):
    before = dict(application.settings)
    run("--", "--study", study_folder, "--model", bundle_folder)
    assert in_slicer == [0]
    assert application.settings == before


def test_a_failed_step_gives_another_exit_code(in_slicer, run, tmp_path, bundle_folder):
    run("--study", tmp_path, "--model", bundle_folder)
    assert in_slicer == [1]
