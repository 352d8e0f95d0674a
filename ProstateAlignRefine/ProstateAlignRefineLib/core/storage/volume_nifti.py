"""What a NIfTI header (versions 1 and 2) says of the voxels and of where they lie."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .volume_bytes import AGAIN, Declared, Packing, opened, require_size

TYPE_BYTES = {2: 1, 4: 2, 8: 4, 16: 4, 64: 8, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8}
FLOATS = (16, 64)
OTHER_TYPES = {0: "unknown", 1: "bits", 32: "complex numbers", 128: "colours", 1536: "128-bit numbers", 2304: "colours"}
COMPLEX = "complex numbers"
MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}
"""Of a metre, a millimetre and a micrometre; any other code is taken for millimetres."""

DISAGREEMENT_MM = 1.0
SPACING_SHARE = 0.01

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _Layout:
    """Byte offsets and struct codes of one version; `size` of the whole header."""

    size: int
    dim: tuple[int, str]
    datatype: int
    pixdim: tuple[int, str]
    offset: tuple[int, str]
    scaling: tuple[int, str]
    units: tuple[int, str]
    codes: tuple[int, str]
    quaternion: tuple[int, str]
    rows: tuple[int, str]


_ONE = _Layout(348, (40, "8h"), 70, (76, "8f"), (108, "f"), (112, "2f"), (123, "B"), (252, "2h"), (256, "6f"),
               (280, "12f"))  # fmt: skip
_TWO = _Layout(540, (16, "8q"), 12, (104, "8d"), (168, "q"), (176, "2d"), (500, "i"), (344, "2i"), (352, "6d"),
               (400, "12d"))  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """Codes of qform and sform, pixdim, quaternion with offset, and the rows of the sform."""

    codes: tuple[float, ...]
    steps: tuple[float, ...]
    quaternion: tuple[float, ...]
    rows: tuple[float, ...]


@dataclass(frozen=True)
class NiftiHeader:
    """`affine` [4, 4]: voxel index (x, y, z, 1) to LPS mm, sheared as it may be; None where both codes are 0."""

    declared: Declared
    affine: Matrix | None


def read_nifti_header(path: Path, what: str) -> NiftiHeader:
    """InputError where the header is none, damaged, or contradicts itself."""
    try:
        with opened(path) as file:
            raw = file.read(_TWO.size)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"The {what} is cut short or damaged: its compressed data break off; {AGAIN}.") from None
    layout, order = _layout(raw, what)

    def field(place: tuple[int, str]) -> tuple[float, ...]:
        return struct.unpack_from(order + place[1], raw, place[0])

    size = _size(field(layout.dim), what)
    kind = int(field((layout.datatype, "h"))[0])
    if kind not in TYPE_BYTES:
        raise InputError(
            f"The {what} holds {OTHER_TYPES.get(kind, COMPLEX)} in its voxels; give an image with one number a voxel."
        )
    if not np.isfinite(field(layout.scaling)).all():
        raise InputError(f"The {what} has a scaling of its values that is no number; export it again.")
    skipped = field(layout.offset)[0]
    if not 0 <= skipped < 1 << 40:
        raise InputError(f"The {what} has a damaged header; {AGAIN}.")
    packing = Packing.GZIP if _is_gzip(path) else Packing.PLAIN
    told = _Told(field(layout.codes), field(layout.pixdim), field(layout.quaternion), field(layout.rows))
    affine = _affine(told, size, what)
    unit = MILLIMETRES.get(int(field(layout.units)[0]) & 7, 1.0)
    if affine is not None:
        affine = RAS_TO_LPS @ np.diag([unit, unit, unit, 1.0]) @ affine
    first = 0 if packing is Packing.GZIP else int(skipped)
    behind = int(skipped) if packing is Packing.GZIP else 0
    floats = f"{order}f{TYPE_BYTES[kind]}" if kind in FLOATS else ""
    width = TYPE_BYTES[kind]
    return NiftiHeader(Declared(path, first, packing, size, width, behind, affine is not None, floats), affine)


def _layout(raw: bytes, what: str) -> tuple[_Layout, str]:
    for order in "<>":
        for layout, magic in ((_ONE, (344, b"n+1\0")), (_TWO, (4, b"n+2\0"))):
            starts = raw[:4] == struct.pack(order + "i", layout.size)
            if len(raw) >= layout.size and starts and raw[magic[0] : magic[0] + 4] == magic[1]:
                return layout, order
    raise InputError(f"The {what} cannot be read as an image: it is no whole NIfTI file; {AGAIN}.")


def _size(dim: tuple[float, ...], what: str) -> tuple[int, ...]:
    axes = int(dim[0])
    if not 1 <= axes <= 7:
        raise InputError(f"The {what} declares a size that no image has; its header is damaged, so {AGAIN}.")
    size = tuple(int(length) for length in dim[1 : axes + 1])
    require_size(size, what)
    return size


def _affine(header: _Told, size: tuple[int, ...], what: str) -> Matrix | None:
    """Voxel index to RAS in the header's unit; the sform where there is one. None where both codes are 0."""
    spacing = np.asarray(header.steps[1:4])
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise InputError(f"The {what} has a voxel spacing that is zero, negative or no number; export it again.")
    has_qform, has_sform = (code > 0 for code in header.codes)
    handedness = -1.0 if header.steps[0] < 0 else 1.0
    qform = _of_quaternion(header.quaternion, spacing, handedness) if has_qform else None
    sform = np.vstack([np.reshape(header.rows, (3, 4)), [0, 0, 0, 1]]) if has_sform else None
    told = [matrix for matrix in (sform, qform) if matrix is not None]
    if not told:
        return None
    if not all(np.isfinite(matrix).all() for matrix in told):
        raise InputError(f"The {what} has a position that is no number; export it again.")
    norms = np.linalg.norm(told[0][:3, :3], axis=0)
    if np.abs(norms / spacing - 1).max() > SPACING_SHARE:
        raise InputError(
            f"The {what} tells two voxel spacings, {_words(spacing)} mm and {_words(norms)} mm; export it again."
        )
    apart = _apart(told[0], told[-1], size)
    if apart > DISAGREEMENT_MM:
        raise InputError(
            f"The {what} tells two positions (qform and sform) that lie up to {apart:.1f} mm apart; keep the right "
            "one, and export it again."
        )
    return told[0]


def _of_quaternion(values: tuple[float, ...], spacing: Matrix, handedness: float) -> Matrix:
    """As the standard's method 2."""
    b, c, d, *offset = values
    a = np.sqrt(max(1.0 - (b * b + c * c + d * d), 0.0))
    length = np.sqrt(a * a + b * b + c * c + d * d)
    a, b, c, d = (value / length for value in (a, b, c, d))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * spacing * (1.0, 1.0, handedness)
    matrix[:3, 3] = offset
    return matrix


def _apart(one: Matrix, other: Matrix, size: tuple[int, ...]) -> float:
    """The largest distance, in the header's unit, between the places of a corner."""
    lengths = [*size[:3], 1, 1][:3]
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in lengths], [1])).reshape(4, -1)
    return float(np.linalg.norm(((one - other) @ corners)[:3], axis=0).max())


def _words(values: Matrix) -> str:
    return " x ".join(f"{value:.3g}" for value in values)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"
