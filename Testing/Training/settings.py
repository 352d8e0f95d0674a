"""Settings that tests of the training share."""

import torch

from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.training.augmentation import AugmentationSettings
from ProstateAlignRefineLib.training.intensity import IntensitySettings

CPU = Compute(torch.device("cpu"), "fp32")
NO_INTENSITY = IntensitySettings(0, 0, 0, 0, 0, 0)
NO_AUGMENTATION = AugmentationSettings(
    rotation=0,
    rotation_degrees=0,
    scaling=0,
    scale=(1, 1),
    mirror=0,
    mirror_axes=("x",),
    misalignment=0,
    shift_share=0,
    modality_dropout=(),
    rescaling=0,
    rescalings=(),
    intensity=NO_INTENSITY,
)
