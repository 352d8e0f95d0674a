"""Where the gland network comes from: TAPS of the LaViolette lab, trained on patients, MIT licence.

Package `lavlab-taps` 1.1.2 of PyPI. Neither its code nor what it requires is used: its wheel is read as a file.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from .errors import InputError

GLAND_NETWORK = "TAPS (lavlab-taps 1.1.2)"
REQUIREMENT = "lavlab-taps==1.1.2"
LICENCE = "MIT"
MEGABYTES = 74
SHA256 = "e938361febacadbfd70995bee23c4a56219de6cb302eff3b24f34ff4b9bd790a"
ONNX = "taps/resources/model_v1.onnx"
ADVICE = f"run 'pip download --no-deps {REQUIREMENT}'"


def read_gland_network(wheel: Path) -> bytes:
    """The ONNX graph in the wheel; InputError where the file is not that very wheel."""
    if not wheel.is_file():
        raise InputError(f"The wheel of the gland network does not exist; {ADVICE}.")
    if not is_gland_wheel(wheel):
        raise InputError(
            "The wheel of the gland network is another than lavlab-taps 1.1.2 or damaged (its SHA-256 differs); "
            f"{ADVICE} again."
        )
    with zipfile.ZipFile(wheel) as files:
        return files.read(ONNX)


def is_gland_wheel(path: Path) -> bool:
    """Whether a file is that very wheel."""
    return hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
