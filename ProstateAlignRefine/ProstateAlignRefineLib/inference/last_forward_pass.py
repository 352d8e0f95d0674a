"""The last study that was read, so that another prompt on it needs no further run of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..core.checks.study_cautions import looked_at
from ..core.storage.files import file_sha256
from ..core.study import Modality
from ..core.study_files import read_study_files
from .device import Compute
from .engine.choice import Loaded
from .segment import ForwardPass, Progress, forward_pass


class LastForwardPass:
    """Keeps one forward pass, told by the bundle, the device and what the study's files hold."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[object, ...], ForwardPass] | None = None

    def of(
        self, files: Mapping[Modality, Path], register: bool, bundle: Loaded, compute: Compute, progress: Progress
    ) -> ForwardPass:
        """`register`: ADC and HBV are moved onto the T2W first.

        Kept only where the bundle has a prompted head: without one another prompt is another run.
        """
        if bundle.prompted is None:
            return forward_pass(looked_at(read_study_files(files), register), bundle, compute, progress)
        key = (bundle.sha256, compute, register, *(file_sha256(path) for path in files.values()))
        if self._kept is not None and self._kept[0] == key:
            return replace(self._kept[1], seconds={})
        self._kept = None  # before the next is made: two need twice the memory
        self._kept = key, forward_pass(looked_at(read_study_files(files), register), bundle, compute, progress)
        return self._kept[1]
