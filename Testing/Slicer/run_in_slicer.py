"""The story of one reading inside 3D Slicer, on a study given by its folder.

Slicer --no-splash --testing --additional-module-paths ProstateAlignRefine
    --python-script Testing/Slicer/run_in_slicer.py -- --study DIR --python PYTHON --screenshots DIR [--model BUNDLE]

Ends Slicer with exit code 0 where every step passed, 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import slicer

sys.path.insert(0, str(Path(__file__).resolve().parent))

from story import Stage, tell


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run_in_slicer.py")
    parser.add_argument("--study", type=Path, required=True, metavar="DIR", help="DICOM, or *_t2w, *_adc, *_hbv files")
    parser.add_argument("--python", default="", help="Python that has the package (default: Slicer's)")
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="model bundle (default: the starter model)")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="folder for a picture after each step")
    given = sys.argv[1:]
    return parser.parse_args(given[given.index("--") + 1 :] if "--" in given else given)


def scripted_application(python: str):
    """Slicer, with the dialogs answered by the story and the user's settings left alone."""
    from ProstateAlignRefineLib.app.application import SlicerApplication

    class ScriptedApplication(SlicerApplication):
        def __init__(self) -> None:
            self.answers = {}
            self.clipboard = ""
            self.settings = {"python": python}

        def ask_folder(self, title):
            return self.answers["folder"]

        def ask_file(self, title):
            return self.answers["file"]

        def ask_study(self, studies):
            return self.answers["study"]

        def ask_new_file(self, title, name, kinds):
            return self.answers["new file"]

        def confirm(self, text):
            return self.answers.get("confirm", True)

        def copy_text(self, text):
            self.clipboard = text

        def setting(self, name):
            return self.settings.get(name, "")

        def keep_setting(self, name, value):
            self.settings[name] = value

        def select_module(self, name):
            slicer.util.selectModule(name)

        def show_volume(self, volume):
            """As every module of Slicer does with a volume that was added or chosen there."""
            logic = slicer.app.applicationLogic()
            logic.GetSelectionNode().SetActiveVolumeID(volume.GetID())
            logic.PropagateVolumeSelection()

        def add_to_dicom_database(self, file):
            """The user's database is left alone, too."""

    return ScriptedApplication()


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came of it in {seconds:.0f} s")
        slicer.app.processEvents()
        time.sleep(0.005)


def photographer(folder: Path | None, panel):
    def take(name):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            slicer.app.processEvents()
            panel.widget.grab().save(str(folder / f"{name}-panel.png"))
            viewport = slicer.app.layoutManager().viewport()
            if viewport is not None:
                slicer.util.forceRenderAllViews()
                viewport.grab().save(str(folder / f"{name}-views.png"))

    return take


def main() -> int:
    options = arguments()
    slicer.util.selectModule("ProstateAlignRefine")
    panel = slicer.modules.prostatealignrefine.widgetRepresentation().self().panel
    application = scripted_application(options.python)
    panel.application = panel.session.application = application
    panel.session.adopt_scene()
    if options.model is not None:
        panel.session.choose_bundle(options.model)
    with tempfile.TemporaryDirectory() as output:
        stage = Stage(panel, application, wait, options.study, Path(output))
        return 1 if tell(stage, print, photographer(options.screenshots, panel)) else 0


try:
    code = main()
except BaseException:
    traceback.print_exc()
    code = 1
slicer.util.exit(code)
