"""Names of the DICOM objects that are made of a result, whoever writes them."""

SEGMENTATION_NAME = "lesions.seg.dcm"
MEASUREMENTS_NAME = "lesions.sr.dcm"
GLAND_NAME = "gland.seg.dcm"
SIMILARITY_FOLDER = "similarity"
REPORT_PDF_NAME = "report.pdf.dcm"
