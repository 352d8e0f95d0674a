"""What the network makes of a few validation cases, as pictures to watch a run by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from ...core.gate import gate_logits
from ...core.geometry import Array
from ...core.maps import MAP_NAMES
from ...core.palette import LESION_RGB, blend, grey, heat, heat_opacity
from ...evaluation.calibration import probabilities
from ...inference.device import Compute
from ...inference.predictor import plan_forwards, predict
from ...network.bundle import Bundle
from ..cases import Case, CaseShare

MOST_CASES = 3
SMALLEST_PX = 192
TITLE_PX = 14
GREY_RANGE = (1.0, 99.0)  # percentiles


def draw_cases(bundle: Bundle, cases: CaseShare, compute: Compute) -> dict[str, NDArray[np.uint8]]:
    """Of up to three cases with a lesion, always the same: bytes [Y, X, 3] by a name that tells no patient."""
    chosen = np.unique(np.linspace(0, len(cases.positive) - 1, MOST_CASES).round().astype(int))
    bundle.network.eval()
    return {
        f"validation_{place}": draw_case(bundle, cases[cases.positive[number]], compute)
        for place, number in enumerate(chosen, 1)
    }


def draw_case(bundle: Bundle, case: Case, compute: Compute) -> NDArray[np.uint8]:
    """Side by side on the T2W slice with most of the lesion: reference, base and gated probability, similarity."""
    volumes = case.volumes.astype(np.float32)
    plan = plan_forwards(bundle, case.lesions.shape, compute)
    maps = dict(zip(MAP_NAMES, predict(bundle, volumes, plan, compute, lambda _done, _all: None), strict=False))
    gated = gate_logits(
        maps["base_margin"], maps["refined_margin"], maps["confidence"], bundle.config.tau, bundle.config.alpha
    )
    z = int((case.lesions > 0).sum(axis=(1, 2)).argmax())
    lesion, t2w = case.lesions[z] > 0, volumes[0, z]
    under = grey(t2w, *np.percentile(volumes[0], GREY_RANGE))
    edge = lesion & ~ndimage.binary_erosion(lesion)
    overlays: Mapping[str, Array] = {
        "base": probabilities(maps["base_margin"][z]),
        "refined": probabilities(gated[z]),
        "similarity": maps["similarity"][z],
    }
    tiles = {"lesion": blend(under, LESION_RGB, edge.astype(float))}
    for name, values in overlays.items():
        shown = blend(under, heat(values, 0, 1), heat_opacity(values, 0, 1))
        tiles[name] = blend(shown, LESION_RGB, edge.astype(float))
    return np.concatenate([_titled(tile, name) for name, tile in tiles.items()], axis=1)


def _titled(tile: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    times = -(-SMALLEST_PX // max(tile.shape[:2]))
    large = tile.repeat(times, axis=0).repeat(times, axis=1)
    image = Image.new("RGB", (large.shape[1], large.shape[0] + TITLE_PX))
    image.paste(Image.fromarray(large), (0, TITLE_PX))
    ImageDraw.Draw(image).text((3, 1), name, fill=(255, 255, 255))
    return np.asarray(image)
