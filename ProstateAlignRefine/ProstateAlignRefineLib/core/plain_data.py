"""JSON from outside as plain data: what a file says, or one sentence why it cannot be read; nothing else, ever."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .errors import InputError
from .plain_text import plain_text

MOST_BYTES = 100_000_000
DEEPEST = 40
LARGEST_INTEGER = 2**63 - 1
_NAME_LENGTH = 40


class _UnusableError(Exception):
    """Why the data cannot be used, in words that end a sentence."""


def read_json(path: Path, what: str, remedy: str) -> Any:
    """The file's content, by `parse_json`; OSError where it cannot be opened."""
    with path.open("rb") as stream:
        return parse_json(stream.read(MOST_BYTES + 1), what, remedy)


def parse_json(content: bytes | str, what: str, remedy: str) -> Any:
    """Objects, lists, text, finite numbers, truth values and None, from JSON in UTF-8, UTF-16 or UTF-32.

    InputError (`what` cannot be used: why; `remedy`) where it is no JSON, names an entry twice, holds a number that is
    not finite or beyond 64 bits, lies deeper than `DEEPEST` levels, or is larger than `MOST_BYTES`.
    """
    try:
        if len(content) > MOST_BYTES:
            raise _UnusableError("it is far too large")
        return _checked(_parsed(content))
    except _UnusableError as error:
        raise InputError(f"{what} cannot be used: {error}; {remedy}.") from None


def check_plain(data: object, what: str, remedy: str) -> None:
    """The same for data from another parser (TOML): InputError for its numbers and its depth."""
    try:
        _checked(data)
    except _UnusableError as error:
        raise InputError(f"{what} cannot be used: {error}; {remedy}.") from None


def plain_words(data: object) -> Any:
    """The data with every text, names of entries too, as `plain_text`."""
    if isinstance(data, str):
        return plain_text(data)
    if isinstance(data, dict):
        return {plain_words(name): plain_words(value) for name, value in data.items()}
    return [plain_words(item) for item in data] if isinstance(data, list | tuple) else data


def shown(value: object) -> str:
    """A value from a file for an error message: short, in one line, or only what it is."""
    if isinstance(value, str):
        return f"'{plain_text(value, _NAME_LENGTH)}'"
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) <= LARGEST_INTEGER else "a huge number"
    return "a list" if isinstance(value, list | tuple) else "a set of entries" if isinstance(value, dict) else "no text"


def named(names: Sequence[str], most: int = 5) -> str:
    """Names from a file for an error message: the first few, each short and in one line."""
    first = ", ".join(plain_text(name, _NAME_LENGTH) for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"


def _parsed(content: bytes | str) -> Any:
    try:
        text = content if isinstance(content, str) else content.decode(json.detect_encoding(content))
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_entries,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise _UnusableError("it is nested too deeply") from None
    except ValueError:
        raise _UnusableError("it is not valid JSON") from None


def _entries(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _UnusableError(f"it names the entry {shown(twice)} twice")
    return entries


def _refuse_constant(_name: str) -> NoReturn:
    raise _UnusableError("it holds a number that is not finite")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _UnusableError("it holds a number that is not finite")
    return number


def _integer(text: str) -> int:
    # The length first: reading an integer takes time that grows with its square.
    if len(text) > 20 or abs(int(text)) > LARGEST_INTEGER:
        raise _UnusableError("it holds a number with too many digits")
    return int(text)


def _checked(data: object) -> object:
    level: list[object] = [data]
    for _depth in range(DEEPEST):
        for value in level:
            _check_number(value)
        level = [item for value in level for item in _items(value)]
        if not level:
            return data
    raise _UnusableError("it is nested too deeply")


def _check_number(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _UnusableError("it holds a number that is not finite")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise _UnusableError("it holds a number with too many digits")


def _items(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
