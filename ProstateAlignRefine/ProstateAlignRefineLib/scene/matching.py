"""Which loaded volume is T2W, ADC and HBV: the rules of `core.match` over what nodes and their DICOM files tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Grid
from ..core.match.evidence import Intensities, SeriesEvidence, SeriesHeader
from ..core.match.ranking import Ranked, fits, in_other_planes, rank, reason_of
from ..core.match.rules import Judgement, judge
from ..core.orientation import axial_order
from ..core.study import Modality
from .maps import MAP_ATTRIBUTE
from .views import nodes_of
from .volumes import Node, grid_of, image_of, voxels_of

NO_HEADERS: Mapping[str, SeriesHeader] = {}
MOST_COMPARED = 12  # trios whose voxels are compared: the user waits for it
MISSING = "No loaded volume looks like {label}; choose it here."


@dataclass(frozen=True)
class Match:
    """The volume proposed for a modality, or None, and a sentence that says why."""

    node: Node | None
    reason: str


@dataclass(frozen=True, eq=False)
class LoadedVolume:
    """A volume node, and what it was taken for."""

    node: Node
    grid: Grid
    evidence: SeriesEvidence
    judgement: Judgement

    @property
    def name(self) -> str:
        return f"'{self.node.GetName()}'"

    def image(self, is_adc: bool) -> sitk.Image | None:
        """Its voxels in axial order; None where a transform moves them."""
        try:
            return axial_order(self.grid).of_image(image_of(self.node))
        except InputError:
            return None


def volumes_in(scene: Node) -> list[Node]:
    """The scalar volumes a study can be made of: with voxels, not hidden, no colours, not a map of ours, no labels."""
    return [
        volume
        for volume in nodes_of(scene, "vtkMRMLScalarVolumeNode")
        if volume.GetImageData() is not None
        and volume.GetImageData().GetNumberOfPoints() > 0
        and volume.GetImageData().GetNumberOfScalarComponents() == 1
        and not volume.GetHideFromEditors()
        and not volume.GetAttribute(MAP_ATTRIBUTE)
        and not volume.IsA("vtkMRMLLabelMapVolumeNode")
    ]


def match_volumes(nodes: Sequence[Node], headers: Mapping[str, SeriesHeader] = NO_HEADERS) -> dict[Modality, Match]:
    """The best T2W, ADC and HBV, no volume twice. A proposal: the caller lets the user choose otherwise.

    `headers`: what DICOM says of the volumes that came from it, by node ID.
    """
    volumes = tuple(_loaded(nodes, headers))
    pools = {modality: [one for one in volumes if fits(one, modality)] for modality in Modality}
    ranked = rank(pools, volumes, MOST_COMPARED)
    return {modality: _match(modality, ranked, pools[modality]) for modality in Modality}


def match_planes(nodes: Sequence[Node], t2w: Node, headers: Mapping[str, SeriesHeader] = NO_HEADERS) -> dict[str, Node]:
    """Sagittal and coronal T2W beside a chosen T2W, by plane."""
    volumes = tuple(_loaded(nodes, headers))
    chosen = next((one for one in volumes if one.node is t2w), None)
    return {} if chosen is None else {plane: one.node for plane, one in in_other_planes(volumes, chosen).items()}


def _loaded(nodes: Sequence[Node], headers: Mapping[str, SeriesHeader]) -> Iterator[LoadedVolume]:
    for node in nodes:
        try:
            grid = grid_of(node)
        except InputError:
            continue  # sheared: nothing downstream could use it
        header = headers.get(node.GetID(), SeriesHeader())
        name = f"{node.GetName() or ''} {header.description}".strip()
        seen = SeriesEvidence.on_grid(name, header, grid, Intensities.of(voxels_of(node)))
        yield LoadedVolume(node, grid, seen, judge(seen))


def _match(modality: Modality, ranked: Ranked[LoadedVolume], pool: Sequence[LoadedVolume]) -> Match:
    best = ranked.best[0]
    if modality not in best.volumes:
        return Match(None, MISSING.format(label=modality.value.upper()))
    chosen = best.volumes[modality]
    equals = [one for one in pool if one is not chosen and any(one is trio.volumes[modality] for trio in ranked.best)]
    reason = reason_of(best, modality, [one for one in pool if one not in equals])
    decided = len({id(trio.volumes[modality]) for trio in ranked.rivals}) > 1 and ranked.words
    why = f" ({'; '.join(ranked.words)})" if decided else ""
    beside = f"; as good: {', '.join(one.name for one in equals)}" if equals else ""
    return Match(chosen.node, f"{reason.removesuffix('.')}{why}{beside}.")
