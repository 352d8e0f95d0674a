"""The prompted head's two files in a bundle: prompted.json and prompted.safetensors."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize

from ...core import schema
from ...core.errors import InputError
from .head import PromptedHead
from .settings import PromptedSettings

SETTINGS_FILE, WEIGHTS_FILE = "prompted.json", "prompted.safetensors"


def save_prompted(head: PromptedHead, folder: Path) -> None:
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in head.state_dict().items()}
    (folder / WEIGHTS_FILE).write_bytes(serialize(weights))
    settings = json.dumps(schema.to_dict(head.settings), indent=1)
    (folder / SETTINGS_FILE).write_text(settings + "\n", encoding="utf-8")


def load_prompted(folder: Path, listed: Collection[str]) -> PromptedHead | None:
    """In eval mode; None where the bundle lists none. `listed`: the bundle's files, whose hashes were checked.
    InputError, one sentence, where one of the two is missing or does not fit the other."""
    if SETTINGS_FILE not in listed and WEIGHTS_FILE not in listed:
        return None
    try:
        data = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        head = PromptedHead(schema.from_dict(PromptedSettings, data, SETTINGS_FILE))
        head.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise InputError(
            f"The prompted head of the model bundle '{folder.name}' cannot be read; get the bundle again."
        ) from error
    return head.eval()
