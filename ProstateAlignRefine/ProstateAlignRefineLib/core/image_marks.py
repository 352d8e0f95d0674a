"""By what a cohort's study is known again: whether the images of a finished one are still those that the list names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .cohort import Entry
from .study_files import is_hidden

BEGINNING = 2**16
"""Bytes read of a file: a DICOM object names itself there, and so do image files, with their first voxels."""
MOST_FILES = 16
"""Of a folder, evenly over its files by name: a finished cohort is looked through in seconds, also over a network."""


def mark_of(entry: Entry) -> str:
    """SHA-256 over the sizes and beginnings of the study's files, wherever they lie; empty where they cannot be read.

    Of a folder, how many files it has counts too; hidden ones do not.
    """
    try:
        files = _files(entry)
        digest = hashlib.sha256(str(len(files)).encode())
        for path in _chosen(files):
            with path.open("rb") as stream:
                beginning = hashlib.sha256(stream.read(BEGINNING)).hexdigest()
            digest.update(f" {path.stat().st_size} {beginning}".encode())
    except OSError:
        return ""
    return digest.hexdigest() if files else ""


def _files(entry: Entry) -> list[Path]:
    if not isinstance(entry.source, Path):
        return [entry.source[modality] for modality in sorted(entry.source)]
    folder = entry.source
    return sorted(path for path in folder.rglob("*") if path.is_file() and not is_hidden(path, folder))


def _chosen(files: list[Path]) -> list[Path]:
    step = max(1, -(-len(files) // MOST_FILES))
    return files[::step]
