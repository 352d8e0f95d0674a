"""DICOM files as headers, stacks and volumes."""
