"""What several prompts together say of each voxel. Without torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .settings import PromptedSettings

FOUND_VOXELS = 12  # of 3 x 1.5 x 1.5 mm: 0.08 mL


def strongest_change(
    settings: PromptedSettings, prompts: tuple[str, ...], changes: NDArray[np.float32], margin: NDArray[np.float32]
) -> NDArray[np.float32]:
    """[Z, Y, X]: what the prompts together add to the base `margin`, each voxel by the prompt that favours it most.

    `changes` [R, Z, Y, X]: what each reading of each prompt adds; a prompt favours what one of its readings does. One
    that gives a place is trusted where it finds nothing otherwise: what is found anyhow must not grow by it.
    """
    counts = [len(settings.readings(prompt)) for prompt in prompts]
    margins = margin + np.maximum.reduceat(changes, np.cumsum([0, *counts[:-1]]), axis=0)
    found = (margins > 0).sum(axis=(1, 2, 3)) >= FOUND_VOXELS
    trust = np.array([settings.trust_in(prompt) for prompt in prompts], np.float32)
    trusted = margins + np.where(found, np.float32(0), trust)[:, None, None, None]
    change: NDArray[np.float32] = trusted.max(axis=0) - margin
    return change
