"""How a result came about, kept with the scene, so that a report can be written after it is opened again."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from ..core.report import ModelFacts, Run
from ..scene.volumes import Node

PARAMETER = "run"


def keep_run(state_node: Node, run: Run) -> None:
    state_node.SetParameter(PARAMETER, json.dumps(asdict(run)))


def kept_run(state_node: Node) -> Run | None:
    """None where the scene holds none, or one of another version."""
    try:
        content = json.loads(state_node.GetParameter(PARAMETER) or "null")
        values = {field.name: content[field.name] for field in fields(Run) if field.init}
        return Run(**{**values, "model": ModelFacts(**values["model"])})
    except (ValueError, KeyError, TypeError):
        return None
