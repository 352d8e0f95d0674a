"""What an exported MONAI bundle's configuration names: the network by itself, and the whole way from files to maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..core.cohort import read_cohort
from ..core.errors import InputError
from ..core.gate import gate_logits, gated_margin
from ..core.maps import write_volume
from ..core.orientation import laid_on
from ..core.study_files import read_study_files
from ..network.bundle import Bundle, load_bundle
from ..network.network import FOREGROUND, foreground_confidence
from .device import choose_compute
from .segment import segment_study

PROBABILITY, MASK = "probability.nii.gz", "lesion.nii.gz"


class RegionNetwork(nn.Module):
    """Normalised regions [B, C, Z, Y, X] on the network's grid to foreground probabilities [B, 1, Z, Y, X], gated.

    The bundle's own text guides it. Sizes are multiples of the architecture's `size_divisor`. What a bundle decides on
    the whole study (where it reads, its prompted head, its boundary refiner, the doubt outside the gland) is in
    `StudyFolders` alone.
    """

    def __init__(self, bundle: str) -> None:
        super().__init__()
        self.bundle: Bundle = load_bundle(Path(bundle))
        self.network = self.bundle.network

    def forward(self, image: Tensor) -> Tensor:
        """[1, 3, Z, Y, X] of the network's region to the probability of a lesion after the gate, [1, 1, Z, Y, X]."""
        config = self.bundle.config
        output = self.network(image, self.bundle.text.to(image.device))
        confidence = foreground_confidence(output.base_logits[0], config.confidence)
        logits = gate_logits(output.base_logits[0], output.refined_logits, confidence, config.tau, config.alpha)
        return torch.sigmoid(logits[:, FOREGROUND : FOREGROUND + 1] - logits[:, :FOREGROUND])


class StudyFolders:
    """Every study of a folder, at any depth, as `segment` segments it; files as in PI-CAI."""

    def __init__(self, network: RegionNetwork, dataset_dir: str, output_dir: str, device: str, precision: str) -> None:
        self.network = network
        self.folders = Path(dataset_dir), Path(output_dir)
        self.device, self.precision = device, precision

    def run(self) -> list[Path]:
        """Writes each study's gated probability and mask on its T2W grid; the folders written.

        InputError where there is no study.
        """
        given, output = self.folders
        found = {entry.case: entry.source for entry in read_cohort(given) if not isinstance(entry.source, Path)}
        if not found:
            raise InputError("The dataset's folder holds no files named *_t2w, *_adc and *_hbv; name another folder.")
        compute = choose_compute(self.device, self.precision)
        bundle = load_bundle(self.network.bundle.path, compute.torch_device)
        written = []
        for case, files in found.items():
            study = read_study_files(files)
            maps = segment_study(study, bundle, compute, lambda _stage, _done, _all: None).maps
            margin = gated_margin(maps, bundle.config.tau, bundle.config.alpha)
            stored = study.stored or maps.grid
            folder = output / case
            folder.mkdir(parents=True, exist_ok=True)
            probability = 1 / (1 + np.exp(-laid_on(margin, maps.grid, stored)))
            write_volume(probability.astype(np.float32), stored, folder / PROBABILITY)
            write_volume((probability > 0.5).astype(np.uint8), stored, folder / MASK)
            written.append(folder)
        return written
