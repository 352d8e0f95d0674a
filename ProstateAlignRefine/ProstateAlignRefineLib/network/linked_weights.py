"""An ONNX graph whose weights are those of a safetensors file beside it: they are stored once, and cannot differ."""

from __future__ import annotations

import json
import struct
from pathlib import Path


def linked(graph: bytes, weights: Path) -> bytes:
    """`graph` with every constant that `weights` holds replaced by its place there (ONNX external data)."""
    import onnx

    model = onnx.load_model_from_string(graph)
    content = weights.read_bytes()
    places = {content[start:end]: start for start, end in _places(content)}
    for tensor in model.graph.initializer:
        values = tensor.raw_data
        if tensor.data_type != onnx.TensorProto.FLOAT or not tensor.dims or values not in places:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        where = {"location": weights.name, "offset": places[values], "length": len(values)}
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
    serialized: bytes = model.SerializeToString()
    return serialized


def _places(content: bytes) -> list[tuple[int, int]]:
    """First byte and the one after the last of every tensor: 8 bytes of length and a JSON header come first."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    spans = [entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"]
    return [(8 + length + first, 8 + length + last) for first, last in spans]
