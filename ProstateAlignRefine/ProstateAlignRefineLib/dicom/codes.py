"""The coded concepts of the results (DICOM PS3.16): what a lesion is, where it lies, what was measured."""

from __future__ import annotations

from pydicom.sr.coding import Code

ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")  # CID 7150
LESION = Code("52988006", "SCT", "Lesion")  # CID 7159; a detector proves no histology, so never "Neoplasm"
PROSTATE = Code("41216001", "SCT", "Prostate")  # CID 6300
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")  # CID 7162
