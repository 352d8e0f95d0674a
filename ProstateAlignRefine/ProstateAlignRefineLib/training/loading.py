"""Which patches a process reads in an epoch, in which order, and the workers that make them."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import DataLoader

from ..network.baselines import PARTS
from .cases import CaseShare
from .config import TrainingConfig
from .patches import Patch, PatchDataset, PatchPlan
from .processes import Processes


def reads_whole_regions(config: TrainingConfig, epoch: int) -> bool:
    """In the last of the joint epochs and from then on, by networks that can."""
    joint, whole = config.schedule.joint_epochs, config.schedule.whole_region_epochs
    return PARTS[config.network].any_size and whole > 0 and joint - whole <= epoch


def epoch_steps(
    config: TrainingConfig, cases: CaseShare, epoch: int, processes: Processes, workers: int
) -> Iterator[list[list[Patch]]]:
    """Every step's forwards, each a list of patches: this process's part of the batch, or one whole region.

    The n-th patch of an epoch is the same for any number of processes and workers.
    """
    schedule = config.schedule
    whole = reads_whole_regions(config, epoch)
    batch = processes.count if whole else schedule.batch_size
    size = None if whole else schedule.patch_size
    architecture = config.architecture
    plan = PatchPlan(
        size,
        architecture.size_divisor,
        schedule.foreground_share,
        config.augmentation,
        anatomy=architecture.anatomy,
        sizes_ml=schedule.sizes_ml,
        mined_share=schedule.mined_share,
    )
    forwards = schedule.iterations * schedule.accumulate
    patches = PatchDataset(cases, plan, forwards * batch, config.seed, epoch)
    part = processes.share(batch)
    order = [list(range(n * batch, (n + 1) * batch))[part] for n in range(forwards)]
    loader = iter(DataLoader(patches, batch_sampler=order, collate_fn=list, num_workers=workers))
    for _ in range(schedule.iterations):
        yield [next(loader) for _ in range(schedule.accumulate)]
