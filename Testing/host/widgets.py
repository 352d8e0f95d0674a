# ruff: noqa: N801, N802, N805, N815 - the names are those of ctk and qMRML
"""The few ctk and qMRML widgets the panel uses, on plain Qt widgets: same properties, slots and signals."""

from __future__ import annotations

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtUiTools import QUiLoader
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGroupBox, QHBoxLayout, QSizePolicy, QSlider, QWidget
from vtk import VTK_OBJECT, calldata_type


class ctkCollapsibleButton(QGroupBox):
    """A titled box whose content can be folded away."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._collapsed = False

    def _set_collapsed(self, collapsed):
        self._collapsed = collapsed
        self.setMaximumHeight(24 if collapsed else 16777215)

    text = Property(str, QGroupBox.title, QGroupBox.setTitle)
    collapsed = Property(bool, lambda self: self._collapsed, _set_collapsed)


class ctkSliderWidget(QWidget):
    """A slider and a spin box. Without tracking, `valueIsChanging` while it is dragged, `valueChanged` on release."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider, self._spin = QSlider(Qt.Horizontal), QDoubleSpinBox()
        self._tracking, self._value = True, 0.0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider)
        row.addWidget(self._spin)
        self._slider.valueChanged.connect(self._slide)
        self._slider.sliderReleased.connect(self._release)
        self._spin.valueChanged.connect(self._type)

    def setValue(self, value):
        self._show(value)
        if value != self._value:
            self._value = self._spin.value()
            self.valueChanged.emit(self._value)

    def _show(self, value):
        self._slider.blockSignals(True)
        self._spin.blockSignals(True)
        self._spin.setValue(value)
        self._slider.setValue(round(value / self._spin.singleStep()))
        self._slider.blockSignals(False)
        self._spin.blockSignals(False)

    def _slide(self, steps):
        value = steps * self._spin.singleStep()
        if self._slider.isSliderDown() and not self._tracking:
            self._show(value)
            self.valueIsChanging.emit(self._spin.value())
        else:
            self.setValue(value)

    def _release(self):
        self.setValue(self._spin.value())

    def _type(self, value):
        self.setValue(value)

    def _set_range(self, minimum=None, maximum=None, step=None):
        if step is not None:
            self._spin.setSingleStep(step)
        if minimum is not None:
            self._spin.setMinimum(minimum)
        if maximum is not None:
            self._spin.setMaximum(maximum)
        step = self._spin.singleStep()
        self._slider.setRange(round(self._spin.minimum() / step), round(self._spin.maximum() / step))

    value = Property(float, lambda self: self._value, setValue)
    minimum = Property(float, lambda self: self._spin.minimum(), lambda self, v: self._set_range(minimum=v))
    maximum = Property(float, lambda self: self._spin.maximum(), lambda self, v: self._set_range(maximum=v))
    singleStep = Property(float, lambda self: self._spin.singleStep(), lambda self, v: self._set_range(step=v))
    pageStep = Property(float, lambda self: 0.1, lambda self, v: None)
    decimals = Property(int, lambda self: self._spin.decimals(), lambda self, v: self._spin.setDecimals(v))
    suffix = Property(str, lambda self: self._spin.suffix(), lambda self, v: self._spin.setSuffix(v))
    tracking = Property(bool, lambda self: self._tracking, lambda self, v: setattr(self, "_tracking", v))


class qMRMLNodeComboBox(QWidget):
    """The nodes of a scene that have one of `nodeTypes` and are not hidden from editors.

    When the current node is removed, the one before it in the list becomes current, as in any QComboBox: a change that
    `currentNodeIDChanged` tells and `nodeActivated`, which is the user's, does not.
    """

    currentNodeIDChanged = Signal(str)
    nodeActivated = Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box = QComboBox(self)
        self._scene, self._observers, self._types = None, [], []
        self._box.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._flags = {"noneEnabled": False, "addEnabled": True, "removeEnabled": True, "renameEnabled": False}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self.setEnabled(False)
        self._last = ""
        self._box.currentIndexChanged.connect(self._announce)
        self._box.activated.connect(lambda _index: self.nodeActivated.emit(self.currentNode()))

    def setMRMLScene(self, scene):
        if self._scene is not None:
            for tag in self._observers:
                self._scene.RemoveObserver(tag)
        self._scene = scene
        self.setEnabled(scene is not None)
        events = (scene.NodeAddedEvent, scene.EndCloseEvent) if scene is not None else ()
        self._observers = [scene.AddObserver(event, lambda *_: self._refill()) for event in events]
        if scene is not None:
            self._observers.append(scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._dropper()))
        self._refill()

    def mrmlScene(self):
        return self._scene

    def currentNode(self):
        return self._scene.GetNodeByID(self._last) if self._scene and self._last else None

    def setCurrentNode(self, node):
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id):
        self._box.setCurrentIndex(max(self._box.findData(node_id), 0) if self._box.count() else -1)

    def nodeCount(self):
        return self._box.count() - self._flags["noneEnabled"]

    def choose(self, node):
        """What the user does with the mouse."""
        self.setCurrentNode(node)
        self._box.activated.emit(self._box.currentIndex())

    def _dropper(self):
        @calldata_type(VTK_OBJECT)
        def drop(scene, _event, node):
            row = self._box.findData(node.GetID())
            if row >= 0 and not scene.IsClosing():
                self._box.removeItem(row)

        return drop

    def _refill(self):
        kept = self._last
        self._box.blockSignals(True)
        self._box.clear()
        if self._flags["noneEnabled"]:
            self._box.addItem("None", "")
        for node in self._nodes():
            self._box.addItem(node.GetName(), node.GetID())
        self._box.setCurrentIndex(max(self._box.findData(kept), 0))
        self._box.blockSignals(False)
        self._announce()

    def _nodes(self):
        if self._scene is None:
            return []
        every = (self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes()))
        return [node for node in every if node.GetClassName() in self._types and not node.GetHideFromEditors()]

    def _announce(self):
        node_id = self._box.currentData() or ""
        if node_id != self._last:
            self._last = node_id
            self.currentNodeIDChanged.emit(node_id)

    def _flag(name):
        def write(self, value):
            self._flags[name] = value
            self._refill()

        return Property(bool, lambda self: self._flags[name], write)

    def _set_types(self, types):
        self._types = list(types)

    noneEnabled, addEnabled = _flag("noneEnabled"), _flag("addEnabled")
    removeEnabled, renameEnabled = _flag("removeEnabled"), _flag("renameEnabled")
    showChildNodeTypes = Property(bool, lambda self: False, lambda self, v: None)
    nodeTypes = Property("QStringList", lambda self: self._types, _set_types)
    currentNodeID = Property(str, lambda self: self._last, setCurrentNodeID)


WIDGETS = {kind.__name__: kind for kind in (ctkCollapsibleButton, ctkSliderWidget, qMRMLNodeComboBox)}


class Loader(QUiLoader):
    """Qt's own .ui loader, with the widgets above in place of Slicer's plugins."""

    def createWidget(self, class_name, parent=None, name=""):
        if class_name not in WIDGETS:
            if class_name not in self.availableWidgets():
                raise RuntimeError(f"no widget '{class_name}': neither Qt's nor one that the host provides")
            return super().createWidget(class_name, parent, name)
        widget = WIDGETS[class_name](parent)
        widget.setObjectName(name)
        return widget
