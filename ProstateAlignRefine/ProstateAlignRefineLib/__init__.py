"""Prostate lesion segmentation on biparametric MRI with Align then Refine (arXiv 2604.18713)."""

__version__ = "0.1.0"
