"""A sound file for each reader, small, from which damaged ones are made."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path

import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.core.protocol import Segment, encode
from ProstateAlignRefineLib.results.run import ModelFacts, Run, plain_run

FACTS = ModelFacts("model", "0" * 64, "Research only.", 0.35, 0.25, "prostate lesion", 0.065)
RUN = Run(FACTS, "prostate lesion", "CPU", "fp32", {"t2w": "a file"}, {"torch": "2.6"}, {"read": 1.5})
GRID = {"size": [2, 2, 2], "spacing": [1, 1, 1], "origin": [0, 0, 0], "direction": [1, 0, 0, 0, 1, 0, 0, 0, 1]}
FOLDS = [{"train": ["1_1"], "val": ["2_1"]}, {"train": ["2_1"], "val": ["1_1"]}]


def sample_of(reader: str) -> bytes:
    made = {
        "report": lambda: json.dumps({"format": 1, "run": plain_run(RUN, RUN.own_setting)}).encode(),
        "bundle": (starter_bundle_path() / "bundle.json").read_bytes,
        "panel-bundle": (starter_bundle_path() / "bundle.json").read_bytes,
        "cohort": lambda: b"case,t2w,adc,hbv\n1_1,a_t2w.mha,a_adc.mha,a_hbv.mha\n1_2,b_t2w.mha,b_adc.mha,b_hbv.mha\n",
        "folds-json": lambda: json.dumps(FOLDS).encode(),
        "folds-csv": lambda: b"case,fold\n1_1,0\n2_1,1\n",
        "marksheet": lambda: b"patient_id,study_id,case_ISUP,case_csPCa\n1,1,3,YES\n2,1,,NO\n",
        "message": lambda: encode(Segment(1, "/study", "/bundle", "prostate lesion", "/out")),
        "exchange": lambda: json.dumps(GRID).encode(),
        "zip": _zip,
        "dicom": _dicom,
        "nifti": lambda: _image("volume.nii"),
        "nifti-gz": lambda: gzip.compress(_image("volume.nii"), mtime=0),
        "metaimage": lambda: _image("volume.mha"),
    }
    return made[reader]()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("bundle.json", sample_of("bundle")), ("text.npz", b"text" * 20)):
            archive.writestr(zipfile.ZipInfo(f"model/{name}"), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _image(name: str) -> bytes:
    image = sitk.GaussianSource(sitk.sitkInt16, size=(6, 5, 4))
    image.SetSpacing((0.5, 0.6, 3.0))
    with tempfile.TemporaryDirectory() as folder:
        sitk.WriteImage(image, str(Path(folder) / name))
        return (Path(folder) / name).read_bytes()


def _dicom() -> bytes:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = MRImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = "1.2.3.4"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = "1.2.3", "1.2.3.5", "1.2.3.6"
    header.Modality, header.PatientName, header.PatientID = "MR", "DOE^JANE", "1"
    header.SeriesDescription, header.SeriesNumber = "t2_tse_tra", 3
    header.ImageType, header.ScanningSequence = ["ORIGINAL", "PRIMARY", "M"], ["SE"]
    header.EchoTime, header.RepetitionTime, header.AcquisitionTime = 100.0, 5000.0, "101010"
    header.ImagePositionPatient, header.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    header.PixelSpacing, header.SliceThickness = [0.5, 0.5], 3
    header.Rows = header.Columns = 4
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation, header.PixelData = 15, 0, b"\0" * 32
    stream = io.BytesIO()
    header.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
