"""A bundle with another configuration and card: all other files as they are, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..core.errors import InputError
from ..core.storage.files import file_sha256
from ..core.storage.output import writing_folder
from ..core.storage.signature import BUNDLE
from .config import CONFIG_FILE, ModelConfig
from .engine_files import ENGINE_FILES
from .summary import CARD_FILE


def rewrite_bundle(
    source: Path, output: Path, config: ModelConfig, card: str, added: Mapping[str, bytes] | None = None
) -> None:
    """`config`: that of the bundle `source`, changed; `added`: further files.

    InputError where a file of it is missing or not as listed, or where `output`, which may be `source` itself, holds
    anything but an earlier bundle.
    """
    with writing_folder(output, BUNDLE, (CONFIG_FILE, *config.files, *ENGINE_FILES)) as draft:
        for name, digest in config.files.items():
            path = draft.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source / name, path)
            except OSError:
                raise InputError(f"{name} of the model bundle '{source.name}' cannot be read; get it again.") from None
            if name != CARD_FILE and file_sha256(path) != digest:
                raise InputError(f"{name} of the model bundle '{source.name}' is not as listed; get it again.")
        (draft.folder / CARD_FILE).write_text(card, encoding="utf-8")
        for name, content in (added or {}).items():
            (draft.folder / name).write_bytes(content)
        written = {name: file_sha256(draft.folder / name) for name in (CARD_FILE, *(added or {}))}
        files = dict(sorted({**config.files, **written}.items()))
        text = json.dumps(replace(config, files=files).to_dict(), indent=2, allow_nan=False)
        (draft.folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")
