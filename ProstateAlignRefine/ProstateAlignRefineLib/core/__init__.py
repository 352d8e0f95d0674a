"""Ground floor: geometry, study, maps, gate, lesions, report. Imports numpy, SimpleITK, Pillow and the standard library."""
