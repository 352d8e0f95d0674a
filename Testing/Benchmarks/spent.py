"""What a command costs: processor time counts on a machine that may be busy."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Mapping


def spent(arguments: list[object], environment: Mapping[str, str]) -> tuple[float, float]:
    """Processor and clock seconds of `prostate-align-refine` with these, from its start to its end."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "ProstateAlignRefineLib", *map(str, arguments)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - start
