"""Objects to an archive, one by one: what it confirmed, what it did not, and a second attempt for those only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import FileDataset
from pydicom.uid import Comprehensive3DSRStorage

from ...core.errors import InputError
from .sendable import described, read_object

ATTEMPTS = 2


@dataclass(frozen=True, eq=False)
class Parcel:
    """One object: its file, and the dataset in it."""

    path: Path
    dataset: FileDataset

    @property
    def uid(self) -> str:
        """SOP Instance UID (0008,0018), by which the server says what it has stored."""
        return str(self.dataset.SOPInstanceUID)

    @property
    def waits(self) -> bool:
        """A report goes last, and not at all where an object it may refer to has not arrived."""
        return bool(self.dataset.SOPClassUID == Comprehensive3DSRStorage)


@dataclass(frozen=True)
class Answer:
    """What the server said of one object. `words`: why it is not stored, or what it warns of, within a sentence."""

    stored: bool
    words: str = ""


class StopError(Exception):
    """Nothing more can be sent over this connection; the text is a whole sentence. `again`: worth another attempt."""

    def __init__(self, sentence: str, again: bool = True) -> None:
        super().__init__(sentence)
        self.again = again


Send = Callable[[Parcel], Answer]
Connect = Callable[[], AbstractContextManager[Send]]


@dataclass
class Delivery:
    """What has become of the parcels so far; `refused` by the words of the last answer."""

    server: str
    parcels: Sequence[Parcel]
    stored: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    @property
    def missing(self) -> list[Parcel]:
        """What the server has not yet said to have stored."""
        return [one for one in self.parcels if one.uid not in self.stored]

    @property
    def warnings(self) -> tuple[str, ...]:
        """How many objects were stored with which warning."""
        counted = Counter(words for words in self.stored.values() if words)
        return tuple(f"{count} with {words}" for words, count in counted.items())

    def failure(self) -> str:
        """One sentence: what stands in the way, how many are stored, and what is missing."""
        told = len(self.parcels) - len(self.missing)
        missing = described([one.dataset.SOPClassUID for one in self.missing])
        if self.stopped:
            if not told:
                return self.stopped
            return f"{self.stopped.rstrip('.')}; it has stored {told} of {len(self.parcels)} objects, not {missing}."
        why = "; ".join(dict.fromkeys(self.refused.get(one.uid, "it was not sent") for one in self.missing))
        return (
            f"The server {self.server} has confirmed {told} of {len(self.parcels)} objects, but not {missing} ({why}); "
            "see its log, and send again."
        )


def deliver(server: str, paths: Sequence[Path], connect: Connect, progress: Callable[[int, int], None]) -> Delivery:
    """Sends every object, reports last, and once more those that were not confirmed.

    InputError where some are not confirmed in the end: it says how many are, and which kinds are missing.
    """
    parcels = sorted((Parcel(path, read_object(path)) for path in paths), key=lambda one: one.waits)
    delivery = Delivery(server, parcels)
    for _ in range(ATTEMPTS):
        if not _attempt(delivery, connect, progress):
            break
    if delivery.missing:
        raise InputError(delivery.failure())
    progress(len(parcels), len(parcels))
    return delivery


def _attempt(delivery: Delivery, connect: Connect, progress: Callable[[int, int], None]) -> bool:
    """One pass over what is missing; whether another one makes sense."""
    delivery.stopped = ""
    try:
        with connect() as send:
            for one in delivery.missing:
                if one.waits and any(not other.waits for other in delivery.missing):
                    delivery.refused[one.uid] = "what the report refers to is not there"
                    continue
                progress(len(delivery.stored), len(delivery.parcels))
                _keep(delivery, one, send(one))
    except StopError as stop:
        delivery.stopped = str(stop)
        return stop.again and bool(delivery.stored)
    except InputError as error:
        if not delivery.stored:
            raise
        delivery.stopped = str(error)
        return False
    return bool(delivery.missing)


def _keep(delivery: Delivery, one: Parcel, answer: Answer) -> None:
    (delivery.stored if answer.stored else delivery.refused)[one.uid] = answer.words
