"""With which versions a result is made."""

import platform

import SimpleITK as sitk
import torch

from .. import __version__


def versions() -> dict[str, str]:
    return {
        "prostate-align-refine": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "SimpleITK": sitk.Version.VersionString(),
    }
