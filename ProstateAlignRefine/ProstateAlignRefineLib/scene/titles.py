"""What a view is called: by the volumes it shows, whoever put them there."""

from __future__ import annotations

from collections.abc import Iterable

from .mrml import CompositeNode, Scene
from .views import composite_node, slice_node

EMPTY = "empty"


class Titles:
    """Keeps the labels of the views called `tags` true to what their composite nodes hold.

    `names`: what a reader calls a volume, by node id; any other goes by its own name.
    """

    def __init__(self, scene: Scene, tags: Iterable[str]) -> None:
        self._scene, self._tags = scene, tuple(tags)
        self.names: dict[str, str] = {}
        self._followed: list[tuple[CompositeNode, int]] = []

    def follow(self) -> None:
        """From now on, and at once."""
        self.stop()
        for tag in self._tags:
            composite = composite_node(self._scene, tag)
            if composite is not None:
                self._followed.append((composite, composite.AddObserver("ModifiedEvent", self._changed)))
                self._write(composite)

    def stop(self) -> None:
        """Follows the views no longer; the titles stay."""
        for composite, observer in self._followed:
            composite.RemoveObserver(observer)
        self._followed = []

    def _changed(self, composite: CompositeNode, _event: str) -> None:
        self._write(composite)

    def _write(self, composite: CompositeNode) -> None:
        view, title = slice_node(self._scene, composite.GetLayoutName()), self._title(composite)
        if view is not None and view.GetLayoutLabel() != title:
            view.SetLayoutLabel(title)

    def _title(self, composite: CompositeNode) -> str:
        """What lies on top first."""
        over = composite.GetForegroundVolumeID() if composite.GetForegroundOpacity() > 0 else None
        shown = (composite.GetLabelVolumeID(), over, composite.GetBackgroundVolumeID())
        names = [name for node_id in shown if (name := self._name(node_id))]
        return " on ".join(names) or EMPTY

    def _name(self, node_id: str | None) -> str:
        volume = self._scene.GetNodeByID(node_id) if node_id else None
        return "" if volume is None else self.names.get(node_id or "", str(volume.GetName()))
