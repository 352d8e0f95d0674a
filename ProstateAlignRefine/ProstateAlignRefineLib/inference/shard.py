"""Several processes that share the studies of a cohort, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..core.errors import InputError
from .device import own_device

Study = TypeVar("Study")

TORCHRUN = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))


@dataclass(frozen=True)
class Shard:
    """`rank` of `count` processes, as torchrun starts them; `local_rank` on this machine."""

    rank: int
    count: int
    local_rank: int

    @classmethod
    def of_torchrun(cls) -> Shard:
        """From RANK, WORLD_SIZE and LOCAL_RANK; all studies where they are not set. InputError where they make no
        sense."""
        given = [os.environ.get(name, default) for name, default in TORCHRUN]
        if not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in given):
            raise InputError("RANK, WORLD_SIZE or LOCAL_RANK is no whole number; use torchrun, or unset them.")
        rank, count, local = map(int, given)
        if rank >= count:
            raise InputError("RANK is not below WORLD_SIZE; use torchrun, or unset them.")
        return cls(rank, count, local)

    def share(self, studies: Sequence[Study]) -> Sequence[Study]:
        """Every `count`-th, from `rank` on, so that long and short studies mix."""
        return studies[self.rank :: self.count]

    def device(self, name: str) -> str:
        """Each process on its own GPU, where the device is left to the program."""
        return own_device(name, self.count, self.local_rank)
