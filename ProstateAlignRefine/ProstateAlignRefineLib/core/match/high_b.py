"""Whether the b-value of a high-b image is as high as guidelines ask for."""

from __future__ import annotations

from ..cautions import Caution, caution

LEAST_B = 1400.0
"""s/mm2. PI-RADS v2.1 (Turkbey et al., Eur Urol 2019): high b-value images at 1400 or more, acquired or calculated."""


def high_b_cautions(b_value: float | None) -> tuple[Caution, ...]:
    """Of the HBV's b-value in s/mm2; an unknown one is not judged."""
    if b_value is None or b_value >= LEAST_B:
        return ()
    return (caution("hbv-low-b", b=f"{b_value:g}", least=f"{LEAST_B:g}"),)
