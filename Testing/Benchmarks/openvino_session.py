"""A bundle's graphs in OpenVINO, for the benchmark alone: they answer as ONNX Runtime's sessions do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openvino

from ProstateAlignRefineLib.core.geometry import Array
from ProstateAlignRefineLib.core.threads import threads
from ProstateAlignRefineLib.inference.engine.exported import ExportedBundle, load_exported


class OpenVinoSession:
    """What `OnnxEngine` asks of a session. Computed in float32: by itself OpenVINO takes bf16 where a CPU has it."""

    def __init__(self, graph: Path) -> None:
        settings = {"INFERENCE_NUM_THREADS": threads(), "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self.model: Any = openvino.Core().compile_model(str(graph), "CPU", settings)

    def get_inputs(self) -> list[Any]:
        return [_Named(name) for port in self.model.inputs for name in port.names]

    def get_outputs(self) -> list[Any]:
        return [_Named(name) for port in self.model.outputs for name in port.names]  # one may have several

    def run(self, names: Sequence[str], given: Mapping[str, Array]) -> list[Array]:
        found = self.model(dict(given))
        return [found[name] for name in names]


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


def load_with_openvino(path: Path) -> ExportedBundle:
    """The bundle as ONNX Runtime would compute it, its graphs in OpenVINO."""
    bundle = load_exported(path)
    sessions: Any = {name: OpenVinoSession(path / name) for name in bundle.sessions}
    return replace(bundle, sessions=sessions)
