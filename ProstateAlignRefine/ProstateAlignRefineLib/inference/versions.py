"""With which versions a result is made."""

import platform
import sys
from importlib import metadata

import SimpleITK as sitk

from .. import __version__

ENGINES = ("torch", "onnxruntime")


def versions() -> dict[str, str]:
    """Of the engines, those that this process has loaded."""
    return {
        "prostate-align-refine": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ENGINES if sys.modules.get(name) is not None},
        "SimpleITK": sitk.Version.VersionString(),
    }
