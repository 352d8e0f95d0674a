"""Grey ranges of volume nodes."""

from __future__ import annotations

from ..core.study import Modality
from ..results.windows import Window, grey_window
from .mrml import VolumeDisplayNode, VolumeNode
from .volumes import grid_of, voxels_of


def window_for(volume: VolumeNode, modality: Modality, preset: str = "standard") -> Window:
    """Lowest and highest value shown, by the rule of `results.windows`."""
    return grey_window(voxels_of(volume), grid_of(volume), modality, preset)


def window_of(volume: VolumeNode) -> Window | None:
    """The range shown now; None where the volume is not displayed yet."""
    display = volume.GetDisplayNode()
    return (display.GetWindowLevelMin(), display.GetWindowLevelMax()) if display is not None else None


def set_window(volume: VolumeNode, window: Window) -> None:
    """`window`: lowest and highest grey value, which stays where Slicer would choose its own."""
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
