"""Which of a bundle's files hold its networks for an engine without torch: ONNX graphs, whose weights are those of the
safetensors files beside them."""

from __future__ import annotations

from collections.abc import Collection

SUFFIX = ".onnx"
NETWORK = f"network{SUFFIX}"
REFINER = f"refiner{SUFFIX}"
PROMPT = f"prompt{SUFFIX}"
PROMPTED = f"prompted{SUFFIX}"
BOUNDARY = f"boundary{SUFFIX}"
ENGINE_FILES = (NETWORK, REFINER, PROMPT, PROMPTED, BOUNDARY)

PROMPTED_SETTINGS, BOUNDARY_SETTINGS = "prompted.json", "boundary.json"


def needed_engine_files(files: Collection[str]) -> tuple[str, ...]:
    """Of a bundle that lists `files`. The network's own refiner is not used where the bundle has a boundary refiner."""
    head = (PROMPT, PROMPTED) if PROMPTED_SETTINGS in files else ()
    return (NETWORK, *head, BOUNDARY if BOUNDARY_SETTINGS in files else REFINER)


def has_engine_files(files: Collection[str], members: Collection[str] = ()) -> bool:
    """`members`: of an ensemble, the folders of its further networks."""
    needed = needed_engine_files(files)
    return {*needed, *(f"{member}/{name}" for member in members for name in needed)} <= set(files)
