"""What a command does not spend processor time on: threads that spin, and looking for cycles among its objects."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from ProstateAlignRefineLib.core.uncollected import uncollected

COUNTED = """
import os
from ProstateAlignRefineLib.cli import parser_of
parser_of(["segment"])
import numpy
numpy.linalg.lstsq(numpy.random.rand(600, 16), numpy.random.rand(600))
print(len(os.listdir("/proc/self/task")), os.environ.get("OMP_NUM_THREADS"))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads as Linux tells them")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core alone has no second thread")
def test_a_command_starts_no_threads_of_the_blas_and_leaves_the_switch_of_the_others():
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", COUNTED], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "None"]


def test_cycles_are_looked_for_again_afterwards_whatever_happened():
    def fails() -> None:
        with uncollected():
            seen.append(gc.isenabled())
            raise KeyError

    seen: list[bool] = []
    with pytest.raises(KeyError):
        fails()
    assert [*seen, gc.isenabled()] == [False, True]
