"""Which engine computes: torch on a GPU where both are there, else the CPU without torch, else torch on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from ...bundle.engine_files import has_engine_files
from ...bundle.opening import read_settled_config
from ...core.errors import InputError
from ..device import FAST_CPU, INSTALL, Compute, check_device, choose_compute, has_gpu, is_there, on_torch_cpu
from .exported import ExportedBundle, load_exported
from .protocol import Engine
from .with_onnx import OnnxEngine

if TYPE_CHECKING:
    from ...network.bundle import Bundle

Loaded: TypeAlias = Union[ExportedBundle, "Bundle"]


def compute_for(bundle: Path | None, device: str = "auto", precision: str = "auto") -> Compute:
    """`device`: auto | cpu | cuda | cuda:N | mps; `precision`: auto | fp32 | bf16, which torch alone has on a CPU.

    `bundle`: a folder; None: one that every engine can compute. InputError where the device or a package is missing.
    """
    check_device(device, precision)
    if device not in ("auto", "cpu") or (device == "auto" and has_gpu()) or precision == "bf16":
        _require_torch(f"--device {device}" if device not in ("auto", "cpu") else f"--precision {precision}")
        return choose_compute(device, precision)
    exported = bundle is None or has_engine_files(read_settled_config(bundle).files)
    if exported and is_there("onnxruntime"):
        return Compute(FAST_CPU, "fp32")
    if is_there("torch"):
        return choose_compute("cpu", precision)
    if exported:
        raise ImportError("no engine", name="onnxruntime")
    raise InputError(
        f"The model bundle holds no files for computing without torch; run {INSTALL}, or where torch is installed "
        "'prostate-align-refine export-engine' on the bundle."
    )


def load_for(bundle: Path, without_torch: bool) -> Loaded:
    """The model in the folder as the engine of `compute_for` reads it; errors are those of either loader."""
    if without_torch:
        return load_exported(bundle)
    from ...network.bundle import load_bundle

    return load_bundle(bundle)


def engine_of(bundle: Loaded, compute: Compute | None = None) -> Engine:
    """What computes a loaded bundle. `compute`: torch's; None: where prompts and outlines are computed, the CPU."""
    if isinstance(bundle, ExportedBundle):
        return OnnxEngine(bundle)
    from .with_torch import TorchEngine

    return TorchEngine.of(bundle, compute) if compute else TorchEngine(bundle, on_torch_cpu())


def _require_torch(asked: str) -> None:
    if not is_there("torch"):
        raise InputError(f"{asked} needs torch; run {INSTALL}, or leave it out to compute on the CPU without torch.")
