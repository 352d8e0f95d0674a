"""DICOM objects to an archive: C-STORE and STOW-RS."""
