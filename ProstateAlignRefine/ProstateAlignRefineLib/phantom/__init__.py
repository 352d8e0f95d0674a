"""Synthetic biparametric prostate MRI with known truth."""
