"""How a result came about, kept with the scene, so that a report can be written after it is opened again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from ..core.protocol import Finished
from ..core.report import ModelFacts, Run, run_from
from ..core.study import Modality
from ..scene.volumes import Node

PARAMETER = "run"


def record_of(facts: ModelFacts, prompt: str, event: Finished, reasons: Mapping[Modality, str]) -> Run:
    """Of a run that has just finished, its gate at the model's own values."""
    sources = {modality.value: reason for modality, reason in reasons.items() if reason}
    return Run(
        facts, facts.tau, facts.alpha, prompt, event.device, event.precision, sources, event.versions, event.seconds
    )


def keep_run(state_node: Node, run: Run) -> None:
    state_node.SetParameter(PARAMETER, json.dumps(asdict(run)))


def kept_run(state_node: Node) -> Run | None:
    """None where the scene holds none, or one of another version."""
    try:
        return run_from(json.loads(state_node.GetParameter(PARAMETER) or "null"))
    except (ValueError, KeyError, TypeError):
        return None
