"""A ruler on a lesion: its longest axial diameter with its length, and the one across it, as markups lines."""

from __future__ import annotations

from typing import Any

from ..core.diameters import Caliper
from ..core.lesions import Lesion
from ..core.palette import RULER_RGB
from .mrml import Scene, VolumeNode
from .views import nodes_of
from .volumes import ras_of

LINE = "vtkMRMLMarkupsLineNode"
ROLE = "ProstateAlignRefine.Ruler"
LONGEST, ACROSS = "longest", "across"
GLYPH_PERCENT, TEXT_PERCENT = 0.8, 2.5


class Ruler:
    """Two lines of our own, made when first shown and not saved with the scene: they follow from the lesion."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def show(self, lesion: Lesion, t2w: VolumeNode, visible: bool = True) -> None:
        """Under the T2W's transform, as the lesions are."""
        for role, caliper in ((LONGEST, lesion.diameters.longest), (ACROSS, lesion.diameters.across)):
            line = self._line(role)
            modified = line.StartModify()
            _place(line, caliper)
            said = f"{caliper.length_mm:.0f} mm" if role == LONGEST else ""
            for index, outermost in enumerate(_ends_up_right(caliper)):
                line.SetNthControlPointLabel(index, said if outermost else "")
            line.SetAndObserveTransformNodeID(t2w.GetTransformNodeID())
            line.GetDisplayNode().SetVisibility(visible)
            line.EndModify(modified)

    def hide(self) -> None:
        set_ruler_visible(self._scene, False)

    def _line(self, role: str) -> Any:
        for node in ruler_lines(self._scene):
            if node.GetAttribute(ROLE) == role:
                return node
        line = _add_line(self._scene, role)
        line.SetAttribute(ROLE, role)
        line.SetSaveWithScene(False)
        line.SetHideFromEditors(True)
        line.SetLocked(True)
        line.CreateDefaultDisplayNodes()
        display = line.GetDisplayNode()
        display.SetSaveWithScene(False)
        for set_colour in (display.SetColor, display.SetSelectedColor):
            set_colour(*(channel / 255 for channel in RULER_RGB))
        display.SetPointLabelsVisibility(True)
        display.SetPropertiesLabelVisibility(False)  # it would say the node's name, too
        display.SetGlyphScale(GLYPH_PERCENT)
        display.SetTextScale(TEXT_PERCENT)
        display.SetVisibility3D(False)
        return line


def set_ruler_visible(scene: Scene, visible: bool) -> None:
    """Of both diameters of the chosen lesion."""
    for line in ruler_lines(scene):
        line.GetDisplayNode().SetVisibility(visible)


def ruler_lines(scene: Scene) -> list[Any]:
    """Ours alone, not lines that the reader drew."""
    return [node for node in nodes_of(scene, LINE) if node.GetAttribute(ROLE)]


def _add_line(scene: Scene, role: str) -> Any:
    """Points that the reader places go on where they went: Slicer's markups logic takes any markups node that is added
    for the one to place them into."""
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    if selection is None:
        return scene.AddNewNodeByClass(LINE, role)
    kind, node_id = selection.GetActivePlaceNodeClassName(), selection.GetActivePlaceNodeID()
    line = scene.AddNewNodeByClass(LINE, role)
    selection.SetReferenceActivePlaceNodeClassName(kind)
    selection.SetReferenceActivePlaceNodeID(node_id)
    return line


def _ends_up_right(caliper: Caliper) -> tuple[bool, bool]:
    """Which end lies further to the upper right of an axial view, where Slicer writes beside a point: there the outline
    does not cross the length, which turns an 8 into a 3."""
    (x, y, _z), (x_end, y_end, _z_end) = caliper.start, caliper.end
    start = x - y > x_end - y_end
    return start, not start


def _place(line: Any, caliper: Caliper) -> None:
    line.RemoveAllControlPoints()
    for end in (caliper.start, caliper.end):
        line.AddControlPoint(ras_of(end))
