"""What the panel and the worker process say to each other: one JSON object a line. Standard library only.

The panel writes requests to the worker's standard input; the worker answers with events on its standard output.
Arrays travel as files in a private folder whose path a request names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from . import schema
from .cautions import Caution
from .errors import InputError
from .plain_data import parse_json

PROTOCOL = 4
LONGEST_LINE = 1_000_000

INPUT, MEMORY, INSTALL, INTERNAL = "input", "memory", "install", "internal"


class ProtocolError(Exception):
    """A line that is no message of this protocol."""


@dataclass(frozen=True)
class Describe:
    """Request: load what `segment` will need and say on which device it would run, and about how long."""

    kind: ClassVar[str] = "describe"
    request: int
    bundle: str
    device: str = "auto"


@dataclass(frozen=True)
class Segment:
    """Request: read `study` (a folder with PI-CAI names), run `bundle`, write the maps into the folder `output`.

    `register`: move ADC and HBV rigidly onto the T2W first. `gland_wheel`: of the network that outlines the gland where
    the model itself does not.
    """

    kind: ClassVar[str] = "segment"
    request: int
    study: str
    bundle: str
    prompt: str
    output: str
    device: str = "auto"
    register: bool = False
    gland_wheel: str = ""


@dataclass(frozen=True)
class Hello:
    """Event: the worker has started. Sent before any heavy import."""

    kind: ClassVar[str] = "hello"
    protocol: int
    version: str
    python: str


@dataclass(frozen=True)
class Described:
    """Event: `device` is a line for the screen; `expected_seconds` is 0 where it is not known."""

    kind: ClassVar[str] = "described"
    request: int
    device: str
    expected_seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """Event: `done` of `all` steps of a stage."""

    kind: ClassVar[str] = "progress"
    request: int
    stage: str
    done: int
    all: int


@dataclass(frozen=True)
class Finished:
    """Event: the maps are in the folder. `fell_back`: what the user must know of a smaller way taken, or empty.

    `gland_by`: the network that outlined the gland; empty: the model itself.
    """

    kind: ClassVar[str] = "finished"
    request: int
    device: str
    precision: str
    fell_back: str
    seconds: Mapping[str, float]
    versions: Mapping[str, str]
    cautions: tuple[Caution, ...] = ()
    gland_by: str = ""


@dataclass(frozen=True)
class Failed:
    """Event: the request could not be fulfilled; `reason` is input, memory, install or internal."""

    kind: ClassVar[str] = "failed"
    request: int
    reason: str
    message: str


Message = Describe | Segment | Hello | Described | Progress | Finished | Failed
_KINDS: dict[str, type[Message]] = {
    kind.kind: kind for kind in (Describe, Segment, Hello, Described, Progress, Finished, Failed)
}


def encode(message: Message) -> bytes:
    """One line, ended by a newline."""
    return json.dumps({"kind": message.kind, **asdict(message)}).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """ProtocolError where the line is no message, or lacks or adds a field."""
    try:
        content = parse_json(line, "the line", "")
        kind = _KINDS[content.pop("kind")]
    except (InputError, KeyError, TypeError, AttributeError):
        raise ProtocolError("a line that is no message") from None
    try:
        return schema.from_dict(kind, content, kind.kind, "")
    except InputError:
        raise ProtocolError(f"a '{kind.kind}' message with other fields than this version knows") from None


class LineBuffer:
    """Whole lines out of the pieces a pipe delivers."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that `piece` completes; ProtocolError where a line grows beyond a million bytes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise ProtocolError("a line without an end")
        return [line for line in lines if line.strip()]
