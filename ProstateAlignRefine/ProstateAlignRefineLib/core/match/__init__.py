"""Which volume is T2W, ADC and HBV: one set of rules, for DICOM series and for loaded volumes alike."""
