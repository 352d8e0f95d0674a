"""overview.png: the lesion slices on T2W, ADC and HBV, with heatmap and edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..core.anatomy import plausible_gland
from ..core.gate import ADDED, REMOVED
from ..core.geometry import Array, Grid
from ..core.gland import Gland
from ..core.lesions import Lesion
from ..core.maps import Maps
from ..core.palette import ADDED_RGB, CANDIDATE_RGB, GLAND_RGB, LESION_RGB, REMOVED_RGB, blend, grey, heat, heat_opacity
from ..core.study import Modality
from .lesions_at import LesionsAt
from .report import RESEARCH_USE
from .slice_names import COUNTED, SliceNames
from .view import VIEW_MM, edge_letters, view
from .windows import grey_window

MOST_ROWS = 4
PANEL = 300
BAR = 26
FOOT = 46
GLAND_OPACITY = 0.6
SCALE_MM = 20.0
HEAT_OPACITY = 0.75
INK, PAPER = (225, 225, 225), (18, 18, 20)


@dataclass(frozen=True)
class Overview:
    """What is drawn. `volumes` [Z, Y, X] lie on the maps' grid. `gland`: None where there is none."""

    volumes: Mapping[Modality, Array]
    maps: Maps
    found: LesionsAt
    notice: str
    gland: Gland | None = None
    names: SliceNames = COUNTED

    @property
    def findings(self) -> Sequence[Lesion]:
        """The lesions, and after them the candidates."""
        return (*self.found.lesions, *self.found.candidates)

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """Of the findings, [Z, Y, X]."""
        return np.maximum(self.found.whole, self.found.whole_candidates)

    @cached_property
    def gland_mask(self) -> NDArray[np.bool_] | None:
        """[Z, Y, X]."""
        return None if self.maps.zones is None else plausible_gland(self.maps.zones, self.maps.grid)


def draw_overview(overview: Overview) -> Image.Image:
    """One row a lesion (the four most confident), or the most suspicious slice where there is none."""
    rows = _rows(overview)
    windows = {name: grey_window(values, overview.maps.grid, name) for name, values in overview.volumes.items()}
    heat_range = _heat_range(overview.maps.similarity[overview.maps.confidence > 0])
    sheet = Image.new("RGB", (5 * PANEL, BAR + len(rows) * (PANEL + BAR) + FOOT), PAPER)
    pen = ImageDraw.Draw(sheet)
    titles = ("T2W", "ADC", "HBV", f"similarity {heat_range[0]:.2f} to {heat_range[1]:.2f}", "refiner's edits")
    for column, title in enumerate(titles):
        pen.text((column * PANEL + 8, 5), title, fill=INK, font=_font(14))
    for number, (caption, z) in enumerate(rows):
        top = BAR + number * (PANEL + BAR)
        for column, panel in enumerate(_panels(overview, z, windows, heat_range)):
            sheet.paste(panel, (column * PANEL, top))
        _orient(pen, top, overview.maps.grid)
        pen.text((8, top + PANEL + 4), caption, fill=INK, font=_font(14))
    _foot(pen, sheet.height - FOOT, overview)
    return sheet


def _orient(pen: ImageDraw.ImageDraw, top: int, grid: Grid) -> None:
    """On the row's first picture: the patient's sides at its edges, and a scale; all five show the same field."""
    middle, far, font = PANEL / 2, PANEL - 6, _font(14)
    places = ((6, middle, "lm"), (far, middle, "rm"), (middle, 4, "ma"), (middle, far, "ms"))
    for letter, (x, y, anchor) in zip(edge_letters(grid), places, strict=True):
        pen.text((x, top + y), letter, fill=INK, font=font, anchor=anchor, stroke_width=2, stroke_fill=PAPER)
    length = SCALE_MM * PANEL / VIEW_MM
    pen.rectangle((far - length - 1, top + far - 4, far + 1, top + far + 1), fill=PAPER)
    pen.rectangle((far - length, top + far - 3, far, top + far), fill=INK)
    label = f"{SCALE_MM:.0f} mm"
    pen.text((far, top + far - 8), label, fill=INK, font=_font(12), anchor="rs", stroke_width=2, stroke_fill=PAPER)


