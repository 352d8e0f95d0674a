"""Untrusted files are counted with a reason and never end the scan."""

import os
import zlib
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from Dicom.making import change
from ProstateAlignRefineLib.dicom.read.folder import scan_folder


@pytest.fixture
def slice_file(study_folder: Path) -> Path:
    return study_folder / "t2w" / "0001.dcm"


def test_sound_study_is_found_whole(study_folder):
    scan = scan_folder(study_folder)
    assert sorted(len(frames) for frames in scan.series.values()) == [10, 10, 10]
    assert not scan.skipped


def test_text_empty_and_truncated_files_are_counted(study_folder, slice_file):
    (study_folder / "notes.txt").write_text("not DICOM at all, but long enough to hold a preamble" * 9)
    (study_folder / "empty").write_bytes(b"")
    (study_folder / "cut.dcm").write_bytes(slice_file.read_bytes()[:400])
    scan = scan_folder(study_folder)
    assert len(scan.frames) == 30
    assert scan.skipped["not a DICOM file"] == 2
    assert sum(scan.skipped.values()) == 3


def test_implausible_matrix_is_refused(study_folder, slice_file):
    def lie(dataset: Dataset) -> None:
        dataset.Rows = dataset.Columns = 65535

    change(slice_file.parent, lie, slice_file.name)
    assert scan_folder(study_folder).skipped == {"implausible image size": 1}


def test_deep_nesting_is_refused(study_folder, slice_file):
    header = slice_file.read_bytes()
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff"
    (study_folder / "nested.dcm").write_bytes(header[: header.index(b"\x10\x00\x10\x00PN")] + (sequence + item) * 5000)
    assert len(scan_folder(study_folder).frames) == 30


def test_deflate_bomb_is_refused_in_bounded_memory(study_folder, slice_file):
    dataset = dcmread(slice_file)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(study_folder / "bomb.dcm")
    whole = (study_folder / "bomb.dcm").read_bytes()
    start = 144 + dcmread(slice_file).file_meta.FileMetaInformationGroupLength
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = b"\0" * 2**20
    bomb = b"".join(compressor.compress(zeros) for _ in range(100)) + compressor.flush()
    head = whole[: 144 + int(dcmread(study_folder / "bomb.dcm").file_meta.FileMetaInformationGroupLength)]
    assert start < len(whole)
    (study_folder / "bomb.dcm").write_bytes(head + bomb)
    assert scan_folder(study_folder).skipped == {"deflated data too large": 1}


def test_other_objects_and_copies_are_counted(study_folder, slice_file):
    dataset = dcmread(slice_file)
    dataset.save_as(study_folder / "copy.dcm")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = generate_uid()
    dataset.save_as(study_folder / "capture.dcm")
    assert scan_folder(study_folder).skipped == {"copy of another file": 1, "not an MR image": 1}


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_slice_without_geometry_is_counted(study_folder, slice_file, keyword):
    change(slice_file.parent, lambda dataset: delattr(dataset, keyword), slice_file.name)
    assert scan_folder(study_folder).skipped == {"missing or damaged geometry": 1}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes exist on POSIX systems only")
def test_a_pipe_in_the_folder_does_not_block(study_folder):
    os.mkfifo(study_folder / "pipe")
    assert scan_folder(study_folder).skipped == {"not a regular file": 1}
