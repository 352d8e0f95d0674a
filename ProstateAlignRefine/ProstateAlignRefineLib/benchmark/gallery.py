"""The answers that went worst, as a picture: what the truth was, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation, label

from ..core.geometry import Array, Grid, resample, to_array
from ..core.palette import ADDED_RGB, LESION_RGB, blend, grey
from ..core.study import Modality
from ..evaluation.metrics import overlap
from ..results.view import in_view, view
from .judging import gated_answers, loaded_bundle
from .phantom_study import load_phantom_study

VIEW_MM, PANEL, BAR = 90.0, 260, 24
INK, PAPER = (225, 225, 225), (18, 18, 20)

Mask = NDArray[np.bool_]


def draw_gallery(bundle: Path, folders: Sequence[Path]) -> Image.Image:
    """A row a study: T2W alone, then T2W, ADC and HBV with the truth in green and the answer in red."""
    rows = [_row(bundle, folder) for folder in folders]
    sheet = Image.new("RGB", (4 * PANEL, BAR + len(rows) * (PANEL + BAR)), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    pen.text((8, 5), "truth", fill=ADDED_RGB, font=font)
    pen.text((56, 5), "answer", fill=LESION_RGB, font=font)
    for number, (caption, panels) in enumerate(rows):
        top = BAR + number * (PANEL + BAR)
        for column, panel in enumerate(panels):
            sheet.paste(panel, (column * PANEL, top))
        pen.text((8, top + PANEL + 3), caption, fill=INK, font=font)
    return sheet


def _row(bundle: Path, folder: Path) -> tuple[str, list[Image.Image]]:
    phantom, loaded = load_phantom_study(folder), loaded_bundle(bundle)
    (given,) = gated_answers(phantom.study, loaded, (loaded.config.alpha,))
    truth, found = phantom.lesions > 0, given.labels > 0
    z = shown_slice(truth, found)
    panels = []
    for modality, outlined in ((Modality.T2W, False), *((modality, True) for modality in Modality)):
        values = to_array(resample(phantom.study.volume(modality), phantom.study.grid))
        shown = in_view(values[z], phantom.study.grid, VIEW_MM)
        low, high = np.percentile(shown, (1, 99.9 if modality is Modality.HBV else 99.5))
        masks = (truth[z], found[z]) if outlined else ()
        panels.append(_panel(values[z], (float(low), float(high)), masks, phantom.study.grid))
    dice = f", Dice {overlap(truth, found).dice:.2f}" if truth.any() else ""
    voxel_ml = phantom.study.grid.voxel_ml
    volumes = f"truth {truth.sum() * voxel_ml:.2f} mL, answer {found.sum() * voxel_ml:.2f} mL{dice}"
    return f"{phantom.name}, slice {z}: {volumes}", panels


def shown_slice(truth: Mask, found: Mask) -> int:
    """Where most of a missed lesion lies; else most of a false finding; else most of either."""
    for reference, other in ((truth, found), (found, truth)):
        pieces, count = label(reference)
        alone = [n for n in range(1, count + 1) if not other[pieces == n].any()]
        if alone:
            return int(np.isin(pieces, alone).sum(axis=(1, 2)).argmax())
    return int((truth | found).sum(axis=(1, 2)).argmax())


def _panel(plane: Array, window: tuple[float, float], masks: Sequence[Mask], grid: Grid) -> Image.Image:
    picture = np.asarray(view(grey(plane, *window), grid, VIEW_MM, PANEL))
    for mask, colour in zip(masks, (ADDED_RGB, LESION_RGB), strict=False):
        inside = np.asarray(view(mask.astype(np.uint8) * 255, grid, VIEW_MM, PANEL)) > 127
        picture = blend(picture, colour, (binary_dilation(inside) & ~inside).astype(float))
    return Image.fromarray(picture)
