"""Slicer's window at the sizes of a laptop and of a desk: `python Testing/host/screens.py FOLDER`, to be looked at.

The panel as far as it is seen without scrolling, in Slicer's first width, beside the reading views. Slicer's own bars
are grey: as high as they were measured in a real Slicer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from host.application import HostApplication
from host.render_views import view_title
from host.screenshots import PANEL_WIDTH, NothingToInstall, panel_picture, prepare, read
from host.slice_views import open_host, picture, resize
from ProstateAlignRefineLib.app.panel import Panel

SIZES = ((1280, 800), (1920, 1080))
AROUND_PANEL, ABOVE_PANEL = 300, 200  # pixels of bars above and below the panel; of them above
ABOVE_VIEWS, BELOW_VIEWS, TITLE = 64, 22, 22
GREY, DARK = (205, 205, 205), (40, 40, 40)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        host = open_host()
        application = HostApplication(host, Path(name))
        panel = Panel(application, prepare(Path(name), application), NothingToInstall())
        read(panel)
        for size in SIZES:
            window(panel, host, size).save(folder / "{}x{}.png".format(*size))
        panel.cleanup()


def window(panel, host, size):
    """The whole window, of this width and height in pixels."""
    width, height = size
    page = Image.new("RGB", size, GREY)
    page.paste(panel_picture(panel).crop((0, 0, PANEL_WIDTH, height - AROUND_PANEL)), (0, ABOVE_PANEL))
    across = (width - PANEL_WIDTH) // 2
    down = (height - ABOVE_VIEWS - BELOW_VIEWS) // 2
    for tag, view in host.views.items():
        resize(host.app, tag, view, across, down - TITLE)
    panel.session.layout.fit()
    panel.session.jump(1)
    for number, (tag, view) in enumerate(host.views.items()):
        at = (PANEL_WIDTH + number % 2 * across, ABOVE_VIEWS + number // 2 * down)
        page.paste(Image.fromarray(picture(view).copy()), (at[0], at[1] + TITLE))
        pen = ImageDraw.Draw(page)
        pen.rectangle((*at, at[0] + across, at[1] + TITLE), fill=DARK)
        pen.text((at[0] + 6, at[1] + 4), view_title(host, tag), fill=(235, 235, 235), font=ImageFont.load_default(13))
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]))
