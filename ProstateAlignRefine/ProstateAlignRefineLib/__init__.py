"""Prostate lesion segmentation on biparametric MRI with Align then Refine (arXiv 2604.18713).

`api` holds what a Python user needs, and is offered here; see its examples. For research use only.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Model, SegmentedStudy, load_model, read_study, segment, study_of_arrays, study_of_images

__all__ = ["Model", "SegmentedStudy", "load_model", "read_study", "segment", "study_of_arrays", "study_of_images"]


def __getattr__(name: str) -> Any:
    # On demand: Slicer and the commands import this package for a part that needs none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import api

    return getattr(api, name)
