"""Pictures of the panel and of the reading views for README and Extensions Index: `python Testing/host/screenshots.py`.

Only a synthetic patient is shown. The lesions are those of the starter model where it is there and this Python has
torch; otherwise stand-ins, and the picture says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from host import modules
from host.application import HostApplication
from host.render_views import sheet, view_title
from host.slice_views import open_host, picture
from host.stand_in_maps import stand_in_maps
from host.worker_stand import FakeLaunch
from ProstateAlignRefineLib.app.launch import launch_with
from ProstateAlignRefineLib.app.panel import Panel
from ProstateAlignRefineLib.app.sample_data import SEED
from ProstateAlignRefineLib.app.worker import Worker
from ProstateAlignRefineLib.bundle.starter import find_starter
from ProstateAlignRefineLib.core.exchange import write_exchange
from ProstateAlignRefineLib.phantom import make_phantom
from ProstateAlignRefineLib.scene.windows import window_of

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = REPOSITORY / "Resources" / "Screenshots"
THUMBNAIL = REPOSITORY / "ProstateAlignRefine" / "Resources" / "Icons" / "SyntheticStudy.png"
PANEL_WIDTH, VIEW = 416, 480
PATIENCE = 600.0
STAND_IN = {
    "name": "stand-in, no model",
    "notice": "Picture with stand-in lesions: no model was run.",
    "tau": 0.35,
    "alpha": 0.6,
    "prompt": "prostate lesion",
    "minimum_lesion_ml": 0.05,
    "licence": "none",
    "intended_use": "pictures",
}


class NothingToInstall:
    def missing(self):
        return []

    def removable(self):
        return []

    def question(self):
        return ""

    def install(self, told, wheels=None):
        return ""

    def remove(self, told):
        return ""


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        host = open_host(VIEW, VIEW)
        application = HostApplication(host, folder)
        worker = prepare(folder, application)
        panel = Panel(application, worker, NothingToInstall())
        read(panel)
        views = sheet([(view_title(host, tag), picture(view)) for tag, view in host.views.items()])
        save(panel_picture(panel), views)
        save_thumbnail(picture(host.views["ReadingT2W"]))
        panel.cleanup()


def prepare(folder, application):
    """The study on disk, and a worker that will segment it."""
    phantom = make_phantom(SEED)
    from ProstateAlignRefineLib.commands.phantom import write_phantom

    write_phantom(phantom, folder, SEED)
    application.answers["folder"] = folder / "dicom"
    if find_starter() is not None and importlib.util.find_spec("torch") is not None:
        return Worker(lambda: launch_with("", {}))
    bundle, maps = folder / "bundle", folder / "maps"
    bundle.mkdir()
    maps.mkdir()
    (bundle / "bundle.json").write_text(json.dumps(STAND_IN))
    application.keep_setting("bundle", str(bundle))
    write_exchange(stand_in_maps(phantom.truth.lesions, phantom.truth.gland), maps)
    return Worker(lambda: FakeLaunch(f"copy:{maps}", dict(os.environ)))


def read(panel):
    """What a reader does until there is something to see."""
    panel.ui.openButton.click()
    panel.ui.testButton.click()
    wait(lambda: not panel.session.device.pending)
    panel.ui.segmentButton.click()
    wait(lambda: not panel.session.run.running)
    low, high = window_of(panel.session.reading.nodes.maps.similarity)
    panel.ui.heatmapCheck.checked = True
    panel.ui.editsCheck.checked = True
    panel.ui.thresholdSlider.value = round(low + 0.35 * (high - low), 2)
    panel.ui.lesionTable.selectRow(0)
    panel.ui.acceptButton.click()
    panel.session.jump(1)
    for _ in range(5):
        modules.application.processEvents()


def wait(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        modules.application.processEvents()
        time.sleep(0.01)


def panel_picture(panel):
    """The whole panel, as long as it is."""
    widget = panel.widget
    widget.resize(PANEL_WIDTH, 100)
    widget.show()
    modules.application.processEvents()
    widget.resize(PANEL_WIDTH, max(widget.sizeHint.height(), widget.layout().heightForWidth(PANEL_WIDTH)))
    for _ in range(5):
        modules.application.processEvents()
    path = Path(tempfile.mkdtemp()) / "panel.png"
    widget.grab().save(str(path))
    return Image.open(path).convert("RGB")


def save(panel, views):
    """The panel alone, and beside the four views as Slicer shows both."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    panel.save(OUTPUT / "panel.png", optimize=True)
    scaled = views.resize((round(views.width * panel.height / views.height), panel.height), Image.Resampling.LANCZOS)
    page = Image.new("RGB", (panel.width + scaled.width, panel.height), (40, 40, 40))
    page.paste(panel, (0, 0))
    page.paste(scaled, (panel.width, 0))
    page.save(OUTPUT / "reading.png", optimize=True)


def save_thumbnail(pixels):
    image = Image.fromarray(np.ascontiguousarray(pixels)).resize((260, 260), Image.Resampling.LANCZOS)
    page = Image.new("RGB", (260, 280), (20, 20, 22))
    page.paste(image, (0, 0))
    ImageDraw.Draw(page).text((8, 263), "synthetic", fill=(220, 220, 220), font=ImageFont.load_default(12))
    page.save(THUMBNAIL, optimize=True)


if __name__ == "__main__":
    main()
