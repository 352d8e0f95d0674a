"""Window presets: the grey range of each volume that a prostate reader starts from."""

from __future__ import annotations

import numpy as np

from ..core.study import Modality
from .mrml import VolumeDisplayNode, VolumeNode
from .volumes import voxels_of

Window = tuple[float, float]

# ADC values mean the same on every scanner (1e-6 mm2/s): suspicious tissue lies below about 900, normal peripheral
# zone above 1400. T2W and DWI have no units: their range comes from the middle of the volume.
ADC_PRESETS: dict[str, Window] = {"standard": (0.0, 2500.0), "narrow": (400.0, 1600.0)}
PERCENTILES: dict[Modality, dict[str, Window]] = {
    Modality.T2W: {"standard": (1.0, 99.7), "narrow": (5.0, 98.0)},
    Modality.HBV: {"standard": (20.0, 99.7), "narrow": (50.0, 99.95)},
}
PRESETS = ("standard", "narrow")
MIDDLE = 0.25  # share cut off each in-plane edge: coil flare and skin fat are brighter than the gland


def window_for(volume: VolumeNode, modality: Modality, preset: str = "standard") -> Window:
    """Lowest and highest value shown."""
    if modality is Modality.ADC:
        return ADC_PRESETS[preset]
    values = voxels_of(volume)
    rows, columns = (slice(int(n * MIDDLE), max(int(n * (1 - MIDDLE)), 1)) for n in values.shape[1:])
    low, high = np.percentile(values[:, rows, columns], PERCENTILES[modality][preset])
    return float(low), float(max(high, low + 1))


def window_of(volume: VolumeNode) -> Window | None:
    """The range shown now; None where the volume is not displayed yet."""
    display = volume.GetDisplayNode()
    return (display.GetWindowLevelMin(), display.GetWindowLevelMax()) if display is not None else None


def set_window(volume: VolumeNode, window: Window) -> None:
    display = display_of(volume)
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(*window)


def display_of(volume: VolumeNode) -> VolumeDisplayNode:
    """The volume's display node, made where there is none yet."""
    if volume.GetDisplayNode() is None:
        volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    assert display is not None
    return display
