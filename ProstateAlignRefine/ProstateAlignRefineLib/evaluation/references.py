"""Which references are judged: of several folders, and of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import InputError
from ..core.tables import text_lines
from .volumes import NAMED_AT_MOST, find_cases


def references_in(folders: Sequence[Path]) -> Mapping[str, Path]:
    """By case; of one that lies in several folders, as PI-CAI's label sets do, the file in the first of them."""
    found: dict[str, Path] = {}
    for folder in folders:
        for case, path in find_cases(folder).items():
            found.setdefault(case, path)
    return found


def listed_cases(references: Mapping[str, Path], source: Path) -> Mapping[str, Path]:
    """Those that a file names, one a line; InputError where it names none, or one that has no reference."""
    what = f"The list '{source.name}'"
    if not source.is_file():
        raise InputError(f"{what} does not exist; name a file with a case a line.")
    wanted = [line.strip() for line in text_lines(source, what) if line.strip()]
    missing = sorted(set(wanted) - set(references))
    if missing or not wanted:
        names = f" ({', '.join(missing[:NAMED_AT_MOST])}{', ...' if len(missing) > NAMED_AT_MOST else ''})"
        fault = f"names {len(missing)} cases without a reference{names}" if missing else "names no case"
        raise InputError(f"{what} {fault}; mend it.")
    return {case: references[case] for case in sorted(set(wanted))}
