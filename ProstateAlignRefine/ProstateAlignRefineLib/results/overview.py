"""overview.png: the lesion slices on T2W, ADC and HBV, with heatmap and edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from ..core.diameters import Diameters
from ..core.gate import ADDED, REMOVED
from ..core.geometry import Array
from ..core.gland import Gland
from ..core.lesions import Lesion
from ..core.maps import Maps
from ..core.palette import ADDED_RGB, CANDIDATE_RGB, GLAND_RGB, LESION_RGB, REMOVED_RGB, blend, grey, heat, heat_opacity
from ..core.study import Modality
from .gland_words import density_text
from .lesions_at import LesionsAt
from .report import RESEARCH_USE
from .slice_names import COUNTED, SliceNames
from .slice_pictures import INK, PAPER, Slices, draw_ruler, draw_slice, font, orient, outline_of
from .view import VIEW_MM, view
from .windows import grey_window

MOST_ROWS = 4
PANEL = 300
BAR = 26
FOOT = 46
HEAT_OPACITY = 0.75


@dataclass(frozen=True)
class Overview:
    """What is drawn. `volumes` [Z, Y, X] lie on the maps' grid. `gland`: None where there is none. `psa`: in ng/mL."""

    volumes: Mapping[Modality, Array]
    maps: Maps
    found: LesionsAt
    notice: str
    gland: Gland | None = None
    names: SliceNames = COUNTED
    psa: float | None = None

    @property
    def findings(self) -> Sequence[Lesion]:
        """The lesions, and after them the candidates."""
        return (*self.found.lesions, *self.found.candidates)

    @cached_property
    def slices(self) -> Slices:
        """What is drawn over the images."""
        maps, found = self.maps, self.found
        return Slices(self.volumes, maps.grid, found.whole > 0, found.whole_candidates > 0, maps.gland())


def draw_overview(overview: Overview) -> Image.Image:
    """One row a lesion (the four most confident), or the most suspicious slice where there is none."""
    rows = _rows(overview)
    windows = {name: grey_window(values, overview.maps.grid, name) for name, values in overview.volumes.items()}
    heat_range = _heat_range(overview.maps.similarity[overview.maps.confidence > 0])
    sheet = Image.new("RGB", (5 * PANEL, BAR + len(rows) * (PANEL + BAR) + FOOT), PAPER)
    pen = ImageDraw.Draw(sheet)
    titles = ("T2W", "ADC", "HBV", f"similarity, colours {heat_range[0]:.2f} to {heat_range[1]:.2f}", "refiner's edits")
    for column, title in enumerate(titles):
        pen.text((column * PANEL + 8, 5), title, fill=INK, font=font(14))
    for number, row in enumerate(rows):
        top = BAR + number * (PANEL + BAR)
        panels = _panels(overview, row.slice, windows, heat_range)
        orient(panels[0], overview.maps.grid)
        if row.diameters is not None:
            draw_ruler(panels[0], row.diameters, overview.maps.grid)
        for column, panel in enumerate(panels):
            sheet.paste(panel, (column * PANEL, top))
        pen.text((8, top + PANEL + 4), row.caption, fill=INK, font=font(14))
    _foot(pen, sheet.height - FOOT, overview)
    return sheet


@dataclass(frozen=True)
class _Row:
    """`slice` of the grid; `diameters` of the lesion, None where there is none."""

    caption: str
    slice: int
    diameters: Diameters | None = None


def _rows(overview: Overview) -> list[_Row]:
    if not overview.findings:
        z = int(np.unravel_index(overview.maps.confidence.argmax(), overview.maps.grid.shape)[0])
        return [_Row(f"No lesion found; slice {overview.names.text(z, z)} holds the highest confidence", z)]
    rows = []
    for lesion in overview.findings[:MOST_ROWS]:
        z = lesion.diameters.slice
        kind = "lesion" if lesion.number <= len(overview.found.lesions) else "candidate"
        caption = (
            f"{kind} {lesion.number}, slice {overview.names.text(z, z)}, {lesion.place.text}: "
            f"{lesion.volume_ml:.2f} mL, {lesion.diameters.text}, confidence {lesion.confidence:.2f}, "
            f"similarity {lesion.mean_similarity:.2f}"
        )
        rows.append(_Row(caption, z, lesion.diameters))
    return rows


def _panels(
    overview: Overview,
    z: int,
    windows: Mapping[Modality, tuple[float, float]],
    heat_range: tuple[float, float],
) -> list[Image.Image]:
    def shown(picture: Array) -> Image.Image:
        return view(picture, overview.maps.grid, VIEW_MM, PANEL)

    outline = outline_of(shown((overview.found.whole[z] > 0).astype(np.uint8) * 255))
    base = np.asarray(shown(grey(overview.volumes[Modality.T2W][z], *windows[Modality.T2W])))
    images = list(draw_slice(overview.slices, z, windows, PANEL).values())
    similarity = np.asarray(shown(heat(overview.maps.similarity[z], *heat_range)))
    opacity = np.asarray(shown(grey(heat_opacity(overview.maps.similarity[z], *heat_range), 0, 1)))[..., 0] / 255
    pictures = [blend(base, similarity, HEAT_OPACITY * opacity)]
    edited = blend(base, LESION_RGB, 0.5 * outline)
    for code, colour in ((ADDED, ADDED_RGB), (REMOVED, REMOVED_RGB)):
        changed = shown((overview.found.gated.edits[z] == code).astype(np.uint8) * 255)
        edited = blend(edited, colour, np.asarray(changed) / 255)
    pictures.append(edited)
    return [*images, *map(Image.fromarray, pictures)]


def _heat_range(values: Array) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    return float(np.percentile(values, 2.0)), float(np.percentile(values, 99.9))


def _foot(pen: ImageDraw.ImageDraw, top: int, overview: Overview) -> None:
    x = 8.0
    entries = [("lesion", LESION_RGB), ("added by the refiner", ADDED_RGB), ("removed by it", REMOVED_RGB)]
    if overview.found.candidates:
        entries.insert(1, ("candidate", CANDIDATE_RGB))
    if overview.gland is not None:
        density = "" if overview.psa is None else f"; {density_text(overview.psa, overview.gland)}"
        entries.append((f"gland, {overview.gland.volume_ml:.0f} mL{density}", GLAND_RGB))
    for text, colour in entries:
        pen.rectangle((x, top + 6, x + 10, top + 16), fill=colour)
        pen.text((x + 16, top + 3), text, fill=INK, font=font(13))
        x += 32 + pen.textlength(text, font=font(13))
    pen.text((8, top + 24), f"{RESEARCH_USE} {overview.notice}".strip(), fill=INK, font=font(13))
