"""Strict reading of frozen dataclasses from JSON: a missing, unknown or mistyped entry is an error, never a default."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ..core.errors import InputError

Record = TypeVar("Record")


def from_dict(record: type[Record], data: object, where: str) -> Record:
    """`data` (parsed JSON) as the frozen dataclass `record`; `where` names the place in error messages.

    Raises InputError for unknown or missing keys, wrong types, and values that the dataclass itself refuses.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"{where} must be a JSON object; write the model bundle again.")
    types_of = get_type_hints(record)
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    _check_keys(names, data, where)
    return record(**{name: _decode(types_of[name], data[name], f"{where}, '{name}'") for name in names})


def to_dict(record: object) -> dict[str, Any]:
    """The dataclass as plain JSON values, entries in the order of its fields."""
    return {name: _encode(value) for name, value in dataclasses.asdict(record).items()}  # type: ignore[call-overload]


def _check_keys(names: list[str], data: Mapping[str, object], where: str) -> None:
    unknown = sorted(set(data) - set(names))
    missing = [name for name in names if name not in data]
    if unknown:
        raise InputError(f"{where} has unknown entries ({', '.join(unknown)}); use a bundle made for this version.")
    if missing:
        raise InputError(f"{where} lacks the entries {', '.join(missing)}; use a bundle made for this version.")


def _decode(kind: Any, value: object, where: str) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return from_dict(kind, value, where)
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if origin is dict:
        return _mapping(get_args(kind)[1], value, where)
    if origin is Literal:
        return _choice(get_args(kind), value, where)
    return _scalar(kind, value, where)


def _tuple(kinds: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{where} must be a list.")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise InputError(f"{where} must hold {len(kinds)} values, it holds {len(value)}.")
    return tuple(_decode(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _mapping(kind: Any, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} must be a JSON object.")
    return {str(key): item if kind is Any else _decode(kind, item, where) for key, item in value.items()}


def _choice(choices: tuple[Any, ...], value: object, where: str) -> object:
    if value not in choices:
        raise InputError(f"{where} is {value!r}; it must be one of {', '.join(map(str, choices))}.")
    return value


def _scalar(kind: type, value: object, where: str) -> object:
    # bool is an int in Python, and JSON writes 1.0 as 1 at will: both would slip through isinstance alone.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{where} must be of type {kind.__name__}, it is {value!r}.")
    return value


def _encode(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if isinstance(value, dict | types.MappingProxyType):
        return {key: _encode(item) for key, item in value.items()}
    return value
