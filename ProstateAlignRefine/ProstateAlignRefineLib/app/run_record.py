"""How a result came about, kept with the scene, so that a report can be written after it is opened again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from ..bundle.summary import ModelFacts
from ..core.cautions import Caution
from ..core.errors import InputError
from ..core.plain_data import parse_json
from ..core.protocol import Finished
from ..core.psa import read_psa
from ..core.study import Modality
from ..results.report import Run, run_from
from ..scene.volumes import Node

PARAMETER = "run"


def record_of(
    facts: ModelFacts,
    prompt: str,
    event: Finished,
    reasons: Mapping[Modality, str],
    *,
    psa: float | None = None,
    known: Sequence[Caution] = (),
) -> Run:
    """Of a run that has just finished, its gate at the model's own values. `psa`: of the patient, where it is known.

    `known`: cautions that the worker, which sees no DICOM, cannot tell.
    """
    return Run(
        model=facts,
        tau=facts.tau,
        alpha=facts.alpha,
        prompt=prompt,
        device=event.device,
        precision=event.precision,
        sources={modality.value: reason for modality, reason in reasons.items() if reason},
        versions=event.versions,
        seconds=event.seconds,
        psa=psa,
        cautions=(*known, *event.cautions),
    )


def keep_run(state_node: Node, run: Run) -> None:
    state_node.SetParameter(PARAMETER, json.dumps(asdict(run)))


def note_psa(state_node: Node, run: Run, text: str) -> Run:
    """The run with the PSA that `text` gives, kept; InputError where it gives none."""
    noted = replace(run, psa=read_psa(text))
    keep_run(state_node, noted)
    return noted


def kept_run(state_node: Node) -> Run | None:
    """None where the scene holds none, or one of another version."""
    try:
        return run_from(parse_json(state_node.GetParameter(PARAMETER) or "null", "the scene", "segment again"))
    except InputError:
        return None
