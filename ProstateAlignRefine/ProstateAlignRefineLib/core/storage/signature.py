"""What this program wrote into a folder: a small file with the SHA-256 of each, so that nothing else is replaced."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .files import file_sha256

SIGNATURE_NAME = ".prostate-align-refine.json"
PROGRAM, FORMAT = "ProstateAlignRefine", 1
BUNDLE, PHANTOM = "bundle", "synthetic study"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Signature:
    """`kind`: which command's result. `files`: SHA-256 by name, relative to the folder, with slashes."""

    kind: str
    files: Mapping[str, str]

    def owns(self, name: str) -> bool:
        """Whether a file of this name, or files in a folder of this name, are of the program."""
        return any(own == name or own.startswith(f"{name}/") for own in self.files)

    def as_text(self) -> str:
        """The JSON that `read_signature` takes."""
        content = {"program": PROGRAM, "format": FORMAT, **asdict(self), "files": dict(self.files)}
        return json.dumps(content, indent=1) + "\n"


def read_signature(folder: Path) -> Signature | None:
    """None where nothing in the folder is known to be of this program; a damaged signature counts as none."""
    content = read_object(folder / SIGNATURE_NAME)
    if content is None:
        return _of_bundle(folder)
    files = digests_by_name(content.get("files"))
    if (content.get("program"), content.get("format")) != (PROGRAM, FORMAT) or files is None:
        return None
    return Signature(str(content.get("kind")), files)


def is_result(folder: Path) -> bool:
    """Whether it is a folder that this program wrote, other than a study made to be read."""
    signature = read_signature(folder)
    return signature is not None and signature.kind != PHANTOM


def result_files(folder: Path) -> frozenset[Path]:
    """What this program wrote there that is no study, by the signature."""
    signature = read_signature(folder) if is_result(folder) else None
    names = (SIGNATURE_NAME, *signature.files) if signature else ()
    return frozenset(folder / name for name in names)


def state_of(folder: Path, name: str) -> str | None:
    """What lies under a name: None where nothing does, the SHA-256 of a plain file, "" for anything else.

    A link in place of a file or of a folder on the way is something else: what it leads to is not ours.
    """
    place = folder
    for part in PurePosixPath(name).parts:
        place = place / part
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            return None
        if not stat.S_ISDIR(mode) and not (stat.S_ISREG(mode) and place == folder / name):
            return ""
    return "" if stat.S_ISDIR(mode) else file_sha256(place)


def plain_files(folder: Path) -> Iterator[str]:
    """Relative names, with slashes, of all files in a folder and below."""
    for parent, _folders, names in os.walk(folder):
        for name in sorted(names):
            yield Path(parent, name).relative_to(folder).as_posix()


def _of_bundle(folder: Path) -> Signature | None:
    """A bundle's own list stands for a signature, since a bundle comes from elsewhere, too."""
    path = folder / "bundle.json"
    content = read_object(path)
    files = digests_by_name(content.get("files")) if content and "format_version" in content else None
    return Signature(BUNDLE, {**files, path.name: file_sha256(path)}) if files else None


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a plain file; None where there is none."""
    if not path.is_file() or path.is_symlink():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def digests_by_name(stored: Any) -> dict[str, str] | None:
    """SHA-256 by name, where all names lie inside of a folder and all hashes are such; else None."""
    if not isinstance(stored, dict):
        return None
    sound = all(
        is_inside(name) and isinstance(hash_, str) and _DIGEST.fullmatch(hash_) for name, hash_ in stored.items()
    )
    return dict(stored) if sound else None


def is_inside(name: str) -> bool:
    """Whether a relative name stays in its folder: such names are removed and replaced, and may come from elsewhere."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not {"\\", ":", "\0"} & set(name)
