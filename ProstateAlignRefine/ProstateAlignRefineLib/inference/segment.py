"""From a study to maps on its T2W grid: the whole way through the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..bundle.network_grid import field_of_view, network_grid
from ..core.cautions import Caution
from ..core.checks.coverage import Shown, shown, withheld_outside
from ..core.checks.result import result_cautions
from ..core.checks.study_cautions import looked_at
from ..core.checks.study_entry import entered
from ..core.geometry import Grid
from ..core.gland_shape import shaped_zones
from ..core.maps import MAP_NAMES, Maps
from ..core.study import Study
from .aiming import MOST_READS, about_gland
from .boundary import refined
from .device import Compute, on_torch_cpu
from .engine.choice import Loaded
from .engine.protocol import GpuMemoryError
from .predictor import maps_on, plan_forwards, predict, zones_on
from .preprocess import network_volumes
from .prompting import Region, prompted
from .soundness import checked_answer, is_finite

# (stage, done, all): stages "preprocess", "network", "maps"; `done` of `all` forwards in the stage "network".
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Segmentation:
    """Maps on the T2W grid, the device that made them in the end, and the seconds each stage took.

    `study`: as it was segmented, its ADC in 1e-6 mm2/s. `cautions`: its own, and what the answer gives reason for.
    `gland_by`: the network that outlined the gland; empty: the model itself.
    """

    maps: Maps
    compute: Compute
    seconds: dict[str, float]
    study: Study
    cautions: tuple[Caution, ...]
    gland_by: str = ""


@dataclass(frozen=True, eq=False)
class Unprompted:
    """What no prompt changes of an answer on the T2W grid, each made at the first answer."""

    study: Study
    region: Region

    @cached_property
    def seen(self) -> Shown:
        """Where the ADC and the HBV have an image."""
        return shown(self.study, self.study.grid)

    @cached_property
    def zones(self) -> NDArray[np.uint8] | None:
        """As the network tells them."""
        return zones_on(self.study.grid, self.region.grid, self.region.stacked)

    @cached_property
    def smooth_zones(self) -> NDArray[np.uint8] | None:
        """As they are shown."""
        return None if self.zones is None else shaped_zones(self.zones, self.study.grid)


@dataclass(frozen=True)
class ForwardPass:
    """What the network gave of a study, from which every prompt is answered: a bundle with a prompted head need not run
    again."""

    region: Region
    study: Study
    compute: Compute
    seconds: dict[str, float]
    unprompted: Unprompted


def segment_study(study: Study, bundle: Loaded, compute: Compute, progress: Progress) -> Segmentation:
    """Checks `study` as the commands do, and runs `bundle` on it. InputError where the study cannot be used."""
    return segment_entered(looked_at(entered(study)), bundle, compute, progress)


def segment_entered(study: Study, bundle: Loaded, compute: Compute, progress: Progress) -> Segmentation:
    """`segment_study` of a study that was checked where it was read, or that was made worse on purpose."""
    return answer(forward_pass(study, bundle, compute, progress), bundle, progress)


def forward_pass(study: Study, bundle: Loaded, compute: Compute, progress: Progress) -> ForwardPass:
    """The study through the network, read about the prostate where the network tells where that is: its instance norms
    see the whole region, so what else lies there moves the answer. Where GPU memory runs out the CPU does the same; the
    answer is the same, too.

    InputError where the computer's memory does not suffice, or the answer holds no usable numbers.
    """
    preprocessing = bundle.config.preprocessing
    progress("preprocess", 0, 1)
    seen = _read(study, bundle, network_grid(study.grid, preprocessing), compute, progress)
    reads = MOST_READS if bundle.config.architecture.anatomy else 1
    for _ in range(1, reads):
        aimed = about_gland(seen.region, field_of_view(study.grid, preprocessing))
        closer = _read(study, bundle, aimed, seen.compute, progress) if aimed else None
        if closer is None or closer.region.gland is None:
            break
        spent = {stage: seconds + seen.seconds[stage] for stage, seconds in closer.seconds.items()}
        seen = replace(closer, seconds=spent)
    return seen


def _read(study: Study, bundle: Loaded, grid: Grid, compute: Compute, progress: Progress) -> ForwardPass:
    """`forward_pass` on `grid`."""
    started = time.perf_counter()
    architecture = bundle.config.architecture
    volumes, _ = network_volumes(study, bundle.config.preprocessing, architecture.channels, grid)
    ready = time.perf_counter()
    progress("network", 0, 1)
    stacked, used = _predict(bundle, volumes, compute, progress)
    seconds = {"preprocess": ready - started, "network": time.perf_counter() - ready}
    region = Region(volumes, grid, stacked, architecture.features_per_stage[0])
    return ForwardPass(region, study, used, seconds, Unprompted(study, region))


def answer(forwarded: ForwardPass, bundle: Loaded, progress: Progress) -> Segmentation:
    """What the bundle says to its prompt, on the T2W grid; nothing is marked where ADC or HBV have no image."""
    started = time.perf_counter()
    progress("maps", 0, 1)
    study, region, known = forwarded.study, forwarded.region, forwarded.unprompted
    stacked = prompted(bundle, region)
    margins = maps_on(study.grid, region.grid, stacked[: len(MAP_NAMES)])
    maps = refined(bundle, study, region, stacked, replace(margins, zones=known.zones))
    seen = known.seen
    maps, withheld = withheld_outside(maps, seen)
    cautions = (*study.cautions, *withheld, *result_cautions(study, maps, region.grid, seen))
    maps = replace(maps, zones=known.smooth_zones)
    progress("maps", 1, 1)
    seconds = {**forwarded.seconds, "maps": time.perf_counter() - started}
    return Segmentation(maps, forwarded.compute, seconds, study, cautions)


def _predict(
    bundle: Loaded, volumes: NDArray[np.float32], compute: Compute, progress: Progress
) -> tuple[NDArray[np.float32], Compute]:
    """The checked answer and what gave it; what overflows in bf16 is computed in float32 once more."""
    stacked, used = _predict_where_it_fits(bundle, volumes, compute, progress)
    if used.precision == "bf16" and not is_finite(stacked):
        progress("network: bf16 overflowed, computing in fp32", 0, 1)
        stacked, used = _predict_where_it_fits(bundle, volumes, replace(used, precision="fp32"), progress)
    return checked_answer(stacked), used


def _predict_where_it_fits(
    bundle: Loaded, volumes: NDArray[np.float32], compute: Compute, progress: Progress
) -> tuple[NDArray[np.float32], Compute]:
    for candidate in _attempts(compute):
        plan = plan_forwards(bundle, volumes.shape[1:], candidate)
        try:
            stacked = predict(bundle, volumes, plan, candidate, lambda done, whole: progress("network", done, whole))
        except GpuMemoryError:
            progress("network: GPU memory full, computing on the CPU", 0, 1)
        else:
            return stacked, candidate
    raise MemoryError("the CPU attempt ended without a result")


def _attempts(compute: Compute) -> Iterator[Compute]:
    yield compute
    if compute.device.type == "cuda":
        yield on_torch_cpu()
