"""The coded concepts of the results (DICOM PS3.16): what a lesion is, where it lies, what was measured."""

from __future__ import annotations

from pydicom.sr.coding import Code

ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")  # CID 7150
LESION = Code("52988006", "SCT", "Lesion")  # CID 7159; a detector proves no histology, so never "Neoplasm"
ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")  # CID 7150
# Where, CID 6300; the side is CID 244.
PROSTATE = Code("41216001", "SCT", "Prostate")
PERIPHERAL_ZONE = Code("279706003", "SCT", "Peripheral zone of the prostate")
TRANSITION_ZONE = Code("399384005", "SCT", "Transition zone of the prostate")
ANTERIOR_STROMA = Code("717025007", "SCT", "Anterior fibromuscular stroma of prostate")
RIGHT_CENTRAL_ZONE = Code("716900007", "SCT", "Central zone of right half prostate")
LEFT_CENTRAL_ZONE = Code("716901006", "SCT", "Central zone of left half prostate")
RIGHT = Code("24028007", "SCT", "Right")
LEFT = Code("7771000", "SCT", "Left")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")  # CID 7162
MR_OF_PROSTATE = Code("719178004", "SCT", "Multiparametric MRI of prostate")  # CID 100; none for bi-parametric
VOLUME = Code("118565006", "SCT", "Volume")  # CID 7472
DIAMETER_3D = Code("L0JK", "IBSI", "Maximum 3D Diameter of a Mesh")  # CID 7470
LONG_AXIS = Code("103339001", "SCT", "Long Axis")  # CID 7470
SHORT_AXIS = Code("103340004", "SCT", "Short Axis")  # CID 7470
ADC = Code("113041", "DCM", "Apparent Diffusion Coefficient")  # CID 7469
MEAN = Code("373098007", "SCT", "Mean")  # CID 7464
CUBIC_CENTIMETRE = Code("cm3", "UCUM", "cubic centimeter")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
SQUARE_MICROMETRE_PER_SECOND = Code("um2/s", "UCUM", "square micrometer per second")  # 1e-6 mm2/s
NO_UNITS = Code("1", "UCUM", "no units")
COMMENT = Code("121106", "DCM", "Comment")
DIAGNOSTIC_REPORT = ("18748-4", "LN", "Diagnostic Imaging Report")  # CID 7000
