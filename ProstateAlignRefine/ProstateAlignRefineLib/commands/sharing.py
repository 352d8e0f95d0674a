"""How the studies of a cohort are shared: among processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from ..core.errors import InputError
from ..core.threads import one_thread_each

Study = TypeVar("Study")
Row = TypeVar("Row")

RETRIES = 3
"""How often a study whose node was lost is given to another."""


def among_processes(
    act: Callable[[Study], Row], studies: Sequence[Study], workers: int
) -> Iterator[tuple[Study, Row | Exception]]:
    """What `act` says of each study, as it comes; the error where it or its process ended. `act` can be pickled.

    Each process computes with one thread, so that they do not wait for one another's cores.
    """
    spawning = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(workers, mp_context=spawning) as pool:
        given = {pool.submit(act, study): study for study in studies}
        for done in as_completed(given):
            error = done.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield given[done], done.result() if error is None else error


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
