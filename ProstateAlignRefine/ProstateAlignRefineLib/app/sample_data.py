"""The synthetic study in Slicer's Sample Data module: computed on the spot, so nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage.scratch import scratch_folder
from ..core.study import Modality
from ..scene.mrml import Scene, VolumeNode
from .i18n import _
from .launch import own_python, program
from .study_source import DicomHeaders, Opened, open_folder

CATEGORY = "Prostate"
TITLE = "Synthetic prostate bp-MRI"
SEED = 15
NAMES = [modality.name for modality in Modality]


def register(icons: Path) -> None:
    """Called when Slicer has started. SampleData wants lists of one length, though nothing is downloaded."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=TITLE,
        thumbnailFileName=str(icons / "SyntheticStudy.png"),
        uris=[f"computed:{name}" for name in NAMES],
        fileNames=[f"{name}.mha" for name in NAMES],
        nodeNames=NAMES,
        customDownloader=_make_nodes,
    )


def make_sample(scene: Scene, headers: DicomHeaders, seed: int = SEED) -> Opened:
    """Computes the study in a process of its own (a few seconds) and reads it into the scene."""
    with scratch_folder() as folder:
        study = folder / "study"
        command = program(own_python(), "ProstateAlignRefineLib", "phantom", "-o", str(study), "--seed", str(seed))
        done = subprocess.run(command, capture_output=True, cwd=folder, env=dict(os.environ), check=False)
        if done.returncode != 0:
            raise InputError(_("The synthetic study could not be computed; the worker's packages may be missing."))
        return open_folder(scene, study / "dicom", headers, lambda _studies: None)


def _make_nodes(_source: Any) -> list[VolumeNode]:
    """What the source's button does; what goes wrong is shown."""
    import slicer

    with slicer.util.tryWithErrorDisplay(_("The synthetic study could not be made."), waitCursor=True):
        return list(make_sample(slicer.mrmlScene, DicomHeaders(lambda _uid: None)).inputs)
