"""From what argparse parsed to the typed options of a command: its namespace goes no further."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any, TypeVar

Options = TypeVar("Options")


def options_of(kind: type[Options], arguments: argparse.Namespace) -> Options:
    """The dataclass `kind`, each field from the argument of its name; lists become tuples."""
    given = {field.name: getattr(arguments, field.name) for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _frozen(value) for name, value in given.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
