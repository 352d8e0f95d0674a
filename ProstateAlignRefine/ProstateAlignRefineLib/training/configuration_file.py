"""A training configuration as text: presets, files that change one, single changes. Read without torch, in no time."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.plain_data import check_plain, named

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PRESETS = Path(__file__).resolve().parent / "presets"
EXTENDS, DATA, KIND = "extends", "data", "kind"
TOLD_BY_THE_RUN = ("notice", "training_data", "licence", "intended_use")
MOST_STEPS = 10  # from one file to the one that it extends


def preset_names() -> tuple[str, ...]:
    """What `train --config` takes beside a file."""
    return tuple(sorted(preset.stem for preset in PRESETS.glob("*.toml")))


def read_configuration(name: str, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The entries of a preset or TOML file, whole, with `changes` such as "schedule.iterations=100" made.

    A file may say `extends = "ours"` (a preset, or a file beside it) and state only what differs. InputError where
    something does not exist, names the nearest that does.
    """
    entries = _extended(_path_of(name, Path()), ())
    for change in changes:
        _make(change, entries)
    words = [entry for entry in TOLD_BY_THE_RUN if entry in _table(entries, "bundle")]
    if words:
        raise InputError(
            f"The configuration says bundle.{', bundle.'.join(words)}, but what a model says of its training, licence "
            "and use follows from what the run reads; leave them out (prepare --licence names a data set's)."
        )
    return entries


def check_dataset(kind: object, dataset: Path | None) -> None:
    """InputError where a folder is given that data of this kind does not read, or is missing."""
    if kind == "phantoms" and dataset:
        raise InputError("The configuration trains on phantoms, so --data is not read; leave it out.")
    if kind == "dataset" and not dataset:
        raise InputError("The configuration trains on a dataset; name the folder that prepare made with --data.")


def as_toml(entries: Mapping[str, Any]) -> str:
    """Plain values and tables as TOML that reads back the same."""
    return "\n".join(_lines(entries, "")).strip() + "\n"


def flat(entries: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry by its dotted name."""
    for name, value in entries.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _path_of(name: str, beside: Path) -> Path:
    preset = PRESETS / f"{name}.toml"
    path = preset if name in preset_names() else beside / name
    if not path.is_file():
        known = ", ".join(preset_names())
        raise InputError(
            f"The training configuration '{path.name}' does not exist; name a TOML file or one of: {known}."
        )
    return path


def _extended(path: Path, before: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in before or len(before) >= MOST_STEPS:
        raise InputError(f"'{path.name}' extends itself, by way of others; mend its entry '{EXTENDS}'.")
    own = _read(path)
    base: object = own.pop(EXTENDS, None)
    if base is None:
        return own
    if not isinstance(base, str):
        raise InputError(f"The entry '{EXTENDS}' of '{path.name}' must be a preset's name or a file's.")
    return _merged(_extended(_path_of(base, path.parent), (*before, path.resolve())), own)


def _read(path: Path) -> dict[str, Any]:
    try:
        entries: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"'{path.name}' is not valid TOML ({named([str(error)])}); mend it.") from error
    except (RecursionError, ValueError):
        raise InputError(f"'{path.name}' is nested too deeply, or holds an absurd number; mend it.") from None
    check_plain(entries, f"'{path.name}'", "mend it")
    return entries


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Table by table; data of another `kind` have other entries, so that they replace the whole table."""
    result = dict(base)
    for name, value in own.items():
        under = result.get(name)
        if isinstance(under, dict) and isinstance(value, dict) and not (name == DATA and _differ_in_kind(under, value)):
            result[name] = _merged(under, value)
        else:
            result[name] = value
    return result


def _differ_in_kind(base: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    return bool(own.get(KIND, base.get(KIND)) != base.get(KIND))


def _make(change: str, entries: dict[str, Any]) -> None:
    place, sign, text = change.partition("=")
    *tables, name = place.strip().split(".")
    within: Any = entries
    for table in tables:
        within = within.get(table) if isinstance(within, dict) else None
    if not sign or not isinstance(within, dict) or name not in within:
        raise InputError(f"--set {change} changes nothing that there is{_near(place.strip(), entries)}.")
    within[name] = _value(text.strip())


def _value(text: str) -> Any:
    """A TOML value; bare words are text."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text
    check_plain(value, "A value of --set", "give another")
    return value


def _near(place: str, entries: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(place, [name for name, _ in flat(entries)], n=3)
    return f"; did you mean {' or '.join(near)}" if near else "; name TABLE.ENTRY=VALUE, see train --print-config"


def _table(entries: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = entries.get(name)
    return table if isinstance(table, dict) else {}


def _lines(entries: Mapping[str, Any], prefix: str) -> list[str]:
    lines = [f"{name} = {_text(value)}" for name, value in entries.items() if not isinstance(value, Mapping)]
    for name, value in entries.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{prefix}{name}]", *_lines(value, f"{prefix}{name}.")]
    return lines


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_text(entry)}" for name, entry in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
