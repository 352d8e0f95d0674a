"""DICOM objects out of results: SEG, SR, derived series."""
