"""Calling pydicom and highdicom so that nothing a header holds reaches a log, a warning or an error message."""

from __future__ import annotations

import logging
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
    """`silent`, and any error becomes an InputError that quotes nothing from it: `what` could not be made."""
    try:
        with silent():
            yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk is at fault, not the headers
        raise InputError(
            f"The {what} could not be made from these DICOM headers ({type(error).__name__}); check the source series."
        ) from None
