"""The studies of a cohort, from a list file or a folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .psa import read_psa
from .storage.signature import is_result
from .study import Modality
from .study_files import SUFFIXES, find_study_files, is_hidden
from .tables import is_header, table_of, text_lines

SAFE_NAME = re.compile(r"(?!cohort(-lesions)?(-\d+-of-\d+)?\.csv$)[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.I)
"""What can name a folder beside the cohort's own table."""
MODALITIES = tuple(modality.value for modality in Modality)


@dataclass(frozen=True)
class Entry:
    """One study: its name, which names its result's folder, its folder or three files, and the patient's PSA in ng/mL,
    None where it is not told."""

    case: str
    source: Path | Mapping[Modality, Path]
    psa: float | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The study's folder alone, or its three files."""
        return (self.source,) if isinstance(self.source, Path) else tuple(self.source.values())

    @property
    def t2w(self) -> Path | None:
        """The T2W's file; None of a DICOM study."""
        files = self.source
        if isinstance(files, Path):
            found = find_study_files(files) if files.is_dir() else None
            files = found or {}
        return files.get(Modality.T2W)


def read_cohort(source: Path) -> tuple[Entry, ...]:
    """The studies of a list file or a folder, by name.

    A folder: its files with PI-CAI names at any depth, each name a study; without them, each folder in it (DICOM). A
    list: a study folder a line, or a CSV with the columns `case` and `study`, or `case`, `t2w`, `adc` and `hbv`, and
    where it is known `psa` (ng/mL); paths are relative to the list. InputError where there is no study, or names are
    unfit for folders or not distinct.
    """
    if source.is_dir():
        entries = _in_folder(source)
    elif source.is_file():
        entries = _in_list(source)
    else:
        raise InputError(f"The list '{source.name}' does not exist; name a list file or a folder of studies.")
    _check_names(entries, source)
    return tuple(sorted(entries, key=lambda entry: entry.case))


def _in_folder(folder: Path) -> list[Entry]:
    found = [path for suffix in SUFFIXES for path in folder.rglob(f"*_t2w{suffix}")]
    anchors = [path for path in found if not is_hidden(path, folder)]
    if anchors:
        return [_beside(path) for path in anchors]
    return [Entry(path.name, path) for path in folder.iterdir() if _is_study(path)]


def _is_study(folder: Path) -> bool:
    """Whether it may be one: no hidden folder, and none of our results, one by one or beside each other."""
    if not folder.is_dir() or folder.name.startswith("."):
        return False
    return not any(is_result(path) for path in (folder, *folder.iterdir()))


def _beside(t2w: Path) -> Entry:
    """The study of `<case>_t2w.*` and its neighbours; one that is not there is missed when it is read."""
    case, suffix = t2w.name.rsplit("_t2w", 1)
    files = {}
    for modality in Modality:
        names = [f"{case}_{modality.value}{kind}" for kind in (suffix, *SUFFIXES)]
        files[modality] = next((t2w.with_name(n) for n in names if t2w.with_name(n).is_file()), t2w.with_name(names[0]))
    return Entry(case, files)


def _in_list(source: Path) -> list[Entry]:
    what = f"The list '{source.name}'"
    lines = text_lines(source, what)
    if not lines or not is_header(lines[0], "case"):
        return [Entry(Path(line).name, source.parent / line) for line in lines]
    rows = table_of([lines[0].lower(), *lines[1:]], what)
    if not rows or ("study" not in rows[0] and not set(MODALITIES) <= set(rows[0])):
        raise InputError(f"{what} needs the columns case and study, or case, t2w, adc and hbv, and a row; mend it.")
    return [_of_row(row, source) for row in rows]


def _of_row(row: Mapping[str, str | None], source: Path) -> Entry:
    case, psa = row.get("case") or "", _psa(row, source)
    study, files = row.get("study"), [row.get(name) for name in MODALITIES]
    if study:
        return Entry(case, source.parent / study, psa)
    if not all(files):
        raise InputError(
            f"The row of '{case}' in '{source.name}' names neither a study nor t2w, adc and hbv; fill it in."
        )
    return Entry(case, {m: source.parent / str(name) for m, name in zip(Modality, files, strict=True)}, psa)


def _psa(row: Mapping[str, str | None], source: Path) -> float | None:
    try:
        return read_psa(row.get("psa") or "")
    except InputError:
        raise InputError(
            f"A PSA in '{source.name}' is not a positive number; give ng/mL, such as 6.2, or nothing."
        ) from None


def _check_names(entries: Sequence[Entry], source: Path) -> None:
    if not entries:
        raise InputError(f"There is no study in '{source.name}'; give a list or a folder that has some.")
    unfit = [entry.case for entry in entries if not SAFE_NAME.fullmatch(entry.case)]
    if unfit:
        raise InputError(
            f"'{source.name}' holds case names that cannot name folders ({len(unfit)}); use up to 128 letters, digits, "
            "'.', '_', '-', and not the name of the cohort's table."
        )
    twice = [case for case, count in Counter(entry.case.casefold() for entry in entries).items() if count > 1]
    if twice:
        raise InputError(
            f"'{source.name}' holds case names twice ({len(twice)}), such as '{twice[0]}'; make them distinct."
        )
