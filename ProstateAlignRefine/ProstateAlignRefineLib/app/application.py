"""The application around the panel: all that is asked of Slicer's globals stands here, so that it can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..scene.layout import ReadingLayout
from ..scene.mrml import ModuleNode, Scene, SegmentationNode, VolumeNode
from ..scene.state import find_or_add_state_node
from .i18n import _
from .widgets import PanelWidgets, Widget

if TYPE_CHECKING:
    from ..dicom import ListedStudy

RESOURCES = Path(__file__).resolve().parents[2] / "Resources"
SETTINGS_PREFIX = "ProstateAlignRefine/"
SEGMENT_EDITOR = "SegmentEditor"  # Slicer's name of that module


class Application(Protocol):
    """What the panel needs from the program it runs in."""

    @property
    def scene(self) -> Scene: ...

    def state_node(self) -> ModuleNode: ...

    def reading_layout(self) -> ReadingLayout: ...

    def load_ui(self, path: Path) -> Widget: ...

    def widgets_of(self, widget: Widget) -> PanelWidgets:
        """The named children as attributes."""

    def outside_environment(self) -> Mapping[str, str]:
        """The environment as it was before the application put its own paths into it."""

    def dicom_file(self, uid: str) -> Path | None:
        """The file of a SOP instance in the application's DICOM database."""

    def add_to_dicom_database(self, file: Path) -> None: ...

    def open_segment_editor(self, segmentation: SegmentationNode, segment_id: str, source: VolumeNode) -> None:
        """The application's own editor, on one segment and over `source`; our module is left for it."""

    def watch_modules(self, told: Callable[[str], None]) -> Callable[[], None]:
        """Every module that is selected from now on, by its name; what this gives ends it."""

    def ask_folder(self, title: str) -> Path | None: ...

    def ask_file(self, title: str) -> Path | None: ...

    def ask_new_file(self, title: str, name: str, kinds: str) -> Path | None: ...

    def ask_study(self, studies: Sequence[ListedStudy]) -> ListedStudy | None:
        """Which of several the user wants to read."""

    def confirm(self, text: str) -> bool: ...

    def waiting(self, title: str) -> AbstractContextManager[Callable[[str], bool]]:
        """A window with a button to stop, while it is open; what it is given it shows, and says whether to go on."""

    def copy_text(self, text: str) -> None: ...

    def setting(self, name: str) -> str:
        """A setting of the user, kept between sessions; empty where there is none."""

    def keep_setting(self, name: str, value: str) -> None: ...

    def data_folder(self) -> Path:
        """Where the program's own files are kept."""


class SlicerApplication:
    """3D Slicer."""

    @property
    def scene(self) -> Scene:
        import slicer

        scene: Scene = slicer.mrmlScene
        return scene

    def state_node(self) -> ModuleNode:
        return find_or_add_state_node(self.scene)

    def reading_layout(self) -> ReadingLayout:
        # Without a main window there is no layout manager, and no layout node either.
        scene = self.scene
        node = scene.GetFirstNodeByClass("vtkMRMLLayoutNode") or scene.AddNewNodeByClass("vtkMRMLLayoutNode")
        return ReadingLayout(scene, node)

    def load_ui(self, path: Path) -> Widget:
        import slicer

        widget: Widget = slicer.util.loadUI(str(path))
        return widget

    def widgets_of(self, widget: Widget) -> PanelWidgets:
        import slicer

        widgets: PanelWidgets = slicer.util.childWidgetVariables(widget)
        return widgets

    def outside_environment(self) -> Mapping[str, str]:
        import slicer

        environment: Mapping[str, str] = slicer.util.startupEnvironment()
        return environment

    def dicom_file(self, uid: str) -> Path | None:
        import slicer

        database = getattr(slicer, "dicomDatabase", None)
        name = database.fileForInstance(uid) if database is not None and database.isOpen else ""
        return Path(name) if name and Path(name).is_file() else None

    def add_to_dicom_database(self, file: Path) -> None:
        import slicer

        database = getattr(slicer, "dicomDatabase", None)
        if database is not None and database.isOpen:
            database.insert(str(file))

    def open_segment_editor(self, segmentation: SegmentationNode, segment_id: str, source: VolumeNode) -> None:
        import slicer

        slicer.util.selectModule(SEGMENT_EDITOR)
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(source)
        if segment_id:
            editor.setCurrentSegmentID(segment_id)

    def watch_modules(self, told: Callable[[str], None]) -> Callable[[], None]:
        import slicer

        window, signal = slicer.util.mainWindow(), "moduleSelected(QString)"
        if window is None:
            return lambda: None
        selector = window.moduleSelector()
        selector.connect(signal, told)

        def end() -> None:
            selector.disconnect(signal, told)

        return end

    def ask_folder(self, title: str) -> Path | None:
        import qt
        import slicer

        return _path(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title))

    def ask_file(self, title: str) -> Path | None:
        import qt
        import slicer

        return _path(qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), title))

    def ask_new_file(self, title: str, name: str, kinds: str) -> Path | None:
        import qt
        import slicer

        return _path(qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name, kinds))

    def ask_study(self, studies: Sequence[ListedStudy]) -> ListedStudy | None:
        import slicer

        from .study_table import StudyTable

        table = StudyTable(studies, slicer.util.mainWindow())
        chosen = table.chosen if table.dialog.exec() else None
        table.dialog.deleteLater()  # else the main window keeps it, with the patients' names
        return chosen

    def confirm(self, text: str) -> bool:
        import slicer

        return bool(slicer.util.confirmOkCancelDisplay(text))

    @contextmanager
    def waiting(self, title: str) -> Iterator[Callable[[str], bool]]:
        import qt
        import slicer

        window = qt.QProgressDialog(title, _("Stop"), 0, 0, slicer.util.mainWindow())
        window.setWindowModality(qt.Qt.ApplicationModal)
        window.minimumDuration = 0
        window.show()

        def go_on(line: str) -> bool:
            window.labelText = f"{title}\n{line}"
            slicer.app.processEvents()
            return not window.wasCanceled

        try:
            yield go_on
        finally:
            window.close()
            window.deleteLater()

    def copy_text(self, text: str) -> None:
        import slicer

        slicer.app.clipboard().setText(text)

    def setting(self, name: str) -> str:
        import slicer

        return str(slicer.app.settings().value(SETTINGS_PREFIX + name) or "")

    def keep_setting(self, name: str, value: str) -> None:
        import slicer

        slicer.app.settings().setValue(SETTINGS_PREFIX + name, value)

    def data_folder(self) -> Path:
        import slicer

        return Path(slicer.app.slicerUserSettingsFilePath).parent / "ProstateAlignRefine"


def _path(answer: Any) -> Path | None:
    """PythonQt gives the name, other bindings the name and the filter."""
    name = answer[0] if isinstance(answer, tuple) else answer
    return Path(name) if name else None
