"""The processes of one run, as torchrun starts them, and what they tell each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..core.errors import InputError
from ..inference.device import own_device

Made = TypeVar("Made")

PATIENCE = timedelta(days=2)  # the first process prepares cases while the others wait


@dataclass(frozen=True)
class Processes:
    """`rank` of `count`; the first has rank 0, and alone writes files."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether it is the one that writes files and speaks."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """This process's part of a batch; InputError where it cannot be divided."""
        if size % self.count:
            raise InputError(
                f"schedule.batch_size is {size}, which {self.count} processes cannot share; make it a multiple."
            )
        part = size // self.count
        return slice(self.rank * part, (self.rank + 1) * part)

    def device(self, name: str) -> str:
        """Which device this process computes on: its own GPU where several processes share `auto` or `cuda`."""
        return own_device(name, self.count, self.local_rank)

    def first_then_others(self, make: Callable[[], Made]) -> Made:
        """What `make` returns, called by the others once the first has done, and kept, the work."""
        if self.first:
            made = make()
            self.wait()
            return made
        self.wait()
        return make()

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network with gradients averaged over the processes; every trainable weight must take part in the loss."""
        return network if self.count == 1 else DistributedDataParallel(network)

    def wait(self) -> None:
        """Until every process has come here."""
        if self.count > 1:
            dist.barrier()

    def total(self, values: Tensor) -> Tensor:
        """Sum over the processes."""
        if self.count > 1:
            dist.all_reduce(values)
        return values

    def gather(self, part: Tensor) -> Tensor:
        """[B, ...] of all processes as one batch, in order of rank; the gradient flows into this process's part."""
        if self.count == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.count)]
        dist.all_gather(parts, part.detach().contiguous())
        parts[self.rank] = part
        return torch.cat(parts)


def no_reduction(network: nn.Module) -> AbstractContextManager[None]:
    """Gradients stay with the process, for all forwards of a step but the last."""
    return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()


@contextmanager
def joined_processes(device: str) -> Iterator[Processes]:
    """The processes that torchrun started, or this one alone. `device`: as given by the user."""
    if not dist.is_torchelastic_launched():
        yield Processes()
        return
    on_gpu = device != "cpu" and torch.cuda.is_available()
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    local_rank = dist.get_node_local_rank(0)
    if on_gpu:
        torch.cuda.set_device(local_rank)
    yield Processes(dist.get_rank(), dist.get_world_size(), local_rank)
    # Not where a process failed: it must end at once, so that torchrun stops those that wait for it.
    dist.destroy_process_group()
