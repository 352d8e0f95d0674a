"""Folders that commands write: never anything lost that this program did not write, never half a result."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError
from ..signals import deferred
from .files import file_sha256, give_usual_rights, made_folder
from .signature import BUNDLE, SIGNATURE_NAME, Signature, plain_files, read_signature, state_of
from .staging import NEW, Journal, changed, claimed, finish_interrupted, is_unfinished, put_in_place

OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "lost+found"})


@dataclass(frozen=True)
class Draft:
    """`folder`: where the result is made. `replaces`: whether an earlier one will be replaced.

    `hashed`: SHA-256 by name of files that were hashed when they were made, so that they need not be again.
    """

    folder: Path
    replaces: bool
    hashed: dict[str, str] = field(default_factory=dict)


@contextmanager
def writing_folder(
    path: Path, kind: str, names: Collection[str], kept: Mapping[str, str] | None = None
) -> Iterator[Draft]:
    """A result of `kind` is made in the draft's folder and brought to `path` when the block ends well.

    Enter it before anything is computed: it refuses (InputError) what would be refused at the end, and no other run
    can write there meanwhile. `names`: everything at the top of a result of this kind. `kept`: files of the earlier
    result, with their SHA-256, that belong to the new one too; all others of the earlier one go. What others put beside
    an earlier result stays; a folder of theirs, and files of ours that somebody changed, are refused. A link's target
    is meant; a missing folder is made.
    """
    folder = output_folder(path)
    with made_folder(folder), claimed(folder) as staging:
        earlier = read_signature(folder)
        _require_free(folder, kind, names, earlier)
        _require_unchanged(earlier, kept or {})
        new = staging / NEW
        new.mkdir()
        draft = Draft(new, earlier is not None)
        yield draft
        with deferred():
            _commit(folder, draft, kind, earlier, kept or {})


def check_output(path: Path, kind: str, names: Collection[str]) -> None:
    """What `writing_folder` would refuse, without making anything: for folders that are written much later."""
    folder = output_folder(path)
    if folder.is_dir():
        finish_interrupted(folder)
        _require_free(folder, kind, names, read_signature(folder))


def output_folder(path: Path) -> Path:
    """Where a folder of this name is written: behind links; InputError where a file, device, pipe or socket is."""
    try:
        folder = path.resolve()
    except RuntimeError:
        raise InputError("The output path is a link that leads to itself; name another folder.") from None
    if os.path.lexists(folder) and not folder.is_dir():
        raise InputError("The output path is a file, device or pipe; name a folder.")
    return folder


def require_apart(output: Path, inputs: Collection[Path]) -> None:
    """InputError where an input is the output folder or lies in it, by whatever name: results would mix with it."""
    folder = output_folder(output)
    if not folder.is_dir():
        return
    for path in inputs:
        if path.exists() and any(one.samefile(folder) for one in (path.resolve(), *path.resolve().parents)):
            raise InputError(
                "The input is the output folder or lies in it, so that results would mix with it; name another output "
                "folder, such as a new one inside the study's."
            )


def _require_free(folder: Path, kind: str, names: Collection[str], earlier: Signature | None) -> None:
    if earlier is not None and earlier.kind != kind:
        raise InputError(
            f"The output folder holds another kind of result of this program ({earlier.kind}); name another folder."
        )
    for name in (*names, *([SIGNATURE_NAME] if earlier is None else [])):
        if os.path.lexists(folder / name) and not (earlier and earlier.owns(name)):
            raise InputError(_foreign(name))
    if earlier is None and any(_is_others(path) for path in folder.iterdir()):
        raise InputError(
            "The output folder holds other files; name a new or empty folder, or one with an earlier result."
        )
    for name, digest in earlier.files.items() if earlier else ():
        if state_of(folder, name) not in (None, digest):
            raise InputError(changed(name))


def _is_others(path: Path) -> bool:
    """Anything but what systems put into every folder, and what we have on its way."""
    return path.name not in OF_SYSTEMS and not is_unfinished(path)


def _require_unchanged(earlier: Signature | None, kept: Mapping[str, str]) -> None:
    for name, digest in kept.items():
        if earlier is None or earlier.files.get(name) != digest:
            raise InputError(changed(name))


def _hashes(draft: Draft) -> dict[str, str]:
    """Of all files made."""
    names = list(plain_files(draft.folder))
    for name in names:
        give_usual_rights(draft.folder / name)
    return {name: draft.hashed.get(name) or file_sha256(draft.folder / name) for name in names}


def _commit(folder: Path, draft: Draft, kind: str, earlier: Signature | None, kept: Mapping[str, str]) -> None:
    new, before, written = draft.folder, dict(earlier.files) if earlier else {}, _hashes(draft)
    for name, digest in before.items():
        if state_of(folder, name) not in (None, digest, written.get(name)):
            raise InputError(changed(name))
    for name, digest in written.items():
        if name not in before and state_of(folder, name) not in (None, digest):
            raise InputError(_foreign(name))
    folders = tuple(sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_dir()))
    files = {**kept, **written}
    if kind != BUNDLE:  # whose bundle.json is its signature, and which is refused with a file that it does not list
        (new / SIGNATURE_NAME).write_text(Signature(kind, files).as_text(), encoding="utf-8")
    put_in_place(folder, new.parent, Journal(files, before, folders))


def _foreign(name: str) -> str:
    return (
        f"The output folder holds other files under names of results: '{Path(name).name}', which this program did not "
        "write; move it elsewhere, or name another folder."
    )
