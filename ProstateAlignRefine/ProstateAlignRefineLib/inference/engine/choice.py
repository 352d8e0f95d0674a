"""Which engine computes: torch on a GPU where both are there, else the CPU without torch, else torch on the CPU."""

from __future__ import annotations

from dataclasses import replace
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
    config = None if bundle is None else read_settled_config(bundle)
    exported = config is None or has_engine_files(config.files, config.members)
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


def engines_of(bundle: Loaded, compute: Compute) -> tuple[Engine, ...]:
    """One for each network of an ensemble; of any other bundle its only one."""
    if isinstance(bundle, ExportedBundle):
        graphs = bundle.sessions, *bundle.members
        return tuple(engine_of(replace(bundle, sessions=each, members=()), compute) for each in graphs)
    networks = bundle.network, *bundle.members
    return tuple(engine_of(replace(bundle, network=each, members=()), compute) for each in networks)


def _require_torch(asked: str) -> None:
    if not is_there("torch"):
        raise InputError(f"{asked} needs torch; run {INSTALL}, or leave it out to compute on the CPU without torch.")
