"""Strict reading of frozen dataclasses from plain data (JSON, TOML).

A missing, unknown or mistyped entry is an error, never a default.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .errors import InputError
from .plain_data import named, shown

Record = TypeVar("Record")
Entry = TypeVar("Entry")


BUNDLE_REMEDY = "use a bundle made for this version"
KIND = "kind"  # the entry that tells the members of a union of records apart


def from_dict(record: type[Record], data: object, where: str, remedy: str = BUNDLE_REMEDY) -> Record:
    """`data` (parsed JSON or TOML) as the frozen dataclass `record`.

    `where` names the place in error messages, `remedy` says what to do. A field may be a union of dataclasses, each
    with a field `kind` of one literal value.
    Raises InputError for unknown or missing keys, wrong types, and values that the dataclass itself refuses.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"{where} must be a set of named entries; {remedy}.")
    types_of = get_type_hints(record)
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    _check_keys(names, data, where, remedy)
    return record(**{name: _decode(types_of[name], data[name], f"{where}, '{name}'", remedy) for name in names})


def with_defaults(record: type[Record], data: object) -> object:
    """`data` with the record's own defaults for entries it lacks and without those it does not know.

    For what earlier and later versions of this program have written. Anything but named entries is given back as it is.
    """
    if not isinstance(data, Mapping):
        return data
    entries = {}
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        if field.name in data:
            entries[field.name] = data[field.name]
        elif field.default is not dataclasses.MISSING:
            entries[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            entries[field.name] = field.default_factory()
    return entries


def entry(data: object, name: str, kind: type[Entry], where: str, remedy: str = BUNDLE_REMEDY) -> Entry:
    """One entry of `data`, read as strictly as a field of a record."""
    if not isinstance(data, Mapping) or name not in data:
        raise InputError(f"{where} lacks the entries {name}; {remedy}.")
    return cast(Entry, _decode(kind, data[name], f"{where}, '{name}'", remedy))


def to_dict(record: object) -> dict[str, Any]:
    """The dataclass as plain JSON values, entries in the order of its fields."""
    return {name: _encode(value) for name, value in dataclasses.asdict(record).items()}  # type: ignore[call-overload]


def _check_keys(names: list[str], data: Mapping[str, object], where: str, remedy: str) -> None:
    unknown = sorted(map(str, set(data) - set(names)))
    missing = [name for name in names if name not in data]
    if unknown:
        raise InputError(f"{where} has unknown entries ({named(unknown)}); {remedy}.")
    if missing:
        raise InputError(f"{where} lacks the entries {', '.join(missing)}; {remedy}.")


def _decode(kind: Any, value: object, where: str, remedy: str) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return from_dict(kind, value, where, remedy)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, where, remedy)
    if origin is tuple:
        return _tuple(get_args(kind), value, where, remedy)
    if origin in (dict, Mapping):
        return _mapping(get_args(kind)[1], value, where, remedy)
    if origin is Literal:
        return _choice(get_args(kind), value, where)
    return value if kind is Any else _scalar(kind, value, where)


def _one_of(kinds: tuple[Any, ...], value: object, where: str, remedy: str) -> Any:
    """`X | None`, or a union of records, of which the value's `kind` names one."""
    if type(None) in kinds:
        return None if value is None else _decode(next(k for k in kinds if k is not type(None)), value, where, remedy)
    records = {get_args(get_type_hints(record)[KIND])[0]: record for record in kinds}
    kind = value.get(KIND) if isinstance(value, Mapping) else None
    return from_dict(records[_choice(tuple(records), kind, f"{where}, '{KIND}'")], value, where, remedy)


def _tuple(kinds: tuple[Any, ...], value: object, where: str, remedy: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{where} must be a list.")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise InputError(f"{where} must hold {len(kinds)} values, it holds {len(value)}.")
    return tuple(_decode(kind, item, where, remedy) for kind, item in zip(kinds, value, strict=True))


def _mapping(kind: Any, value: object, where: str, remedy: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a set of named entries.")
    return {str(key): _decode(kind, item, where, remedy) for key, item in value.items()}


def _choice(choices: tuple[Any, ...], value: object, where: str) -> Any:
    if value not in choices:
        raise InputError(f"{where} is {shown(value)}; it must be one of {', '.join(map(str, choices))}.")
    return value


def _scalar(kind: type, value: object, where: str) -> object:
    # bool is an int in Python, and JSON writes 1.0 as 1 at will: both would slip through isinstance alone.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{where} must be a finite number.")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{where} must be of type {kind.__name__}, it is {shown(value)}.")
    return value


def _encode(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if isinstance(value, dict | types.MappingProxyType):
        return {key: _encode(item) for key, item in value.items()}
    return value
