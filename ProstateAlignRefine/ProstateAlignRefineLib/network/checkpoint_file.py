"""Reading an nnU-Net checkpoint without running any code that it might hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.plain_data import named
from .weight_names import repeated_name

DEFAULT_CONFIGURATION = "3d_fullres"


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """The checkpoint's dictionary; InputError where it is no checkpoint or holds more than tensors and plain values."""
    if not path.is_file():
        raise InputError(f"The checkpoint '{path.name}' does not exist; name an nnU-Net checkpoint file.")
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            contents = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail anywhere in the parser
        raise InputError(
            f"'{path.name}' cannot be read as a checkpoint of tensors and plain values; give the file nnU-Net saved."
        ) from error
    if not isinstance(contents, Mapping) or not isinstance(contents.get("network_weights"), Mapping):
        raise InputError(f"'{path.name}' is not an nnU-Net v2 checkpoint: it has no 'network_weights'.")
    return contents


def configuration_name(contents: Mapping[str, Any]) -> str:
    """The nnU-Net configuration that the checkpoint was trained in."""
    arguments = contents.get("init_args")
    name = arguments.get("configuration") if isinstance(arguments, Mapping) else None
    return name if isinstance(name, str) else DEFAULT_CONFIGURATION


def distinct_weights(contents: Mapping[str, Any], stages: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights by the authors' names, and the names left out because they repeat another: {duplicate: original}.

    InputError where a value is no tensor, or a supposed duplicate repeats nothing or differs from its original.
    """
    everything = contents["network_weights"]
    odd = [str(name) for name, value in everything.items() if not (isinstance(name, str) and _is_weight(value))]
    if odd:
        raise InputError(f"The checkpoint's weights hold something that is not a tensor of numbers: {named(odd)}.")
    originals = {name: repeated_name(name, stages) for name in everything}
    duplicates = {name: original for name, original in originals.items() if original is not None}
    alone = [name for name, original in duplicates.items() if original not in everything]
    if alone:
        raise InputError(f"The checkpoint has weights that no part of the network uses: {named(alone)}.")
    different = [name for name, original in duplicates.items() if not _same(everything[name], everything[original])]
    if different:
        raise InputError(f"Weights that should repeat others differ from them: {named(different)}.")
    return {name: everything[name] for name, original in originals.items() if original is None}, duplicates


def _is_weight(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.layout is torch.strided


def _same(first: Tensor, second: Tensor) -> bool:
    return first.dtype == second.dtype and torch.equal(first, second)


def _numpy_scalars() -> list[Any]:
    """nnU-Net logs losses as numpy scalars, plain numbers that torch does not know as safe by itself."""
    scalar = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64, np.bool_)}
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    return [*((scalar, name) for name in names), np.dtype, *kinds]
