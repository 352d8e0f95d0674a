"""The presets in a table: what each is, and what it asks of a computer."""

from __future__ import annotations

from .config import PhantomData, read_training_config
from .configuration_file import preset_names
from .cost import GPU_OPERATIONS, cost_of

NOTE = (
    "Parameters are counted. GPU memory and hours are estimated, not measured, from the networks' shapes: in bf16, "
    f"without validation, on a GPU that does {GPU_OPERATIONS / 1e12:.0f} TFLOP/s in training (about an A100). "
    "`train --config NAME --dry-run` measures both on your computer."
)


def listing() -> str:
    """One row a preset, and what the figures are."""
    heads = ("preset", "network", "data", "parameters", "patch (z, y, x)", "steps", "GPU memory", "GPU hours")
    rows = [heads, *(_row(name) for name in preset_names())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*table, "", NOTE])


def _row(name: str) -> tuple[str, ...]:
    config = read_training_config(name)
    cost = cost_of(config)
    patch = " x ".join(map(str, config.schedule.patch_size))
    data = "synthetic" if isinstance(config.data, PhantomData) else "a data set"
    hours = f"{cost.gpu_hours:.0f} (est.)" if cost.gpu_hours >= 1 else "below 1 (est.)"
    memory = f"{cost.gpu_bytes / 2**30:.0f} GiB (est.)"
    return name, config.network, data, f"{cost.parameters / 1e6:.1f} M", patch, str(cost.steps), memory, hours
