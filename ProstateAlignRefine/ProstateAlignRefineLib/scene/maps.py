"""The network's maps as volume nodes, so that the gate still moves after a scene is saved and opened again.

They are float32 on the T2W's grid, as the gate reads them without a copy: of a real study of 384 x 384 x 19 voxels
45 MB, 15 MB in a saved scene. Rounded to float16 or to int16 with a scale they would be 7 MB saved, but the mask then
differs by a voxel from the command line's at 103 or 150 of the 101 x 101 settings of the sliders. Kept only where the
network looked they would be 17 MB, and 15 saved, and every reader would need them on the whole grid besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import numpy as np
import slicer

from ..core.maps import MAP_NAMES, ZONES_NAME, Maps
from ..core.palette import heat, heat_opacity
from .mrml import ColorTableNode, Scene, VolumeNode
from .volumes import fill_volume, grid_of, place_beside, voxels_of

HEAT_NAME = "Text-image similarity"
MAP_ATTRIBUTE = "ProstateAlignRefine.Map"
TITLES = {
    "base_margin": "base margin",
    "refined_margin": "refined margin",
    "confidence": "confidence",
    "similarity": "similarity",
    ZONES_NAME: "gland zones",
}
MOST_SAMPLES = 500_000


@dataclass(frozen=True)
class MapNodes:
    """The volume nodes of `core.maps.Maps`, field by field; no zones where the model tells none."""

    base_margin: VolumeNode
    refined_margin: VolumeNode
    confidence: VolumeNode
    similarity: VolumeNode
    zones: VolumeNode | None = None

    def __iter__(self) -> Iterator[VolumeNode]:
        """The four maps, and the zones where there are any."""
        four = (self.base_margin, self.refined_margin, self.confidence, self.similarity)
        return iter(four if self.zones is None else (*four, self.zones))


def add_maps(scene: Scene, maps: Maps, t2w: VolumeNode) -> MapNodes:
    """New volumes in the study of `t2w`; the margins and zones, which nobody reads by eye, are hidden."""
    windows = {"confidence": (0.0, 1.0), "similarity": heat_range(maps)}
    nodes = {name: _add_map(scene, maps, name, t2w, windows.get(name)) for name in maps.arrays}
    return MapNodes(**nodes)


def maps_of(nodes: MapNodes) -> Maps:
    """The maps that `add_maps` stored: views on the nodes' voxels, not copies."""
    arrays = {name: voxels_of(getattr(nodes, name)).astype(np.float32, copy=False) for name in MAP_NAMES}
    zones = None if nodes.zones is None else voxels_of(nodes.zones).astype(np.uint8, copy=False)
    return Maps(grid_of(nodes.similarity), **arrays, zones=zones)


def heat_range(maps: Maps) -> tuple[float, float]:
    """The similarities between which the heatmap's colours run: the 2nd and 99.9th percentile where the network
    looked."""
    step = max(maps.similarity.size // MOST_SAMPLES, 1) | 1  # odd: not the same columns in every row
    seen = maps.similarity.ravel()[::step][maps.confidence.ravel()[::step] > 0]
    if not seen.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(seen, (2.0, 99.9)))
    return (low, high) if high > low else (low, low + 1e-3)


def heat_colours(scene: Scene) -> ColorTableNode:
    """The heatmap's colour table, one for the whole scene: clear where there is nothing to say."""
    found = scene.GetFirstNode(HEAT_NAME, "vtkMRMLColorTableNode")
    node = found or scene.AddNewNodeByClass("vtkMRMLColorTableNode", HEAT_NAME)
    node.SetTypeToUser()
    node.SetAttribute("Category", "ProstateAlignRefine")
    scale = np.linspace(0, 1, 256)
    colours = np.column_stack([heat(scale, 0, 1) / 255.0, heat_opacity(scale, 0, 1)])
    node.SetNumberOfColors(len(colours))
    for index, rgba in enumerate(colours.tolist()):
        node.SetColor(index, str(index), *rgba)
    return node


def _add_map(scene: Scene, maps: Maps, name: str, t2w: VolumeNode, window: tuple[float, float] | None) -> VolumeNode:
    """Hidden where there is no window; shown in the heat colours otherwise."""
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName(_name(scene, f"{t2w.GetName()} {TITLES[name]}", hidden=window is None))
    node.SetAttribute(MAP_ATTRIBUTE, name)
    node.SetHideFromEditors(window is None)  # before the node is in the scene: selectors look at it once
    scene.AddNode(node)
    if window is not None:
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.AutoWindowLevelOff()  # before there are voxels: else MRML searches them for a window
        display.SetWindowLevelMinMax(*window)
        display.SetAndObserveColorNodeID(heat_colours(scene).GetID())
    fill_volume(node, maps.arrays[name], maps.grid)
    place_beside(scene, node, t2w)
    return node


def _name(scene: Scene, title: str, hidden: bool) -> str:
    """Of a hidden map one that no other scene has: before 5.12, Slicer saves hidden nodes as `Private/NAME.nrrd`
    beside the scene, and a second scene of the folder would replace the first one's maps without a word."""
    return f"{title} {uuid4().hex[:12]}" if hidden else str(scene.GenerateUniqueName(title))
