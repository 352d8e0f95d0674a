"""How many threads numerical libraries compute with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

THREADS = "OMP_NUM_THREADS"  # numerical libraries' own switch, read where they are imported
SWITCHES = (THREADS, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


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
    """Processes that are started meanwhile compute with one thread each, ITK too.

    With more, those of NumPy's BLAS spin while they wait for cores that the other processes hold.
    """
    before = {switch: os.environ.get(switch) for switch in SWITCHES}
    os.environ.update(dict.fromkeys(SWITCHES, "1"))
    try:
        yield
    finally:
        for switch, value in before.items():
            if value is None:
                del os.environ[switch]
            else:
                os.environ[switch] = value
