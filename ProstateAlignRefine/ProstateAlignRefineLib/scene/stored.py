"""The nodes of a result: how the state refers to them, and how they are found again in an opened scene."""

from __future__ import annotations

from datetime import datetime

from ..core.maps import MAP_NAMES, ZONES_NAME
from .display import ResultNodes
from .maps import MapNodes
from .mrml import SegmentationNode
from .state import PanelState
from .volumes import Inputs, has_one_grid

MADE = "ProstateAlignRefine.Made"


def note_time(nodes: ResultNodes) -> None:
    """That the result was made now."""
    nodes.lesions.SetAttribute(MADE, datetime.now().astimezone().isoformat(timespec="milliseconds"))


def made_at(lesions: SegmentationNode) -> datetime | None:
    """When the result of these lesions was made; None where they do not say."""
    try:
        return datetime.fromisoformat(lesions.GetAttribute(MADE) or "")
    except ValueError:
        return None


def refer_to(state: PanelState, inputs: Inputs, nodes: ResultNodes) -> None:
    """For `nodes_of_result`; what is chosen for the next run stays chosen."""
    state.result_t2w, state.result_adc, state.result_hbv = inputs
    state.lesions, state.review = nodes.lesions, nodes.review
    for name in (*MAP_NAMES, ZONES_NAME):
        setattr(state, name, getattr(nodes.maps, name))
    state.gland = nodes.gland if nodes.has_gland else None


def refer_to_none(state: PanelState) -> None:
    """No result is in use."""
    for name in ("result_t2w", "result_adc", "result_hbv", "lesions", "review", *MAP_NAMES, ZONES_NAME, "gland"):
        setattr(state, name, None)


def nodes_of_result(state: PanelState) -> tuple[Inputs, ResultNodes] | None:
    """None where one is missing, or where T2W and maps do not lie on one grid."""
    t2w, adc, hbv = state.result_t2w, state.result_adc, state.result_hbv
    maps, lesions, review = _maps(state), state.lesions, state.review
    if t2w is None or adc is None or hbv is None or maps is None or lesions is None or review is None:
        return None
    if not has_one_grid((t2w, *maps)):
        return None
    return Inputs(t2w, adc, hbv), ResultNodes(maps, lesions, review, state.gland)


def _maps(state: PanelState) -> MapNodes | None:
    base, refined = state.base_margin, state.refined_margin
    confidence, similarity = state.confidence, state.similarity
    if base is None or refined is None or confidence is None or similarity is None:
        return None
    return MapNodes(base, refined, confidence, similarity, state.zones)
