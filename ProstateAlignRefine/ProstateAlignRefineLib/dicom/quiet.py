"""Calling highdicom so that no patient name it may speak of reaches a log or an error message."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.errors import InputError


@contextmanager
def quietly(what: str) -> Iterator[None]:
    """Warnings and log lines within are dropped; an error becomes an InputError that quotes nothing from it."""
    logger = logging.getLogger("highdicom")
    was_disabled = logger.disabled
    children = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("highdicom.")]
    states = [child.disabled for child in children]
    for one in (logger, *children):
        one.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"The {what} could not be made from these DICOM headers ({type(error).__name__}); check the source series."
        ) from None
    finally:
        for one, state in zip((logger, *children), (was_disabled, *states), strict=True):
            one.disabled = state
