"""What is said of the gland, worded once: on screen, in the report, and in the panel, which translates.

`_` marks what Slicer's extraction of texts for translation finds here, in the context CONTEXT.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.gland import Gland
from ..core.psa import psa_density
from .run import Run

CONTEXT = "results.gland_words"  # as Slicer's tools name this file


def _(text: str) -> str:
    return text


SIZE = _("Gland {volume:.1f} mL by its voxels, {ellipsoid:.1f} mL as an ellipsoid ({size} mm), outlined by {network}.")
THE_MODEL = _("the model")
DENSITY = _("PSA density {density:.2f} ng/mL/mL")
NO_GLAND = _("The model gives no gland; side and level are told from the middle and the thirds of the T2W images.")
NO_DENSITY = _("The PSA density is not known without it.")


def gland_text(gland: Gland | None, run: Run, translated: Callable[[str], str] = _) -> str:
    """Its size, who outlined it, and the PSA density where the PSA is known; else why there is none."""
    if gland is None:
        return translated(NO_GLAND) + ("" if run.psa is None else " " + translated(NO_DENSITY))
    text = translated(SIZE).format(
        volume=gland.volume_ml,
        ellipsoid=gland.ellipsoid_ml,
        size=" × ".join(f"{length:.0f}" for length in gland.size_mm),  # right-left, front-back, feet-head
        network=run.gland_by or translated(THE_MODEL),
    )
    return text if run.psa is None else f"{text} {density_text(run.psa, gland, translated)}."


def density_text(psa: float, gland: Gland, translated: Callable[[str], str] = _) -> str:
    """ "PSA density 0.11 ng/mL/mL", of a PSA in ng/mL."""
    return translated(DENSITY).format(density=psa_density(psa, gland.volume_ml))
