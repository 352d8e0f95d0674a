"""The grey range of each volume that a prostate reader starts from: one rule for the reading views and the overview."""

from __future__ import annotations

import numpy as np

from ..core.geometry import Array, Grid
from ..core.study import Modality
from .view import VIEW_MM, in_view

Window = tuple[float, float]

# ADC values mean the same on every scanner (1e-6 mm2/s): suspicious tissue lies below about 900, normal peripheral
# zone above 1400. T2W and DWI have no units: their range comes from what the view shows.
ADC_PRESETS: dict[str, Window] = {"standard": (0.0, 2500.0), "narrow": (400.0, 1600.0)}
PERCENTILES: dict[Modality, dict[str, Window]] = {
    Modality.T2W: {"standard": (1.0, 99.5), "narrow": (5.0, 98.0)},
    Modality.HBV: {"standard": (1.0, 99.5), "narrow": (25.0, 98.0)},
}
PRESETS = ("standard", "narrow")


def grey_window(values: Array, grid: Grid, modality: Modality, preset: str = "standard") -> Window:
    """Lowest and highest value shown of a volume [Z, Y, X] on `grid`."""
    if modality is Modality.ADC:
        return ADC_PRESETS[preset]
    low, high = np.percentile(in_view(values, grid, VIEW_MM), PERCENTILES[modality][preset])
    return float(low), float(max(high, low + 1))
