"""Ground between the results and 3D Slicer's scene: MRML nodes only, no widgets, no application."""
