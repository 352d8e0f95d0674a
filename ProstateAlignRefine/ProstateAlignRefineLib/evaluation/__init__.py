"""Figures of merit for lesion segmentation and detection."""
