# ruff: noqa: N802, N815 - the names are Qt's and qMRML's own
"""What is used of the panel's widgets, as types: PythonQt's and PySide's true properties carry none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..scene.mrml import Scene, VolumeNode


class QtSignal(Protocol):
    """As PythonQt and PySide have it."""

    def connect(self, slot: Callable[..., object], /) -> Any: ...


class Widget(Protocol):
    """QWidget."""

    enabled: bool
    visible: bool
    toolTip: str
    styleSheet: str

    def blockSignals(self, blocked: bool, /) -> bool: ...
    def property(self, name: str, /) -> Any: ...
    def setProperty(self, name: str, value: Any, /) -> Any: ...


class Label(Widget, Protocol):
    """QLabel."""

    text: str

    def fontMetrics(self) -> Any: ...


class Button(Widget, Protocol):
    """QPushButton."""

    text: str
    checked: bool
    clicked: QtSignal
    toggled: QtSignal


class CheckBox(Widget, Protocol):
    """QCheckBox."""

    checked: bool
    toggled: QtSignal


class LineEdit(Widget, Protocol):
    """QLineEdit."""

    text: str
    textChanged: QtSignal
    textEdited: QtSignal
    editingFinished: QtSignal


class ComboBox(Widget, Protocol):
    """QComboBox."""

    currentIndex: int
    currentIndexChanged: QtSignal

    def addItem(self, text: str, /) -> None: ...


class SpinBox(Widget, Protocol):
    """QSpinBox."""

    value: int
    valueChanged: QtSignal


class Slider(Widget, Protocol):
    """ctkSliderWidget: its own value follows when it is let go."""

    value: float
    maximum: float
    valueChanged: QtSignal
    valueIsChanging: QtSignal


class ProgressBar(Widget, Protocol):
    """QProgressBar."""

    value: int


class NodeSelector(Widget, Protocol):
    """qMRMLNodeComboBox."""

    currentNodeID: str
    nodeActivated: QtSignal

    def setMRMLScene(self, scene: Scene, /) -> None: ...
    def currentNode(self) -> VolumeNode | None: ...


class Section(Widget, Protocol):
    """ctkCollapsibleButton."""

    text: str
    collapsed: bool


class ListBox(Widget, Protocol):
    """QListWidget."""

    currentRow: int
    currentRowChanged: QtSignal

    def clear(self) -> None: ...
    def addItem(self, text: str, /) -> None: ...
    def setFixedHeight(self, pixels: int, /) -> None: ...


class Table(Widget, Protocol):
    """QTableWidget."""

    width: int
    cellClicked: QtSignal
    itemSelectionChanged: QtSignal

    def currentRow(self) -> int: ...
    def selectRow(self, row: int, /) -> None: ...
    def setColumnCount(self, count: int, /) -> None: ...
    def setRowCount(self, count: int, /) -> None: ...
    def setItem(self, row: int, column: int, item: Any, /) -> None: ...
    def setHorizontalHeaderItem(self, column: int, item: Any, /) -> None: ...
    def setFixedHeight(self, pixels: int, /) -> None: ...
    def horizontalHeader(self) -> Any: ...
    def verticalHeader(self) -> Any: ...


class PanelWidgets(Protocol):
    """The widgets of ProstateAlignRefine.ui that the sections use, by their names there."""

    acceptButton: Button
    caButton: Button
    copyButton: Button
    csvButton: Button
    fileButton: Button
    installButton: Button
    wheelsButton: Button
    removeButton: Button
    layoutButton: Button
    matchButton: Button
    modelButton: Button
    openButton: Button
    openZipButton: Button
    paintButton: Button
    pacsTestButton: Button
    pythonButton: Button
    redoButton: Button
    rejectButton: Button
    resetButton: Button
    segButton: Button
    segTypeBox: ComboBox
    segmentButton: Button
    sendButton: Button
    srButton: Button
    starterButton: Button
    testButton: Button
    undoButton: Button
    zipButton: Button

    adcReason: Label
    bundleLabel: Label
    cautionLabel: Label
    cautionButton: Button
    countsLabel: Label
    deviceLabel: Label
    editsLegend: Label
    exportLabel: Label
    glandLabel: Label
    hbvReason: Label
    keysLabel: Label
    legendBar: Label
    legendHigh: Label
    legendLow: Label
    lesionSummary: Label
    messageLabel: Label
    modelLabel: Label
    noticeLabel: Label
    pacsLabel: Label
    researchLabel: Label
    t2wReason: Label

    adcSelector: NodeSelector
    hbvSelector: NodeSelector
    t2wSelector: NodeSelector

    aiCheck: CheckBox
    editsCheck: CheckBox
    glandCheck: CheckBox
    heatmapCheck: CheckBox
    outlineCheck: CheckBox
    registerBox: CheckBox
    glandNetworkBox: CheckBox
    researchCheck: CheckBox
    sendMapCheck: CheckBox
    sendPdfCheck: CheckBox
    sendReportCheck: CheckBox
    surfaceCheck: CheckBox
    tlsCheck: CheckBox

    alphaSlider: Slider
    opacitySlider: Slider
    sensitivityLabel: Label
    sensitivitySlider: Slider
    tauSlider: Slider
    thresholdSlider: Slider

    caEdit: LineEdit
    calledEdit: LineEdit
    callingEdit: LineEdit
    hostEdit: LineEdit
    promptEdit: LineEdit
    psaEdit: LineEdit
    pythonEdit: LineEdit
    tokenEdit: LineEdit
    webUrlEdit: LineEdit

    deviceBox: ComboBox
    pacsBox: ComboBox
    windowBox: ComboBox

    dimseFields: Widget
    webFields: Widget

    lesionSection: Section
    lesionTable: Table

    resultList: ListBox
    resultsSection: Section
    studySection: Section

    portBox: SpinBox

    progressBar: ProgressBar
