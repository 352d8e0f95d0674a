"""Calling pydicom and highdicom so that nothing a header holds reaches a log, a warning or an error message."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.errors import InputError

# Their messages quote values, patient names and bearer tokens among them.
_TALKATIVE = ("pydicom", "highdicom", "pynetdicom", "dicomweb_client")


@contextmanager
def silent() -> Iterator[None]:
    """Drops the libraries' warnings and log lines; also a decorator."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _TALKATIVE]
    loggers = [logging.getLogger(name) for name in {*names, *_TALKATIVE}]
    states = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, state in zip(loggers, states, strict=True):
            logger.disabled = state


@contextmanager
def quietly(what: str) -> Iterator[None]:
    """`silent`, and any error becomes an InputError that quotes nothing from it: `what` could not be made. OSError
    without a path where the system says why."""
    try:
        with silent():
            yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        number = _system_error(error)
        if number is not None:  # the disk is at fault, not the headers
            raise OSError(number, os.strerror(number)) from None
        raise InputError(
            f"The {what} could not be made from these DICOM headers ({type(error).__name__}); check the source series."
        ) from None


def _system_error(error: BaseException) -> int | None:
    """The system's number of what failed; pydicom raises a full disk's error anew, without it."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        if isinstance(current, OSError) and current.errno is not None:
            return current.errno
        seen.append(current)
        current = current.__cause__ or current.__context__
    return None
