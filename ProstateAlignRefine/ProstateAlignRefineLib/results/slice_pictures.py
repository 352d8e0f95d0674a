"""One slice on T2W, ADC and HBV with the outlines of lesions and gland, orientation, scale and ruler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..core.diameters import Diameters
from ..core.geometry import Array, Grid
from ..core.palette import CANDIDATE_RGB, GLAND_RGB, LESION_RGB, RULER_RGB, blend, grey
from ..core.study import Modality
from .view import VIEW_MM, edge_letters, on_view, view
from .windows import Window

GLAND_OPACITY = 0.6
SCALE_MM = 20.0
INK, PAPER = (225, 225, 225), (18, 18, 20)


@dataclass(frozen=True, eq=False)
class Slices:
    """What is drawn. `volumes` and the masks [Z, Y, X] lie on `grid`; `gland`: None where there is none."""

    volumes: Mapping[Modality, Array]
    grid: Grid
    lesions: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    gland: NDArray[np.bool_] | None = None


def draw_slice(slices: Slices, z: int, windows: Mapping[Modality, Window], pixels: int) -> dict[Modality, Image.Image]:
    """A picture a modality, `pixels` along each side: the middle `VIEW_MM` of the field."""

    def shown(picture: Array) -> Image.Image:
        return view(picture, slices.grid, VIEW_MM, pixels)

    def mask(inside: NDArray[np.bool_]) -> Image.Image:
        return shown(inside[z].astype(np.uint8) * 255)

    outline = outline_of(mask(slices.lesions))
    doubtful = outline_of(mask(slices.candidates)) * (1 - outline)
    capsule = None if slices.gland is None else outline_of(mask(slices.gland), width=1) * (1 - outline)
    pictures = {}
    for modality in Modality:
        image = np.asarray(shown(grey(slices.volumes[modality][z], *windows[modality])))
        image = blend(blend(image, LESION_RGB, outline), CANDIDATE_RGB, doubtful)
        if capsule is not None:
            image = blend(image, GLAND_RGB, GLAND_OPACITY * capsule)
        pictures[modality] = Image.fromarray(image)
    return pictures


def outline_of(mask: Image.Image, width: int = 2) -> NDArray[np.float64]:
    """`width` pixels wide, just outside the mask, so that what it holds stays visible."""
    inside = sitk.GetImageFromArray((np.asarray(mask) > 127).astype(np.uint8))
    grown = sitk.BinaryDilate(inside, (width, width), sitk.sitkBall)
    return sitk.GetArrayFromImage(grown - inside).astype(float)


def orient(picture: Image.Image, grid: Grid) -> None:
    """The patient's sides at the picture's edges, and a scale."""
    pen, size = ImageDraw.Draw(picture), picture.width
    middle, far = size / 2, size - 6
    places = ((6, middle, "lm"), (far, middle, "rm"), (middle, 4, "ma"), (middle, far, "ms"))
    for letter, (x, y, anchor) in zip(edge_letters(grid), places, strict=True):
        pen.text((x, y), letter, fill=INK, font=font(14), anchor=anchor, stroke_width=2, stroke_fill=PAPER)
    length = SCALE_MM * size / VIEW_MM
    pen.rectangle((far - length - 1, far - 4, far + 1, far + 1), fill=PAPER)
    pen.rectangle((far - length, far - 3, far, far), fill=INK)
    label = f"{SCALE_MM:.0f} mm"
    pen.text((far, far - 8), label, fill=INK, font=font(12), anchor="rs", stroke_width=2, stroke_fill=PAPER)


def draw_ruler(picture: Image.Image, diameters: Diameters, grid: Grid) -> None:
    """The lesion's longest axial diameter with its length, and the one across it, on the slice that holds them."""
    pen = ImageDraw.Draw(picture)
    for line, width in ((diameters.across, 1), (diameters.longest, 2)):
        ends = [on_view(end, grid, VIEW_MM, picture.width) for end in (line.start, line.end)]
        pen.line([*ends[0], *ends[1]], fill=RULER_RGB, width=width)
    right = max(on_view(end, grid, VIEW_MM, picture.width) for end in (diameters.longest.start, diameters.longest.end))
    label = f"{diameters.longest.length_mm:.0f} mm"
    x = min(right[0] + 6, picture.width - 44)
    pen.text((x, right[1]), label, fill=RULER_RGB, font=font(13), anchor="lm", stroke_width=2, stroke_fill=PAPER)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The one that Pillow brings, so that pictures look alike on every computer; `size` in pixels."""
    return ImageFont.load_default(size)
