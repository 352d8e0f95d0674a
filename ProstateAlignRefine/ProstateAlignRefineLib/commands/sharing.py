"""How the studies of a cohort are shared: among processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ..core.errors import InputError
from ..core.signals import bind_to_parent
from ..core.threads import one_thread_each

Study = TypeVar("Study")
Row = TypeVar("Row")

ENDED = "The process that segmented it ended before its time, as for lack of memory; close other programs."
RETRIES = 3
"""How often a study whose node was lost is given to another."""


def among_processes(
    act: Callable[[Study], Row], studies: Sequence[Study], workers: int
) -> Iterator[tuple[Study, Row | Exception]]:
    """What `act` says of each study, as it comes; the error where it fails. `act` can be pickled.

    Each process computes with one thread, so that they do not wait for one another's cores. Where one ends, as for lack
    of memory, the studies that were in work are done again, one at a time; InputError for one that ends it again.
    """
    waiting = deque(studies)
    while waiting:
        for study in (yield from _by_pool(act, waiting, workers)):
            if (yield from _by_pool(act, deque([study]), 1)):
                yield study, InputError(ENDED)


def _by_pool(
    act: Callable[[Study], Row], waiting: deque[Study], workers: int
) -> Generator[tuple[Study, Row | Exception], None, list[Study]]:
    """Takes studies from `waiting` until there are none, or a process ends: gives those that were then in work."""
    spawning = multiprocessing.get_context("spawn")
    given: dict[Future[Row], Study] = {}
    lost: list[Study] = []
    with one_thread_each(), ProcessPoolExecutor(workers, spawning, _begin) as pool:
        try:
            while not lost and (waiting or given):
                # No more than there are processes, so that what is given is in work.
                while waiting and len(given) < workers:
                    study = waiting.popleft()
                    try:
                        given[pool.submit(act, study)] = study
                    except BrokenProcessPool:
                        return [study, *given.values()]
                for done in wait(given, return_when=FIRST_COMPLETED).done:
                    error = done.exception()
                    if isinstance(error, BrokenProcessPool):
                        lost.append(given.pop(done))
                        continue
                    if error is not None and not isinstance(error, Exception):
                        raise error
                    yield given.pop(done), done.result() if error is None else error
            return [*lost, *given.values()]
        except BaseException:
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def _begin() -> None:
    """Asked to end, a process leaves nothing half-written."""
    bind_to_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def on_cluster(
    act: Callable[[Study], Row], studies: Sequence[Study], address: str, gpus: int
) -> Iterator[tuple[Study, Row | Exception]]:
    """As `among_processes`, one core and `gpus` a study, on the Ray cluster at `address`; studies of a lost node are
    done by others. InputError where there is no Ray, or no cluster.

    Every node has this package, and sees inputs and output at the same paths.
    """
    try:
        import ray
    except ImportError:
        raise InputError('--cluster needs the package ray; in the clone: pip install ".[ray]".') from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception:  # Ray has many, and their texts name hosts and folders
        raise InputError(
            "No Ray cluster of this Ray and Python version answers at the address; see docs/cluster.md."
        ) from None
    try:

        def done(study: Study) -> Row:
            return act(study)

        done_there = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES)(done)
        given = {done_there.remote(study): study for study in studies}
        while given:
            (ready,), _ = ray.wait(list(given), num_returns=1)
            study = given.pop(ready)
            try:
                yield study, ray.get(ready)
            except ray.exceptions.RayError as error:
                yield study, error
    finally:
        ray.shutdown()
