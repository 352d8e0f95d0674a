"""Tables and lists from outside: comma, semicolon or tab between columns, rows by the names of the first line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .errors import InputError

MOST_BYTES = 50_000_000
SEPARATORS = (",", "\t", ";")
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

Row = Mapping[str, str | None]


def text_lines(path: Path, what: str) -> list[str]:
    """The file's lines that are not empty, without surrounding blanks, from UTF-8 or UTF-16 (Excel's Unicode text).

    InputError where it is no text, or too large.
    """
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    try:
        text = content.decode(_MARKS.get(content[:2], "utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{what} is not a text file in UTF-8; save it as one.") from None
    if len(content) > MOST_BYTES or "\0" in text:
        raise InputError(f"{what} is not a text file of usable size; check the path given for it.")
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_header(line: str, column: str) -> bool:
    """Whether a line names columns, `column` among them in any case."""
    separators = [separator for separator in SEPARATORS if separator in line]
    with suppress(csv.Error):
        return any(column in _cells(next(csv.reader([line.lower()], delimiter=one))) for one in separators)
    return False


def table_of(lines: Sequence[str], what: str) -> list[Row]:
    """Rows below the line of column names; None where a row ends before a column.

    InputError where a column stands twice or a row is longer than the names.
    """
    if not lines:
        return []
    separator = max(SEPARATORS, key=lines[0].count)
    try:
        names, *rows = (_cells(row) for row in csv.reader(lines, delimiter=separator))
    except csv.Error:
        raise InputError(f"{what} is no table of columns; check its quotation marks and separators.") from None
    if max(Counter(names).values(), default=0) > 1:
        raise InputError(f"{what} names a column twice; rename one of them.")
    if any(len(row) > len(names) for row in rows):
        raise InputError(f"{what} has a row with more columns than its first line names; mend it.")
    return [{name: row[place] if place < len(row) else None for place, name in enumerate(names)} for row in rows]


def _cells(row: Sequence[str]) -> list[str]:
    """Without surrounding blanks, and without the empty cells that spreadsheets leave at the end."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def read_table(path: Path, what: str) -> list[Row]:
    """`table_of` a text file; InputError also where it cannot be read. `what`: its name for the user."""
    return table_of(text_lines(path, what), what)
