"""Whether an image file holds all the bytes that its header declares, checksums included."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import InputError

PIECE = 1 << 20
MOST_VOXELS = 1 << 30
AGAIN = "copy it again from its source, or export it again"
NOT_NUMBERS = "holds values that are not numbers or not finite; export it again."


class Packing(Enum):
    """How a file stores its voxels: as they are, or deflated with the header of gzip or of zlib."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZLIB = "zlib"


@dataclass(frozen=True)
class Declared:
    """What a header says of the voxels: `size` along each axis, `voxel_bytes`, and where their bytes begin.

    `skipped`: bytes before the voxels once unpacked. `placed`: whether the file says where in the patient it lies.
    `floats`: numpy's name of the voxels' type where they are to be searched for NaN, which ITK reads as 0 in NIfTI.
    """

    file: Path
    offset: int
    packing: Packing
    size: tuple[int, ...]
    voxel_bytes: int
    skipped: int = 0
    placed: bool = True
    floats: str = ""

    @property
    def data_bytes(self) -> int:
        """How many bytes the voxels take once unpacked."""
        return self.voxel_bytes * prod(self.size)


def require_whole(declared: Declared, what: str) -> None:
    """InputError where fewer bytes are there than declared, or a checksum is wrong."""
    require_size(declared.size, what)
    wanted = declared.skipped + declared.data_bytes
    try:
        found, finite = _taken(declared)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"The {what} is cut short or damaged: its compressed data break off; {AGAIN}.") from None
    if found < wanted:
        lacking = wanted - found
        raise InputError(f"The {what} is cut short: {lacking} of the {wanted} bytes that it declares lack; {AGAIN}.")
    if not finite:
        raise InputError(f"The {what} {NOT_NUMBERS}")


def require_size(size: Sequence[int], what: str) -> None:
    """InputError where no image is so large, or a length is none."""
    if any(length < 1 for length in size) or prod(size) > MOST_VOXELS:
        raise InputError(f"The {what} declares a size that no image has; its header is damaged, so {AGAIN}.")


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where it is a gzip file."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]  # both read bytes


def _taken(declared: Declared) -> tuple[int, bool]:
    """How many bytes there are, unpacked, and whether all voxels are finite as far as that was asked."""
    with declared.file.open("rb") as file:
        if declared.packing is Packing.PLAIN and not declared.floats:
            return file.seek(0, 2) - declared.offset, True
        file.seek(declared.offset)
        count, finite, rest = 0, True, b""
        for piece in _pieces(file, declared.packing):
            start = max(declared.skipped - count, 0)
            count += len(piece)
            if declared.floats and finite:
                voxels = rest + piece[start:]
                whole = len(voxels) - len(voxels) % declared.voxel_bytes
                finite = bool(np.isfinite(np.frombuffer(voxels[:whole], declared.floats)).all())
                rest = voxels[whole:]
        return count, finite


def _pieces(file: IO[bytes], packing: Packing) -> Iterator[bytes]:
    if packing is Packing.ZLIB:
        yield from _inflated(file)
    elif packing is Packing.GZIP:
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from iter(lambda: unpacked.read(PIECE), b"")
    else:
        yield from iter(lambda: file.read(PIECE), b"")


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    """Unpacked pieces. EOFError where the end, with its checksum, is missing."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib's or gzip's frame, as MetaImage readers take both
    while not unpacker.eof:
        piece = file.read(PIECE // 16)
        if not piece:
            raise EOFError
        yield unpacker.decompress(piece)
