"""The same function over many items, by several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from ..core.signals import Stopped, bind_to_parent
from ..core.threads import one_thread_each

Item = TypeVar("Item")
Result = TypeVar("Result")


def mapped(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """`function` of every item, in order; in this process where `workers` is 1, else one thread a process."""
    if workers <= 1:
        yield from map(function, items)
        return
    # Spawned, not forked: the parent holds the thread pools of torch and SimpleITK.
    spawning = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(workers, spawning, bind_to_parent) as pool:
        try:
            yield from pool.map(function, items)
        except (KeyboardInterrupt, Stopped):
            for child in multiprocessing.active_children():
                child.terminate()
            raise
