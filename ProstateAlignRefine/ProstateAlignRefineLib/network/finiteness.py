"""Weights that are numbers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..core.errors import InputError


def check_finite(weights: Mapping[str, object], what: str) -> None:
    """InputError where a tensor of `what` (a file's name) holds NaN or infinity."""
    if not all(_is_finite(weight) for weight in weights.values() if isinstance(weight, Tensor)):
        raise InputError(f"{what} holds weights that are not numbers (NaN or infinite); get the model again.")


def _is_finite(weight: Tensor) -> bool:
    if not weight.is_floating_point() or not weight.numel():
        return True
    smallest, largest = torch.aminmax(weight.detach())  # NaN where there is one; no copy of the weights is made
    return bool(smallest.isfinite() and largest.isfinite())
