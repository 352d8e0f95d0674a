"""The study on its way to the worker: three files in a private folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..core.storage.image_writing import write_image
from ..core.study import Modality
from ..scene.volumes import Inputs, image_of


@dataclass(frozen=True)
class Handover:
    """A request's own folders inside the worker's private one."""

    study: Path
    maps: Path

    def discard(self) -> None:
        """Removes both: what they held is in the scene, or no longer wanted."""
        shutil.rmtree(self.study.parent, ignore_errors=True)


def hand_over(inputs: Inputs, folder: Path, request: int) -> Handover:
    """Writes the volumes uncompressed; InputError where one cannot be used. File names hold no patient data."""
    images = {modality: image_of(node) for modality, node in zip(Modality, inputs, strict=True)}
    handover = Handover(folder / str(request) / "study", folder / str(request) / "maps")
    handover.study.mkdir(parents=True)
    handover.maps.mkdir()
    for modality, image in images.items():
        write_image(image, handover.study / f"study_{modality.value}.mha", compressed=False)
    return handover
