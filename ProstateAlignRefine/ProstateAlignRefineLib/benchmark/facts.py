"""What a bundle is and what it costs to run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ..bundle.network_grid import network_grid
from ..bundle.summary import ModelFacts
from ..core.errors import InputError
from ..core.geometry import Grid
from ..core.storage.scratch import scratch_folder
from ..inference.device import choose_compute
from ..inference.predictor import plan_forwards
from ..network.bundle import Bundle


def bundle_facts(bundle: Bundle) -> dict[str, Any]:
    """The weights' hash stays the same when what was measured is written into the bundle's card."""
    files = [file for file in bundle.path.rglob("*") if file.is_file()]
    return {
        "name": bundle.config.name,
        "weights_sha256": ModelFacts.of(bundle.config).weights_digest,
        "parameters": sum(
            parameter.numel() for network in (bundle.network, *bundle.members) for parameter in network.parameters()
        ),
        "megabytes": sum(file.stat().st_size for file in files) / 1e6,
        "normalization": bundle.config.preprocessing.normalization,
        "tau": bundle.config.tau,
        "alpha": bundle.config.alpha,
        "minimum_lesion_ml": bundle.config.minimum_lesion_ml,
    }


def run_facts(bundle: Bundle, images: Path, t2w: Grid) -> dict[str, Any]:
    """Forwards on this study, and seconds from the start of `segment` in a fresh process to its end."""
    compute = choose_compute()
    shape = network_grid(t2w, bundle.config.preprocessing).shape
    return {
        "forwards": plan_forwards(bundle, shape, compute).forwards,
        "seconds": cold_start_seconds(bundle.path, images),
        "device": compute.description,
        "cores": usable_cores(),
    }


def cold_start_seconds(bundle: Path, images: Path) -> float:
    """From the start of `segment` in a fresh process to its end, packages imported and model read."""
    with scratch_folder() as folder:
        options = ["segment", str(images), "-o", str(folder / "out"), "--model", str(bundle)]
        package = __name__.split(".", maxsplit=1)[0]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", f"{package}.cli", *options], capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise InputError(
            f"`segment` failed on the real study: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}"
        )
    return seconds


def usable_cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
