"""DICOM in and out: series matching, loading, segmentation objects."""
