"""What nnU-Net's --save_probabilities writes beside its masks (nnU-Net v2 documentation: "run inference")."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.study_files import suffix_of

SUFFIX, KEY, BACKGROUND = ".npz", "probabilities", 0


def saved_probability(mask_file: Path, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """The probability of any lesion [Z, Y, X] on the mask's grid; None where no such file lies beside it.

    InputError where the file is none of nnU-Net's, or of an image of another `shape`.
    """
    path = mask_file.with_name(mask_file.name[: -len(suffix_of(mask_file))] + SUFFIX)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            classes = np.asarray(stored[KEY], dtype=np.float32)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
        raise InputError(
            f"'{path.name}' lies beside a mask and holds no probabilities of nnU-Net's; predict again, or move it away."
        ) from None
    if classes.ndim != 4 or classes.shape[1:] != shape:
        raise InputError(f"'{path.name}' is of an image of another size than the mask beside it; predict again.")
    lesion: NDArray[np.float32] = 1 - classes[BACKGROUND]
    return lesion
