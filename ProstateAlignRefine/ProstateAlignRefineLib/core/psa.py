"""The PSA value a user types, and what it says for a gland of this size. It is patient data: never quote it back."""

from __future__ import annotations

import math

from .errors import InputError

MOST = 100_000.0
"""ng/mL; the highest values reported of metastatic disease are some tens of thousands."""


def read_psa(text: str) -> float | None:
    """Nanograms a millilitre, a decimal comma allowed; None where the text is empty. InputError for anything else."""
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise InputError("The PSA is not a positive number; give it in ng/mL, such as 6.2, or leave it out.")
    if value > MOST:
        raise InputError("The PSA is higher than any patient's; check its unit, ng/mL, and its decimal point.")
    return value


def psa_density(psa: float, gland_ml: float) -> float:
    """ng/mL of PSA a millilitre of gland (ng/mL/mL)."""
    return psa / gland_ml