def _rows(overview: Overview) -> list[tuple[str, int]]:
    """Caption and slice."""
    if not overview.findings:
        z = int(np.unravel_index(overview.maps.confidence.argmax(), overview.maps.grid.shape)[0])
        return [(f"No lesion found; slice {overview.names.text(z, z)} holds the highest confidence", z)]
    rows = []
    for lesion in overview.findings[:MOST_ROWS]:
        z = int((overview.labels == lesion.number).sum(axis=(1, 2)).argmax())
        kind = "lesion" if lesion.number <= len(overview.found.lesions) else "candidate"
        caption = (
            f"{kind} {lesion.number}, slice {overview.names.text(z, z)}, {lesion.place.text}: "
            f"{lesion.volume_ml:.2f} mL, {lesion.max_axial_diameter_mm:.0f} mm, confidence {lesion.confidence:.2f}, "
            f"similarity {lesion.mean_similarity:.2f}"
        )
        rows.append((caption, z))
    return rows


def _panels(
    overview: Overview,
    z: int,
    windows: Mapping[Modality, tuple[float, float]],
    heat_range: tuple[float, float],
) -> list[Image.Image]:
    def shown(picture: Array) -> Image.Image:
        return view(picture, overview.maps.grid, VIEW_MM, PANEL)

    outline = _outline(shown((overview.found.whole[z] > 0).astype(np.uint8) * 255))
    doubtful = _outline(shown((overview.found.whole_candidates[z] > 0).astype(np.uint8) * 255)) * (1 - outline)
    base = {m: np.asarray(shown(grey(values[z], *windows[m]))) for m, values in overview.volumes.items()}
    images = [
        blend(blend(base[m], LESION_RGB, outline), CANDIDATE_RGB, doubtful)
        for m in (Modality.T2W, Modality.ADC, Modality.HBV)
    ]
    if overview.gland_mask is not None:
        capsule = _outline(shown(overview.gland_mask[z].astype(np.uint8) * 255), width=1)
        images = [blend(image, GLAND_RGB, GLAND_OPACITY * capsule * (1 - outline)) for image in images]
    similarity = np.asarray(shown(heat(overview.maps.similarity[z], *heat_range)))
    opacity = np.asarray(shown(grey(heat_opacity(overview.maps.similarity[z], *heat_range), 0, 1)))[..., 0] / 255
    images.append(blend(base[Modality.T2W], similarity, HEAT_OPACITY * opacity))
    edited = blend(base[Modality.T2W], LESION_RGB, 0.5 * outline)
    for code, colour in ((ADDED, ADDED_RGB), (REMOVED, REMOVED_RGB)):
        changed = shown((overview.found.gated.edits[z] == code).astype(np.uint8) * 255)
        edited = blend(edited, colour, np.asarray(changed) / 255)
    return [Image.fromarray(image) for image in [*images, edited]]


def _outline(mask: Image.Image, width: int = 2) -> NDArray[np.float64]:
    """`width` pixels wide, just outside the mask, so that what it holds stays visible."""
    inside = sitk.GetImageFromArray((np.asarray(mask) > 127).astype(np.uint8))
    grown = sitk.BinaryDilate(inside, (width, width), sitk.sitkBall)
    return sitk.GetArrayFromImage(grown - inside).astype(float)


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
        entries.append((f"gland, {overview.gland.volume_ml:.0f} mL", GLAND_RGB))
    for text, colour in entries:
        pen.rectangle((x, top + 6, x + 10, top + 16), fill=colour)
        pen.text((x + 16, top + 3), text, fill=INK, font=_font(13))
        x += 32 + pen.textlength(text, font=_font(13))
    pen.text((8, top + 24), f"{RESEARCH_USE} {overview.notice}".strip(), fill=INK, font=_font(13))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
