"""Opening one untrusted DICOM file: its dataset, or the reason why it cannot be used."""

from __future__ import annotations

import stat
import zlib
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

MOST_INFLATED = 64 * 2**20  # bytes; a deflated file may claim to be a thousand times its size
_META_START = 128 + 4 + 12  # preamble, "DICM", and the group length element that counts what follows
_PIECE = 2**16


class UnreadableError(Exception):
    """A file that cannot be used. The text is the reason, without its name and without anything it holds."""


def read_header(path: Path) -> FileDataset:
    """The dataset without its pixels; UnreadableError where the file is not sound DICOM."""
    return _read(path, stop_before_pixels=True)


def read_image(path: Path) -> FileDataset:
    """The dataset with its pixels; UnreadableError where the file is not sound DICOM."""
    return _read(path, stop_before_pixels=False)


def _read(path: Path, stop_before_pixels: bool) -> FileDataset:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError("not a regular file")
        _refuse_inflation(path)
        return dcmread(path, stop_before_pixels=stop_before_pixels)
    except UnreadableError:
        raise
    except InvalidDicomError:
        raise UnreadableError("not a DICOM file") from None
    except RecursionError:
        raise UnreadableError("sequences nested too deeply") from None
    except MemoryError:
        raise UnreadableError("too large to read") from None
    except Exception:  # a damaged file can fail anywhere in the parser
        raise UnreadableError("damaged header") from None


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
