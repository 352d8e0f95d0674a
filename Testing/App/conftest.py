"""The real panel on real Qt over a real scene; only the application's dialogs and the worker's Python are stood in."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

STUDY_SIZE = (40, 40, 8)
STUDY_SPACING = (2.0, 1.8, 3.0)
STUDY_DIRECTION = (-1.0, 0.0, 0.0, 0.0, -0.96, 0.28, 0.0, 0.28, 0.96)  # tilted, and stored upside down
STARTER = Path(__file__).resolve().parents[2] / "Resources" / "Models" / "starter" / "bundle.json"
BUNDLE = json.loads(STARTER.read_text(encoding="utf-8")) | {
    "name": "test model",
    "notice": "Trained on nothing.",
    "tau": 0.35,
    "alpha": 0.25,
    "prompt": "prostate lesion",
    "minimum_lesion_ml": 0.05,
    "licence": "CC0-1.0",
    "intended_use": "tests",
    "findings": None,
}

# Seed, name, ID, scanner, software, synthetic, b-value of `dicom.StudyLabel`.
PATIENT = ("seed", "Doe^Jane", "P-1", "MRI", "test", False, 1400.0)


@pytest.fixture
def study_folder(tmp_path):
    """Three image files with PI-CAI names; the ADC in plausible units."""
    folder = tmp_path / "study"
    folder.mkdir()
    z, y, x = np.indices(STUDY_SIZE[::-1])
    write_study(folder, "case", {"t2w": 300 + x + y, "adc": 1100 + 5 * x, "hbv": 80 + y + z})
    return folder


def write_study(folder, case, volumes):
    for name, values in volumes.items():
        image = sitk.GetImageFromArray(values.astype(np.float32))
        image.SetSpacing(STUDY_SPACING)
        image.SetDirection(STUDY_DIRECTION)
        sitk.WriteImage(image, str(folder / f"{case}_{name}.mha"))


@pytest.fixture
def bundle_folder(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps(BUNDLE), encoding="utf-8")
    return folder


@pytest.fixture
def host_scene():
    pytest.importorskip("PySide6", reason="PySide6 is not installed: pip install .[slicer-host]")
    pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")
    from host.application import HostScene

    return HostScene()


@pytest.fixture
def application(host_scene, tmp_path, bundle_folder):
    from host.application import HostApplication

    application = HostApplication(host_scene, tmp_path / "data")
    application.keep_setting("bundle", str(bundle_folder))
    return application


class Installer:
    """Nothing is missing, unless a test says so."""

    def __init__(self):
        self.lacking, self.problem, self.calls, self.wheels, self.own = [], "", 0, None, []

    def missing(self):
        return self.lacking

    def question(self):
        return f"Install {', '.join(self.lacking)}?"

    def install(self, told, wheels=None):
        assert told("Collecting")
        self.calls += 1
        self.wheels = wheels
        if not self.problem:
            self.lacking, self.own = [], self.lacking
        return self.problem

    def removable(self):
        return self.own

    def remove(self, told):
        assert told("Uninstalling")
        self.lacking, self.own = self.own, []
        return ""


@pytest.fixture
def installer():
    return Installer()


@pytest.fixture
def open_panel(application, installer):
    """Opens a panel whose worker behaves as named; closed at the end, and no slot may have failed."""
    from host import pythonqt
    from host.worker_stand import fake_launch
    from ProstateAlignRefineLib.app.panel import Panel
    from ProstateAlignRefineLib.app.worker import Worker

    panels = []

    def make(behaviour="well"):
        panels.append(Panel(application, Worker(fake_launch(behaviour)), installer))
        return panels[-1]

    pythonqt.slot_errors.clear()
    yield make
    for panel in panels:
        panel.cleanup()
    assert not pythonqt.slot_errors


@pytest.fixture
def panel(open_panel):
    return open_panel()


@pytest.fixture
def events():
    """The Qt event loop: `until(condition)` runs it, `settle()` empties it."""
    from host.modules import application as qt_application

    def until(condition, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "nothing came of it in time"
            qt_application.processEvents()
            time.sleep(0.002)

    def settle():
        for _ in range(5):
            qt_application.processEvents()

    return SimpleNamespace(until=until, settle=settle)


WIDTH = 416  # pixels that Slicer leaves the panel at first


@pytest.fixture
def first_width(events):
    """Shows a panel in that width and as high as it wants to be."""
    shown = []

    def show(panel):
        widget = panel.widget
        shown.append(widget)
        widget.resize(WIDTH, 100)
        widget.show()
        for _ in range(2):
            events.settle()
            widget.resize(WIDTH, max(widget.sizeHint.height(), widget.layout().heightForWidth(WIDTH)))
            panel.refresh()
        events.settle()
        return panel

    yield show
    for widget in shown:
        widget.hide()


@pytest.fixture
def panel_in_slicer(open_panel, application, first_width):
    """As Slicer's window has it: entered and left with its module, in its first width."""
    panel = open_panel("pausing")
    application.left, application.entered = panel.exit, panel.enter
    return first_width(panel)


@pytest.fixture
def with_study(study_folder):
    """Opens the study folder in a panel, as its button does."""

    def load(panel):
        panel.application.answers["folder"] = study_folder
        panel.ui.openButton.click()
        return panel

    return load


@pytest.fixture
def segmented(panel, with_study, events):
    """A panel with a result."""
    with_study(panel)
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading is not None, panel.session.message
    return panel


@pytest.fixture
def slicers_sample_data(monkeypatch):
    """Slicer's module SampleData, empty."""
    from host import sample_data

    monkeypatch.setitem(sys.modules, "SampleData", sample_data)
    monkeypatch.setattr(sample_data, "SOURCES", {})
    return sample_data


@pytest.fixture
def started(slicers_sample_data):
    """What the module does when Slicer has started."""
    from ProstateAlignRefineLib.app.sample_data import register

    register(Path())


@pytest.fixture
def dicom_folder(tmp_path):
    """Writes a small DICOM study that is labelled as told."""
    from ProstateAlignRefineLib.core.study import Study
    from ProstateAlignRefineLib.dicom import write_study

    def write(label):
        z, y, x = np.indices(STUDY_SIZE[::-1])
        values = (300 + x + y, 1100 + 5 * x, 80 + y + z)
        images = [sitk.GetImageFromArray(one.astype(np.float32)) for one in values]
        for image in images:
            image.SetSpacing(STUDY_SPACING)
            image.SetDirection(STUDY_DIRECTION)
        write_study(Study(*images), tmp_path / "dicom", label)
        return tmp_path / "dicom"

    return write


@pytest.fixture
def segment_dicom(panel, dicom_folder, events):
    """A panel with a result of that study; every question is answered with yes."""

    def make(label):
        panel.application.answers.update(folder=dicom_folder(label), confirm=True)
        panel.ui.openButton.click()
        panel.ui.segmentButton.click()
        events.until(lambda: not panel.session.run.running)
        assert panel.session.reading is not None, panel.session.message
        return panel

    return make


@pytest.fixture
def segmented_dicom(segment_dicom):
    """The same of a patient's study, not of a synthetic one."""
    from ProstateAlignRefineLib.dicom import StudyLabel

    return segment_dicom(StudyLabel(*PATIENT))


@pytest.fixture
def patient_folder(dicom_folder):
    """The DICOM folder of that patient's study."""
    from ProstateAlignRefineLib.dicom import StudyLabel

    return dicom_folder(StudyLabel(*PATIENT))
