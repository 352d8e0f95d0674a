"""The pixels of a stack of slices as one volume, rescaled to what they measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.utils import pixel_array

from ...core.geometry import to_image
from .dataset import UnreadableError, read_image
from .frames import MULTI_FRAME, Frame
from .padding import padding_of
from .scaling import adc_scaling, read_adc, signal_scaling
from .stack import Stack

INVERTED = "MONOCHROME1"
_HEADER_ONLY = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def read_volume(stack: Stack, adc: bool = False) -> tuple[sitk.Image, tuple[Dataset, ...]]:
    """float32 volume on the stack's grid, and the headers of its files in slice order, without pixels.

    Rescale Slope and Intercept (0028,1053 / 1052, of enhanced images per frame) are applied; for an `adc` map
    the scaling that `adc_scaling` takes, and values are in 1e-6 mm2/s where it names a unit. Signals that are to be
    shown inverted (MONOCHROME1) are turned round. Padding (0028,0120) becomes 0, of signals the lowest value where
    that is less. UnreadableError where a file's pixels are damaged or compressed in a
    way that no installed decoder knows, or a scaling is.
    """
    slices = np.empty(stack.grid.shape, np.float32)
    datasets: dict[object, FileDataset] = {}
    for index, frame in enumerate(stack.frames):
        if frame.path not in datasets:
            datasets[frame.path] = read_image(frame.path)
        slices[index] = _slice(datasets[frame.path], frame, adc)
        if datasets[frame.path].SOPClassUID not in MULTI_FRAME:
            _drop_pixels(datasets[frame.path])
    for dataset in datasets.values():
        _drop_pixels(dataset)
    if not adc and stack.frames[0].photometric == INVERTED:
        slices = (np.nanmax(slices) + np.nanmin(slices)) - slices
    return to_image(_without_padding(slices, adc), stack.grid), tuple(datasets.values())


def _without_padding(slices: NDArray[np.float32], adc: bool) -> NDArray[np.float32]:
    padded = np.isnan(slices)
    if padded.any():
        slices[padded] = 0.0 if adc or padded.all() else min(0.0, float(slices[~padded].min()))
    return slices


def _slice(dataset: FileDataset, frame: Frame, adc: bool) -> NDArray[np.float64]:
    """One slice [row, column] in the units of its modality; not a number where it is padding."""
    if str(dataset.SOPInstanceUID) != frame.sop_instance:
        raise UnreadableError("a file that changed while it was read")
    stored = _stored(dataset, frame)
    if stored.shape != (frame.rows, frame.columns):
        raise UnreadableError("pixels that do not fit the image size")
    measured, signal = adc_scaling(frame.scalings), signal_scaling(frame.scalings)
    if measured.fault if adc else signal.fault:
        raise UnreadableError("a damaged scaling: " + (measured.fault if adc else signal.fault))
    values = read_adc(measured, stored) if adc else signal.applied(stored)
    values[padding_of(dataset, stored)] = np.nan
    return values


def _stored(dataset: FileDataset, frame: Frame) -> NDArray[Any]:
    try:
        return pixel_array(dataset, index=frame.number)
    except RuntimeError:  # pydicom has no decoder for this transfer syntax; SimpleITK's GDCM may
        return _decoded_by_simpleitk(dataset, frame)
    except Exception:  # pixel data of an untrusted file can fail anywhere in the decoder
        raise UnreadableError("damaged pixel data") from None


def _decoded_by_simpleitk(dataset: FileDataset, frame: Frame) -> NDArray[Any]:
    """Stored values of a compressed classic image: SimpleITK applies the rescale, which is taken back here."""
    if dataset.SOPClassUID in MULTI_FRAME:
        raise UnreadableError("pixels in a compression that no installed decoder reads")
    try:
        values = sitk.GetArrayFromImage(sitk.ReadImage(str(frame.path), sitk.sitkFloat64))[0]
    except RuntimeError:
        raise UnreadableError("pixels in a compression that no installed decoder reads") from None
    applied = signal_scaling(frame.scalings)
    stored: NDArray[Any] = (values - applied.intercept) / applied.slope
    return stored


def _drop_pixels(dataset: Dataset) -> None:
    for keyword in _HEADER_ONLY:
        if keyword in dataset:
            delattr(dataset, keyword)
