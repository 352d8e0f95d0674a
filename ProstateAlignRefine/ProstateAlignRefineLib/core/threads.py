"""How many threads numerical libraries compute with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

THREADS = "OMP_NUM_THREADS"  # numerical libraries' own switch, read where they are imported


def threads() -> int:
    """As many as the process may use cores, or as numerical libraries are told by OMP_NUM_THREADS."""
    told = os.environ.get(THREADS, "")
    if told.isascii() and told.isdecimal() and int(told):
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_numpy() -> None:
    """NumPy, its BLAS with one thread, where it is not loaded yet: nothing here multiplies large matrices with it, and
    further threads would spin while they wait."""
    with one_thread_each():
        import_module("numpy")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile compute with one thread each.

    With more, those of NumPy's BLAS spin while they wait for cores that the other processes hold.
    """
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
