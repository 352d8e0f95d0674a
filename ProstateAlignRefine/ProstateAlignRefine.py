"""The Slicer module: a shell around ProstateAlignRefineLib, without logic of its own."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)


class ProstateAlignRefine(ScriptedLoadableModule):
    """What Slicer's module list shows."""

    def __init__(self, parent) -> None:
        super().__init__(parent)
        parent.title = _("Prostate Align then Refine")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = []
        parent.contributors = ["ProstateAlignRefine contributors"]
        parent.helpText = _(
            "Finds and outlines prostate lesions on T2W, ADC and high-b-value images, guided by text; every edit of "
            "the refiner can be seen and tuned. For research use only."
        )
        parent.acknowledgementText = _("Method: Align then Refine, arXiv 2604.18713.")
        slicer.app.connect("startupCompleted()", register_sample_data)
        slicer.app.connect("startupCompleted()", register_reading_layout)


class ProstateAlignRefineWidget(ScriptedLoadableModuleWidget):
    """Slicer's events, passed on to the panel."""

    def setup(self) -> None:
        super().setup()
        from ProstateAlignRefineLib.app.panel import Panel

        self.panel = Panel()
        self.layout.addWidget(self.panel.widget)
        self.layout.addStretch(1)

    def enter(self) -> None:
        self.panel.enter()

    def exit(self) -> None:
        self.panel.exit()

    def cleanup(self) -> None:
        self.panel.cleanup()

    def onReload(self) -> None:  # noqa: N802 - Slicer's name
        """Reload of the library, too; Slicer's own function knows only this file."""
        from ProstateAlignRefineLib.app.reload import forget_library

        forget_library()
        super().onReload()


class ProstateAlignRefineLogic(ScriptedLoadableModuleLogic):
    """Present because Slicer looks for it: the panel's logic is ProstateAlignRefineLib.app.session."""


class ProstateAlignRefineTest(ScriptedLoadableModuleTest):
    """Reload and Test: the story of Testing/Slicer/run_in_slicer.py on the sample study, without a model."""

    def runTest(self) -> None:  # noqa: N802 - Slicer's name
        from ProstateAlignRefineLib.app.self_test import run_self_test

        slicer.mrmlScene.Clear()
        for line in run_self_test():
            self.delayDisplay(line)


def register_sample_data() -> None:
    """The synthetic study in the Sample Data module."""
    from ProstateAlignRefineLib.app.sample_data import register

    register(Path(__file__).parent / "Resources" / "Icons")


def register_reading_layout() -> None:
    """Known before any scene is opened: one saved in the reading layout would open with black views."""
    from ProstateAlignRefineLib.scene.layout import register_layout

    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if node is not None:  # there is none without a main window
        register_layout(node)
