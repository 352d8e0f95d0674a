"""Processes that share the cores compute with one thread each, and leave this process as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import pytest
import SimpleITK as sitk
import torch

from ProstateAlignRefineLib.commands.sharing import among_processes
from ProstateAlignRefineLib.core.threads import SWITCHES
from ProstateAlignRefineLib.core.threads import threads as engine_threads
from ProstateAlignRefineLib.training.pool import mapped


def threads_there(_item: int) -> tuple[int, int, int]:
    """Of ONNX Runtime, torch and SimpleITK in the process that runs this."""
    return engine_threads(), torch.get_num_threads(), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()


def by_pool(items: Sequence[int]) -> list[tuple[int, int, int]]:
    return list(mapped(threads_there, items, 2))


def by_sharing(items: Sequence[int]) -> list[tuple[int, int, int] | Exception]:
    return [row for _item, row in among_processes(threads_there, items, 2)]


@pytest.mark.parametrize("shared", [by_pool, by_sharing])
def test_each_process_has_one_thread_in_every_library(shared: Callable[..., list], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SWITCHES[0], "2")
    monkeypatch.delenv(SWITCHES[1], raising=False)
    assert shared([0, 1]) == [(1, 1, 1)] * 2
    assert [os.environ.get(switch) for switch in SWITCHES] == ["2", None]
