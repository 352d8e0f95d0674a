"""What the worker does for a request: describe the device, segment a study. Keeps the last bundle loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ..bundle.config import CONFIG_FILE
from ..bundle.network_grid import network_grid
from ..core.errors import InputError
from ..core.exchange import write_exchange
from ..core.geometry import Grid
from ..core.gland_wheel import read_gland_network
from ..core.maps import laid_maps
from ..core.protocol import Describe, Described, Finished, Message, Progress, Segment
from ..core.study_files import find_study_files
from .asking import with_prompt
from .device import Compute, computed_otherwise
from .engine.choice import Loaded, compute_for, load_for
from .gland_network import with_network_gland
from .last_forward_pass import LastForwardPass
from .pace import expected_seconds, note_seconds
from .segment import answer
from .versions import versions

Send = Callable[[Message], None]

# An ordinary axial T2W: what the time estimate is for.
USUAL_T2W = Grid((384, 384, 24), (0.5, 0.5, 3.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))

_last = LastForwardPass()


def describe(request: Describe, send: Send) -> None:
    """Answers with what would compute, how long a usual T2W would take (s; 0 where that is not known), and versions."""
    compute = compute_for(Path(request.bundle) if request.bundle else None, request.device)
    seconds = 0.0
    if request.bundle:
        bundle = _bundle(request.bundle, compute)
        shape = network_grid(USUAL_T2W, bundle.config.preprocessing).shape
        seconds = expected_seconds(bundle.sha256, compute.description, shape)
    send(Described(request.request, compute.description, seconds, versions()))


def segment(request: Segment, send: Send) -> None:
    """Answers with maps in the requested folder, on the grid of the T2W as it was given; InputError as
    `segment_entered`."""

    def progress(stage: str, done: int, whole: int) -> None:
        send(Progress(request.request, stage, done, whole))

    progress("read", 0, 1)
    files = find_study_files(Path(request.study))
    if files is None:
        raise InputError("The study did not reach the worker; segment again.")
    progress("load", 0, 1)
    compute = compute_for(Path(request.bundle), request.device)
    bundle = with_prompt(_bundle(request.bundle, compute), request.prompt)
    graph = read_gland_network(Path(request.gland_wheel)) if request.gland_wheel else None
    progress("load", 1, 1)
    answered = answer(_last.of(files, request.register, bundle, compute, progress), bundle, progress)
    result = with_network_gland(answered, graph)
    progress("write", 0, 1)
    # The panel lays the maps over the volume as its scene holds it.
    stored = result.study.stored
    maps = result.maps if stored is None else laid_maps(result.maps, stored)
    write_exchange(maps, Path(request.output))
    used, otherwise = result.compute, computed_otherwise(compute, result.compute)
    seconds, cautions = result.seconds, result.cautions
    if "network" in seconds:  # the last forward pass answers another prompt of the same study too
        shape = network_grid(result.study.grid, bundle.config.preprocessing).shape
        note_seconds(bundle.sha256, used.description, shape, seconds["network"])
    facts = used.description, used.precision, otherwise, seconds, versions(), cautions, result.gland_by
    send(Finished(request.request, *facts))


def _bundle(path: str, compute: Compute) -> Loaded:
    config = Path(path) / CONFIG_FILE
    return _load(path, compute.without_torch, config.stat().st_mtime_ns if config.is_file() else 0)


@lru_cache(maxsize=1)
def _load(path: str, without_torch: bool, changed: int) -> Loaded:
    """`changed`: when bundle.json was written, so that another bundle in the same place is loaded anew."""
    return load_for(Path(path), without_torch)
