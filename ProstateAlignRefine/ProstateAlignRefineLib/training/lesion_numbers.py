"""A label's lesions told apart."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.errors import InputError
from ..core.geometry import Grid, to_array, to_image

MOST = int(np.iinfo(np.uint8).max)


def numbered_lesions(labels: sitk.Image) -> sitk.Image:
    """Connected lesions (26 neighbours) numbered from 1; label files hold grades instead. InputError where there are
    more than a byte can number, as in a mask of noise."""
    numbers, count = ndimage.label(to_array(labels) > 0, np.ones((3, 3, 3)))
    if count > MOST:
        raise InputError(f"the label holds {count} separate pieces, of which {MOST} can be told apart.")
    return to_image(numbers.astype(np.uint8), Grid.of(labels))
