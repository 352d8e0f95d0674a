"""A graph as a session of ONNX Runtime on the CPU: the same threads and the same silence for all graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.threads import threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def cpu_session(graph: str | bytes) -> InferenceSession:
    """Of a graph's path, beside which its weights may lie, or of its content. ImportError without ONNX Runtime, whose
    other errors have no base of their own."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it logs of an error can hold values
    options.intra_op_num_threads = threads()
    # Threads that spin while they wait take the cores from other programs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
