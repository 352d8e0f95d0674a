"""The reading layout: T2W, ADC, HBV and heatmap, linked, in the T2W plane, on the prostate, on demand beside a 3D view;
and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..core.study import Modality
from ..results.view import VIEW_MM
from ..results.windows import Window
from .heatmap import LEGEND_TITLE, Heatmap, show_heatmap
from .mrml import CrosshairNode, LayoutNode, Scene, VolumeNode
from .planes import (
    PLANE_COLOURS,
    PLANE_FIELD_MM,
    PLANE_LABELS,
    PLANE_TAGS,
    WIDE_LAYOUT_ID,
    show_planes,
    show_reference_lines,
    wide_description,
)
from .titles import Titles
from .views import (
    RAS,
    centre_of,
    composite_node,
    look_at,
    nodes_of,
    on_slice,
    set_field,
    show_orientation_and_scale,
    show_volume,
    slice_node,
    turn_to_plane,
)
from .volumes import Inputs, grid_of, ras_of
from .windows import set_window, window_for, window_of

LAYOUT_ID, LAYOUT_3D_ID = 7281, 7283  # beyond Slicer's own, which end at 100
OWN_LAYOUTS = (LAYOUT_ID, WIDE_LAYOUT_ID, LAYOUT_3D_ID)
TAG_3D = "Reading3D"
VIEW_GROUP = 7281  # linked among themselves: the user's other slice views stay where they are
FIELD_MM = VIEW_MM
HEATMAP_TAG = "ReadingHeatmap"
USERS_OWN = "ProstateAlignRefine.UsersLayout"
STANDARD = "standard"
FOUR_UP = 3  # vtkMRMLLayoutNode's, where nothing tells the user's own
TAGS = {Modality.T2W: "ReadingT2W", Modality.ADC: "ReadingADC", Modality.HBV: "ReadingHBV"}
# Before anything is shown; `Titles` keeps them true from then on.
LABELS = {**{tag: modality.value.upper() for modality, tag in TAGS.items()}, HEATMAP_TAG: LEGEND_TITLE}
NO_PLANES: Mapping[str, VolumeNode] = {}
COLOURS = dict(zip(LABELS, ("#d0d0d0", "#6fa8dc", "#93c47d", "#e69138"), strict=True))


@dataclass(frozen=True)
class _Before:
    """What the user had: layout, crosshair, and by node id the window of each volume."""

    arrangement: int
    crosshair: int | None
    windows: dict[str, Window | None] = field(default_factory=dict)


class ReadingLayout:
    """Switches to the four reading views and back.

    The views are the layout's own, so the user's slice views keep what they show and where they stand. Make a new one
    for a new scene.
    """

    def __init__(self, scene: Scene, layout_node: LayoutNode) -> None:
        self._scene, self._layout = scene, layout_node
        is_open = layout_node.GetViewArrangement() in OWN_LAYOUTS  # in an opened scene, which was saved in this layout
        self._before = _Before(_users_own(layout_node), None) if is_open else None
        self._titles = Titles(scene, (*LABELS, *PLANE_LABELS))
        self._flat = LAYOUT_ID  # of the layouts without a 3D view, the one that suits the study
        self._looks_at = ""  # ID of the T2W that the views stand on
        self._windows: dict[str, Window] = {}  # by node ID, what the reader saw last
        self.preset = STANDARD  # of `results.windows.PRESETS`, for every volume that is shown from now on

    @property
    def is_on(self) -> bool:
        return self._before is not None and self._layout.GetViewArrangement() in OWN_LAYOUTS

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """`told` of every change of the layout, also by Slicer's own menu; what this gives ends it."""
        node = self._layout  # which outlives the scene, and this
        observer = node.AddObserver("ModifiedEvent", lambda _node, _event: told())
        return lambda: node.RemoveObserver(observer)

    def enter(self, inputs: Inputs, focus: RAS | None = None, planes: Mapping[str, VolumeNode] = NO_PLANES) -> None:
        """Show the study. `focus`: RAS of what to centre on; where None the views stay where they stand on this T2W,
        and begin in its middle. `planes`: the sagittal and coronal T2W, for which there are two more views."""
        if not self.is_on:
            self._before = self._remember()
            self._layout.SetAttribute(USERS_OWN, str(self._before.arrangement))
            register_layout(self._layout)
        self._flat = WIDE_LAYOUT_ID if planes else LAYOUT_ID
        self._layout.SetViewArrangement(self._flat)
        self._open_windows(inputs)
        self._show(inputs)
        self._titles.names.update({node.GetID(): m.value.upper() for m, node in zip(TAGS, inputs, strict=True)})
        self._titles.names.update({node.GetID(): f"T2W {plane}" for plane, node in planes.items()})
        self._titles.follow()
        point = self._look(inputs.t2w, focus)
        show_planes(self._scene, planes, point, VIEW_GROUP)
        show_reference_lines(self._scene, (*LABELS, *PLANE_LABELS), bool(planes))

    def fit(self) -> None:
        """The prostate region again fills the views, about their centres: after the views got another size."""
        for tag in LABELS:
            view = slice_node(self._scene, tag)
            if view is not None:
                set_field(view, FIELD_MM)
        for tag in PLANE_LABELS:
            view = slice_node(self._scene, tag)
            if view is not None:
                set_field(view, PLANE_FIELD_MM)

    def show_3d(self, shown: bool) -> bool:
        """With the 3D view or without it, while the layout is on; whether that changed what is seen."""
        wanted = LAYOUT_3D_ID if shown else self._flat
        if not self.is_on or self._layout.GetViewArrangement() == wanted:
            return False
        register_layout(self._layout)
        self._layout.SetViewArrangement(wanted)
        return True

    def use_windows(self, inputs: Inputs, preset: str) -> None:
        """One of `results.windows.PRESETS` for all three volumes, and for those shown later."""
        self.preset, self._windows = preset, {}
        for modality, volume in zip(TAGS, inputs, strict=True):
            set_window(volume, window_for(volume, modality, preset))

    def leave(self) -> None:
        """The user's layout, windows and crosshair; a layout chosen meanwhile stays."""
        self._titles.stop()
        before, self._before = self._before, None
        if before is None:
            return
        if self._layout.GetViewArrangement() in OWN_LAYOUTS:
            self._layout.SetViewArrangement(before.arrangement)
        for volume_id, window in before.windows.items():
            volume = self._scene.GetNodeByID(volume_id)
            if volume is not None and window is not None:
                self._windows[volume_id] = window_of(volume) or window
                set_window(volume, window)
        crosshair = self._crosshair
        if crosshair is not None and before.crosshair is not None:
            crosshair.SetCrosshairMode(before.crosshair)

    def heatmap(self, similarity: VolumeNode, heatmap: Heatmap) -> None:
        """Set the heatmap of the fourth view."""
        self._titles.names[similarity.GetID()] = LEGEND_TITLE
        show_heatmap(self._scene, HEATMAP_TAG, similarity, heatmap)

    def jump(self, t2w: VolumeNode, lps: tuple[float, float, float]) -> None:
        """Centre the reading views (the user's own where the layout is off) and the crosshair on a point of the T2W
        volume, mm."""
        point = on_slice(grid_of(t2w), ras_of(lps))
        for view in nodes_of(self._scene, "vtkMRMLSliceNode"):
            if (view.GetLayoutName() in (*LABELS, *PLANE_LABELS)) == self.is_on:
                look_at(view, point)
        crosshair = self._crosshair
        if crosshair is not None:
            crosshair.SetCrosshairMode(crosshair.ShowSmallBasic)
            crosshair.SetCrosshairRAS(*point)

    def _remember(self) -> _Before:
        arrangement, crosshair = self._layout.GetViewArrangement(), self._crosshair
        if self._before is not None:  # a layout chosen meanwhile; windows and crosshair are still those of reading
            return replace(self._before, arrangement=arrangement)
        return _Before(arrangement, crosshair.GetCrosshairMode() if crosshair is not None else None)

    def _open_windows(self, inputs: Inputs) -> None:
        """The standard window, once a volume: what the user sets afterwards stays, also until the next visit."""
        windows = self._before.windows if self._before else {}
        for modality, volume in zip(TAGS, inputs, strict=True):
            if volume.GetID() not in windows:
                windows[volume.GetID()] = window_of(volume)
                set_window(volume, self._windows.get(volume.GetID()) or window_for(volume, modality, self.preset))

    def _show(self, inputs: Inputs) -> None:
        shown = {**dict(zip(TAGS.values(), inputs, strict=True)), HEATMAP_TAG: inputs.t2w}
        for tag, volume in shown.items():
            composite = composite_node(self._scene, tag)
            if composite is not None:
                show_volume(composite, volume)

    def _look(self, t2w: VolumeNode, focus: RAS | None) -> RAS:
        """The point that the views are centred on."""
        grid = grid_of(t2w)
        x, y, z = grid.centre
        point = on_slice(grid, focus or self._stands_at(t2w) or ras_of((float(x), float(y), float(z))))
        self._looks_at = t2w.GetID()
        for tag in LABELS:
            view = slice_node(self._scene, tag)
            if view is not None:
                show_orientation_and_scale(view)
                view.SetViewGroup(VIEW_GROUP)  # a view of an opened scene does not take it from the layout
                turn_to_plane(view, t2w, grid)
                set_field(view, FIELD_MM)
                look_at(view, point)
        return point

    def _stands_at(self, t2w: VolumeNode) -> RAS | None:
        view = slice_node(self._scene, TAGS[Modality.T2W])
        return None if view is None or self._looks_at != t2w.GetID() else centre_of(view)

    @property
    def _crosshair(self) -> CrosshairNode | None:
        return next(nodes_of(self._scene, "vtkMRMLCrosshairNode"), None)


