"""Ground floor: geometry, study, maps, gate, lesions, report. Needs numpy, SimpleITK and Pillow."""
