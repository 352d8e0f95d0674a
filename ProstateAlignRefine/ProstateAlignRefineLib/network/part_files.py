"""A part of a bundle beside the network: its settings as JSON, its weights as safetensors, both or neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import nn

from ..core import schema
from ..core.errors import InputError
from .finiteness import check_finite

Part = TypeVar("Part", bound=nn.Module)
Settings = TypeVar("Settings")


def save_part(part: nn.Module, settings: object, folder: Path, stem: str) -> None:
    """`stem`.json and `stem`.safetensors."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in part.state_dict().items()}
    (folder / f"{stem}.safetensors").write_bytes(serialize(weights))
    text = json.dumps(schema.to_dict(settings), indent=1)
    (folder / f"{stem}.json").write_text(text + "\n", encoding="utf-8")


def load_part(
    folder: Path,
    listed: Collection[str],
    stem: str,
    *,
    settings: type[Settings],
    make: Callable[[Settings], Part],
    name: str,
) -> Part | None:
    """In eval mode; None where the bundle lists none. `listed`: the bundle's files, whose hashes were checked.

    `name`: of the part in messages. InputError, one sentence, where one of the two is missing
    or does not fit the other, or a weight is no number.
    """
    settings_file, weights_file = f"{stem}.json", f"{stem}.safetensors"
    if settings_file not in listed and weights_file not in listed:
        return None
    try:
        data = json.loads((folder / settings_file).read_text(encoding="utf-8"))
        part = make(schema.from_dict(settings, data, settings_file))
        part.load_state_dict(load_file(folder / weights_file))
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise InputError(
            f"The {name} of the model bundle '{folder.name}' cannot be read; get the bundle again."
        ) from error
    check_finite(part.state_dict(), weights_file)
    return part.eval()