def _users_own(layout_node: LayoutNode) -> int:
    """The layout that was left for this one."""
    kept = layout_node.GetAttribute(USERS_OWN) or ""
    return int(kept) if kept.isdecimal() and int(kept) not in OWN_LAYOUTS else FOUR_UP


def register_layout(layout_node: LayoutNode) -> None:
    """Make the layouts known: before a scene is opened that was saved in one, else its views stay black."""
    descriptions = {
        LAYOUT_ID: layout_description(),
        WIDE_LAYOUT_ID: wide_description(_item, LABELS),
        LAYOUT_3D_ID: layout_description(with_3d=True),
    }
    for layout, description in descriptions.items():
        if layout_node.IsLayoutDescription(layout):
            layout_node.SetLayoutDescription(layout, description)
        else:
            layout_node.AddLayoutDescription(layout, description)


def layout_description(with_3d: bool = False) -> str:
    """Two rows of two: on a wide screen beside the panel, the prostate then gets more pixels than in one row.

    `with_3d`: beside a 3D view.
    """
    t2w, adc, hbv, heatmap = (_item(tag) for tag in LABELS)
    rows = "".join(
        f'<item><layout type="horizontal">{left}{right}</layout></item>' for left, right in ((t2w, adc), (hbv, heatmap))
    )
    slices = f'<layout type="vertical" split="true">{rows}</layout>'
    if not with_3d:
        return slices
    view = f'<view class="vtkMRMLViewNode" singletontag="{TAG_3D}">{_property("viewlabel", "3D")}</view>'
    return f'<layout type="horizontal" split="true"><item>{slices}</item><item>{view}</item></layout>'


def _item(tag: str) -> str:
    label, colour = {**LABELS, **PLANE_LABELS}[tag], {**COLOURS, **PLANE_COLOURS}[tag]
    plane = next((plane for plane, of_plane in PLANE_TAGS.items() if of_plane == tag), "axial")
    properties = {"orientation": plane.title(), "viewlabel": label, "viewcolor": colour, "viewgroup": VIEW_GROUP}
    filled = "".join(_property(name, text) for name, text in properties.items())
    return f'<item><view class="vtkMRMLSliceNode" singletontag="{tag}">{filled}</view></item>'


def _property(name: str, value: object) -> str:
    return f'<property name="{name}" action="default">{value}</property>'
