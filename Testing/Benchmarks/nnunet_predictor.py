"""The real nnU-Net v2 predictor around a bundle's network: its tiles, its mirroring, its way to add them up."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from torch import Tensor, nn

from ProstateAlignRefineLib.core.geometry import Array
from ProstateAlignRefineLib.network.bundle import Bundle

CONFIGURATION = "3d_fullres"


class BaseLogits(nn.Module):
    """Three channels to two classes, as nnU-Net asks of a network; without the refiner, which it does not have."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self.network, self.text = bundle.network, bundle.text

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.network(image, self.text, refine=False).base_logits[0]
        return logits


def predictor(bundle: Bundle, mirroring: bool) -> Any:
    """As `nnUNetv2_predict` makes it on a CPU: steps of half a tile, Gaussian weights; `mirroring` along three axes."""
    made = nnUNetPredictor(use_mirroring=mirroring, device=torch.device("cpu"), allow_tqdm=False)
    patch = list(bundle.config.preprocessing.patch_size)
    plans = PlansManager({"configurations": {CONFIGURATION: {"patch_size": patch, "architecture": {}}}})
    network = BaseLogits(bundle)
    made.manual_initialization(
        network,
        plans,
        plans.get_configuration(CONFIGURATION),
        [network.state_dict()],
        {"labels": {"background": 0, "lesion": 1}},
        "nnUNetTrainer",
        (0, 1, 2),
    )
    return made


def logits_of(made: Any, volumes: Array) -> Array:
    """[2, Z, Y, X] of normalised volumes [3, Z, Y, X]."""
    logits: Array = made.predict_logits_from_preprocessed_data(torch.from_numpy(volumes)).float().numpy()
    return np.ascontiguousarray(logits)
