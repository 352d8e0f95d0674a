"""An application for the panel: a real scene, a real layout node, answers given by the test in place of dialogs."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import slicer
import slicer.util

from ProstateAlignRefineLib.scene.layout import LABELS, ReadingLayout
from ProstateAlignRefineLib.scene.planes import PLANE_LABELS
from ProstateAlignRefineLib.scene.state import MODULE_NAME, find_or_add_state_node
from ProstateAlignRefineLib.scene.views import nodes_of

from . import modules  # noqa: F401 - puts qt and ctk in place

VIEW_SIZE = (400, 300)


class HostScene:
    """Scene, logics and layout as Slicer's application has them, without its windows."""

    def __init__(self):
        self.scene = slicer.vtkMRMLScene()
        self.logic = slicer.vtkSlicerApplicationLogic()
        self.logic.SetMRMLScene(self.scene)
        self.segmentations = slicer.vtkSlicerSegmentationsModuleLogic()
        self.segmentations.SetMRMLApplicationLogic(self.logic)
        self.segmentations.SetMRMLScene(self.scene)
        self.markups = slicer.vtkSlicerMarkupsLogic()
        self.markups.SetMRMLApplicationLogic(self.logic)
        self.markups.SetMRMLScene(self.scene)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        self.layouts = slicer.vtkMRMLLayoutLogic()
        self.layouts.SetMRMLScene(self.scene)
        self._views = [self._add_view(tag) for tag in (*LABELS, *PLANE_LABELS, "Red")]

    @property
    def layout_node(self):
        return self.layouts.GetLayoutNode()

    def add_data(self, volume):
        show_added(self.logic, volume)

    def _add_view(self, tag):
        """The logic that Slicer's view widgets have: it makes the view's composite node."""
        view = slicer.vtkMRMLSliceLogic()
        view.SetMRMLApplicationLogic(self.logic)
        view.SetMRMLScene(self.scene)
        view.AddSliceNode(tag).SetDimensions(*VIEW_SIZE, 1)
        view.GetSliceModelNode().SetName(f"{tag} Volume Slice")  # as where the slice node is there first
        return view


def show_added(logic, volume):
    """What Slicer does with a volume that was added, opened from DICOM, or chosen in another module: into all views."""
    logic.GetSelectionNode().SetActiveVolumeID(volume.GetID())
    logic.PropagateVolumeSelection()


def edit_in_editor(scene, segmentation, source=None):
    """As the Segment Editor does with what is chosen in it: every view shows its source volume, whatever the view's
    node says of following others."""
    kind = "vtkMRMLSegmentEditorNode"
    editor = scene.GetFirstNodeByClass(kind) or scene.AddNewNodeByClass(kind)
    editor.SetAndObserveSegmentationNode(segmentation)
    if source is None or editor.GetSourceVolumeNode() is source:
        return
    editor.SetAndObserveSourceVolumeNode(source)
    for view in nodes_of(scene, "vtkMRMLSliceCompositeNode"):
        if source.GetID() not in (view.GetBackgroundVolumeID(), view.GetForegroundVolumeID()):
            view.SetBackgroundVolumeID(source.GetID())
            view.SetForegroundVolumeID(None)
            view.SetLabelVolumeID(None)


class HostApplication:
    """`answers` holds what the user would answer to each kind of dialog; what was copied, set or inserted is kept.

    `host` has a `scene` and a `layout_node`: a bare scene, or one with slice views.
    """

    def __init__(self, host, data: Path):
        self._host, self._data = host, data
        self.answers = {}
        self.asked = []
        self.clipboard = ""
        self.settings = {}
        self.dicom_files = {}
        self.inserted = []
        self.edited = None
        self.module = MODULE_NAME
        self.left, self.entered = (lambda: None), (lambda: None)  # what our module does
        self.watching = []

    @property
    def scene(self):
        return self._host.scene

    def state_node(self):
        return find_or_add_state_node(self.scene)

    def reading_layout(self):
        return ReadingLayout(self.scene, self._host.layout_node)

    def show_volume(self, volume):
        """As the host does with a volume that another module shows."""
        self._host.add_data(volume)

    def open_segment_editor(self, segmentation, segment_id, source):
        """As in Slicer: the module is left first."""
        self.select_module("SegmentEditor")
        edit_in_editor(self.scene, segmentation, source)
        self.edited = (segmentation, segment_id, source)

    def select_module(self, name):
        """As in Slicer: one module is left and the other entered before anyone who watches is told."""
        before, self.module = self.module, name
        if MODULE_NAME in (before, name) and before != name:
            (self.left if before == MODULE_NAME else self.entered)()
        for told in self.watching:
            told(name)

    def watch_modules(self, told):
        self.watching.append(told)
        return lambda: told in self.watching and self.watching.remove(told)

    def load_ui(self, path):
        return slicer.util.loadUI(str(path))

    def widgets_of(self, widget):
        return slicer.util.childWidgetVariables(widget)

    def outside_environment(self):
        import os

        return dict(os.environ)

    def dicom_file(self, uid):
        return self.dicom_files.get(uid)

    def add_to_dicom_database(self, file):
        self.inserted.append(file)

    def ask_folder(self, title):
        return self._answer("folder", title)

    def ask_file(self, title):
        return self._answer("file", title)

    def ask_new_file(self, title, name, kinds):
        return self._answer("new file", title)

    @contextmanager
    def waiting(self, title):
        self.waited = [title]

        def go_on(line):
            self.waited.append(line)
            return True

        yield go_on

    def ask_study(self, studies):
        return self._answer("study", studies)

    def confirm(self, text):
        return self._answer("confirm", text)

    def copy_text(self, text):
        self.clipboard = text

    def setting(self, name):
        return self.settings.get(name, "")

    def keep_setting(self, name, value):
        self.settings[name] = value

    def data_folder(self):
        return self._data

    def _answer(self, kind, text):
        self.asked.append((kind, text))
        return self.answers.get(kind)
