"""The module file itself, with Slicer's base classes stood in."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")


class Base:
    def __init__(self, parent=None):
        self.parent = parent

    def setup(self):
        from qt import QVBoxLayout

        self.layout = QVBoxLayout()

    def onReload(self):  # noqa: N802 - Slicer's name
        self.reloaded = True


@pytest.fixture
def shell(repository, application, monkeypatch):
    from ProstateAlignRefineLib.app import panel

    names = ("Module", "ModuleWidget", "ModuleLogic", "ModuleTest")
    bases = ModuleType("slicer.ScriptedLoadableModule")
    for name in names:
        setattr(bases, f"ScriptedLoadable{name}", type(name, (Base,), {}))
    i18n = ModuleType("slicer.i18n")
    i18n.tr = i18n.translate = lambda *texts: texts[-1]
    monkeypatch.setitem(sys.modules, "slicer.ScriptedLoadableModule", bases)
    monkeypatch.setitem(sys.modules, "slicer.i18n", i18n)
    connected = []
    monkeypatch.setattr(slicer, "app", SimpleNamespace(connect=lambda *a: connected.append(a)), raising=False)
    monkeypatch.setattr(panel, "SlicerApplication", lambda: application)
    path = repository / "ProstateAlignRefine" / "ProstateAlignRefine.py"
    spec = importlib.util.spec_from_file_location("ProstateAlignRefine", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.connected = connected
    return module


def test_the_module_presents_itself(shell):
    parent = SimpleNamespace()
    shell.ProstateAlignRefine(parent)
    assert parent.categories == ["Segmentation"]
    assert "research use only" in parent.helpText
    assert shell.connected[0][0] == "startupCompleted()"


def test_the_reading_layout_is_known_before_a_scene_is_opened(shell, host_scene, monkeypatch):
    from ProstateAlignRefineLib.scene.layout import LAYOUT_ID

    shell.ProstateAlignRefine(SimpleNamespace())
    monkeypatch.setattr(slicer, "mrmlScene", host_scene.scene, raising=False)
    assert not host_scene.layout_node.IsLayoutDescription(LAYOUT_ID)
    {act.__name__: act for _signal, act in shell.connected}["register_reading_layout"]()
    assert host_scene.layout_node.IsLayoutDescription(LAYOUT_ID)


def test_slicers_events_reach_the_panel(shell):
    widget = shell.ProstateAlignRefineWidget()
    widget.setup()
    widget.exit()
    assert not widget.panel.session.where.shown
    widget.enter()
    assert widget.panel.session.where.shown
    widget.cleanup()


def test_reload_forgets_the_whole_library(monkeypatch):
    from ProstateAlignRefineLib.app.reload import forget_library

    kept = dict(sys.modules)
    forgotten = forget_library()
    left = [name for name in sys.modules if name.startswith("ProstateAlignRefineLib")]
    sys.modules.update(kept)
    assert "ProstateAlignRefineLib.core.gate" in forgotten
    assert left == []
