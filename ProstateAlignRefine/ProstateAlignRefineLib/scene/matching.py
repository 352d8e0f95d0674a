"""Which loaded volume is T2W, ADC and HBV: scored rules over name, DICOM attributes, geometry and intensities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ..core.errors import InputError
from ..core.study import Modality
from .evidence import RULES, Attributes, Evidence, Rule, evidence_of
from .maps import MAP_ATTRIBUTE
from .views import nodes_of
from .volumes import Node

ENOUGH = 3.5  # points below which nothing is proposed
SAME_GRID = 1.0  # points for an ADC and an HBV volume that share a grid: they come from one acquisition
MOST_TRIED = 5

NO_ATTRIBUTES: Mapping[str, Attributes] = {}
FOUND = "'{name}': {words}."
MISSING = "No loaded volume looks like {label}; choose it here."


@dataclass(frozen=True)
class Match:
    """The volume proposed for a modality, or None, and a sentence that says why."""

    node: Node | None
    reason: str


@dataclass(frozen=True)
class _Scored:
    node: Node | None
    evidence: Evidence | None
    points: float
    words: tuple[str, ...]


_NOTHING = _Scored(None, None, 0.0, ())


def volumes_in(scene: Node) -> list[Node]:
    """The scalar volumes a study can be made of: with voxels, not hidden, not a map of ours, no label maps."""
    return [
        volume
        for volume in nodes_of(scene, "vtkMRMLScalarVolumeNode")
        if volume.GetImageData() is not None
        and volume.GetImageData().GetNumberOfPoints() > 0
        and not volume.GetHideFromEditors()
        and not volume.GetAttribute(MAP_ATTRIBUTE)
        and not volume.IsA("vtkMRMLLabelMapVolumeNode")
    ]


def match_volumes(
    volumes: Sequence[Node], attributes: Mapping[str, Attributes] = NO_ATTRIBUTES
) -> dict[Modality, Match]:
    """The best T2W, ADC and HBV, no volume twice. A proposal: the caller lets the user choose otherwise.

    `attributes`, by node id: DICOM keywords and their text (SeriesDescription, ImageType with backslashes,
    DiffusionBValue, EchoTime), where the volumes came from DICOM.
    """
    seen = list(_evidence(volumes, attributes))
    tried = [_best(modality, seen) for modality in Modality]
    chosen = max((t for t in product(*tried) if _distinct(t)), key=_worth)
    return {m: _match(m, scored, chosen) for m, scored in zip(Modality, chosen, strict=True)}


def _evidence(volumes: Sequence[Node], attributes: Mapping[str, Attributes]) -> Iterator[tuple[Node, Evidence]]:
    for volume in volumes:
        try:
            yield volume, evidence_of(volume, attributes.get(volume.GetID(), {}))
        except InputError:
            continue  # sheared: nothing downstream could use it


def _best(modality: Modality, seen: Sequence[tuple[Node, Evidence]]) -> list[_Scored]:
    scored = [_score(modality, node, evidence) for node, evidence in seen]
    good = sorted((s for s in scored if s.points >= ENOUGH), key=lambda s: -s.points)
    return [*good[:MOST_TRIED], _NOTHING]


def _score(modality: Modality, node: Node, evidence: Evidence) -> _Scored:
    held: list[Rule] = [rule for rule in RULES if rule.modality is modality and rule.holds(evidence)]
    words = tuple(rule.words for rule in held if rule.points > 0)
    return _Scored(node, evidence, sum(rule.points for rule in held), words)


def _distinct(chosen: Sequence[_Scored]) -> bool:
    ids = [scored.node.GetID() for scored in chosen if scored.node is not None]
    return len(ids) == len(set(ids))


def _worth(chosen: Sequence[_Scored]) -> float:
    return sum(scored.points for scored in chosen) + SAME_GRID * _share_grid(chosen[1], chosen[2])


def _share_grid(one: _Scored, other: _Scored) -> bool:
    return one.evidence is not None and other.evidence is not None and one.evidence.axial.matches(other.evidence.axial)


def _match(modality: Modality, scored: _Scored, chosen: Sequence[_Scored]) -> Match:
    if scored.node is None:
        return Match(None, MISSING.format(label=modality.value.upper()))
    words = list(scored.words)
    if modality is Modality.HBV and _share_grid(chosen[1], chosen[2]):
        words.append("on the ADC map's grid")
    return Match(scored.node, FOUND.format(name=scored.node.GetName(), words=", ".join(words)))
