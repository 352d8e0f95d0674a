"""Single files that a command rewrites again and again in a folder it shares: only its own, only as it left them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError
from .files import file_sha256, give_usual_rights, plain_target, replacing_file
from .signature import PROGRAM, read_object


def require_replaceable(path: Path) -> None:
    """InputError where a file lies there that this program did not write, or that was changed since."""
    _own_digest(plain_target(path))


@contextmanager
def signed_file(path: Path) -> Iterator[Path]:
    """As `replacing_file`, but for what `require_replaceable` refuses. A hidden file beside it keeps its SHA-256."""
    target = plain_target(path)
    with replacing_file(target) as temporary:
        yield temporary
        own = _own_digest(target)
        # Both, so that a kill between the two renames leaves a file that is known.
        give_usual_rights(temporary)
        with replacing_file(_beside(target)) as note:
            content = {"program": PROGRAM, "sha256": [*own, file_sha256(temporary)]}
            note.write_text(json.dumps(content) + "\n", encoding="utf-8")


def _own_digest(target: Path) -> list[str]:
    """The SHA-256 of the file that lies there, none where there is no file."""
    if not os.path.lexists(target):
        return []
    digest = file_sha256(target)
    if digest not in _noted(_beside(target)):
        raise InputError(
            f"'{target.name}' in the output folder is not as this program wrote it, or not its own; move it elsewhere, "
            "or name another folder or file."
        )
    return [digest]


def _noted(note: Path) -> list[str]:
    content = read_object(note) or {}
    digests = content.get("sha256")
    return digests if content.get("program") == PROGRAM and isinstance(digests, list) else []


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.prostate-align-refine.json")
