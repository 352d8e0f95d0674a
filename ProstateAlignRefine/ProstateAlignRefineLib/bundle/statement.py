"""Whether a bundle has learned from synthetic images alone, and what one that has learned from patients says."""

from __future__ import annotations

SYNTHETIC = "Synthetic biparametric MRI made by this program; no patient was involved."
HEAD = "Its prompted head:"
RESEARCH_NOTICE = "Research model, not for clinical use."
RESEARCH_USE = "Research on lesion segmentation in biparametric prostate MRI. Not for diagnosis."


def only_synthetic(training_data: str) -> bool:
    """By what a bundle says of its training data, a head that was taught on a data set later included."""
    return training_data.startswith(SYNTHETIC) and HEAD not in training_data
