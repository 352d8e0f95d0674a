"""Opening one untrusted DICOM file: its dataset, or the reason why it cannot be used."""

from __future__ import annotations

import stat
import zlib
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

MOST_INFLATED = 64 * 2**20  # bytes; a deflated file may claim to be a thousand times its size
_META_START = 128 + 4 + 12  # preamble, "DICM", and the group length element that counts what follows
_PIECE = 2**16
# (0002,0000), (0008,0000), (0008,0001), (0008,0005), (0008,0008), (0008,0016), little endian
_FIRST_ELEMENTS = tuple(
    bytes(four) for four in ((2, 0, 0, 0), (8, 0, 0, 0), (8, 0, 1, 0), (8, 0, 5, 0), (8, 0, 8, 0), (8, 0, 22, 0))
)
_META_BYTES = 1024


class UnreadableError(Exception):
    """A file that cannot be used. The text is the reason, without its name and without anything it holds."""


def read_header(path: Path) -> FileDataset:
    """The dataset without its pixels; UnreadableError where the file is not sound DICOM."""
    return _read(path, stop_before_pixels=True)


def read_packed_header(content: bytes) -> FileDataset:
    """As `read_header`, of a file with a preamble that is in memory."""
    try:
        return dcmread(BytesIO(content), stop_before_pixels=True)
    except Exception:  # a damaged file can fail anywhere in the parser
        raise UnreadableError("damaged header") from None


def read_image(path: Path) -> FileDataset:
    """The dataset with its pixels; UnreadableError where the file is not sound DICOM."""
    return _read(path, stop_before_pixels=False)


def _read(path: Path, stop_before_pixels: bool) -> FileDataset:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError("not a regular file")
        if _lacks_preamble(path):
            return _without_preamble(path, stop_before_pixels)
        _refuse_inflation(path)
        return dcmread(path, stop_before_pixels=stop_before_pixels)
    except UnreadableError:
        raise
    except InvalidDicomError:
        raise UnreadableError("not a DICOM file") from None
    except FileNotFoundError:
        raise UnreadableError("a link to a file that is not there") from None
    except RecursionError:
        raise UnreadableError("sequences nested too deeply") from None
    except MemoryError:
        raise UnreadableError("too large to read") from None
    except Exception:  # a damaged file can fail anywhere in the parser
        raise UnreadableError("damaged header") from None


def _lacks_preamble(path: Path) -> bool:
    """Whether the dataset, or the file's own header, starts at the first byte, as old archives write it."""
    with path.open("rb") as file:
        start = file.read(132)
    return start[128:] != b"DICM" and start[:4] in _FIRST_ELEMENTS


def _without_preamble(path: Path, stop_before_pixels: bool) -> FileDataset:
    with path.open("rb") as file:
        if DeflatedExplicitVRLittleEndian.encode() in file.read(_META_BYTES).split(b"\0"):
            raise UnreadableError("deflated data without a file header")
    dataset = dcmread(path, stop_before_pixels=stop_before_pixels, force=True)
    if "SOPClassUID" not in dataset:
        raise UnreadableError("not a DICOM file")
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return dataset


def _refuse_inflation(path: Path) -> None:
    """pydicom inflates a deflated dataset whole, even for the header alone: measure it in pieces beforehand."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size = 0
    with path.open("rb") as file:
        file.seek(_META_START + int(meta.FileMetaInformationGroupLength))
        while piece := inflater.unconsumed_tail or file.read(_PIECE):
            size += len(inflater.decompress(piece, 2**20))
            if size > MOST_INFLATED:
                raise UnreadableError("deflated data too large")
