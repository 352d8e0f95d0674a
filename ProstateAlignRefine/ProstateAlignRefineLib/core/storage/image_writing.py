"""Image files that were read back: a full disk or a quota does not leave a file that looks like one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry import Array

try:
    from isal import isal_zlib as zlib  # to write and check a map costs a third of what it does with zlib
except ImportError:  # no wheel for macOS on Intel from Python 3.13 on; not installed into Slicer
    import zlib  # type: ignore[no-redef]

Bytes = NDArray[np.uint8]

_NIFTI = (".nii.gz", ".nii")
_GZIP = 31
"""zlib's word for a gzip file."""

_FAST = 1
_CLOSE_MM = 1e-3  # NIfTI keeps geometry in 32 bits


def write_image(image: sitk.Image, path: Path, *, compressed: bool = True) -> None:
    """Writes an image in the format of its name, whole; InputError, and no file, where it reads back as another."""
    try:
        if path.name.endswith(".gz"):
            _write_packed(image, path)
        else:
            sitk.WriteImage(image, str(path), useCompression=compressed)
        whole = _reads_back(image, path)
    except (RuntimeError, OSError):
        whole = False
    if not whole:
        path.unlink(missing_ok=True)
        raise InputError("An image could not be written in full; check free space, quota and permissions.")


def _write_packed(image: sitk.Image, path: Path) -> None:
    with TemporaryDirectory(dir=path.parent) as scratch:
        plain = Path(scratch) / path.stem
        sitk.WriteImage(image, str(plain))
        path.write_bytes(zlib.compress(plain.read_bytes(), _FAST, wbits=_GZIP))


def _reads_back(image: sitk.Image, path: Path) -> bool:
    if not path.name.endswith(_NIFTI):
        return _equal(image, sitk.ReadImage(str(path)))
    # ITK fills what a NIfTI file lacks with zeros, so the bytes themselves are compared, and gzip's check with them.
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return (
        reader.GetPixelID() == image.GetPixelID()
        and reader.GetSize() == image.GetSize()
        and _same_place(image, reader)
        and _holds(path, sitk.GetArrayViewFromImage(image))
    )


def _same_place(image: sitk.Image, read: sitk.Image | sitk.ImageFileReader) -> bool:
    scale = max(1.0, *map(abs, image.GetOrigin()))
    return all(
        np.allclose(getattr(image, name)(), getattr(read, name)(), rtol=0, atol=_CLOSE_MM * size)
        for name, size in (("GetOrigin", scale), ("GetSpacing", 1.0), ("GetDirection", 1.0))
    )


def _equal(image: sitk.Image, read: sitk.Image) -> bool:
    one, other = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(read)
    alike = one.dtype == other.dtype and one.shape == other.shape and _same_place(image, read)
    return alike and np.array_equal(_bytes(one), _bytes(other))


def _holds(path: Path, array: Array) -> bool:
    """Whether a NIfTI file ends on these voxels, all of them."""
    expected, content = _bytes(array), _content(path)
    return content is not None and content.size >= expected.size and np.array_equal(content[-expected.size :], expected)


def _content(path: Path) -> Bytes | None:
    """Uncompressed; None where a gzip file is damaged or ends early."""
    packed = path.read_bytes()
    if not path.name.endswith(".gz"):
        return np.frombuffer(packed, np.uint8)
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        content = unpacking.decompress(packed)
    except zlib.error:  # type: ignore[misc]  # isal calls it an instance
        return None
    return np.frombuffer(content, np.uint8) if unpacking.eof and not unpacking.unused_data else None


def _bytes(array: Array) -> Bytes:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
