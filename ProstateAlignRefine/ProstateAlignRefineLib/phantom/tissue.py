"""Relaxation and diffusion of pelvic tissues at 3 T, and what a sequence makes of them.

Means follow published measurements (see docs/phantom.md); every study draws its own values around them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from .fields import Floats


class Tissue(str, Enum):
    """What has T1, T2, ADC and density of its own; a value is its name in the facts of the truth."""

    FAT = "fat"
    MUSCLE = "muscle"
    MARROW = "marrow"
    CORTEX = "cortex"
    CARTILAGE = "cartilage"
    PERIPHERAL = "peripheral zone"
    TRANSITION = "transition zone"
    GLANDULAR = "glandular nodule"
    STROMAL = "stromal nodule"
    CENTRAL = "central zone"
    ANTERIOR_STROMA = "anterior fibromuscular stroma"
    CAPSULE = "capsule"
    URETHRA = "urethra"
    VESICLE = "seminal vesicle"
    BLADDER_WALL = "bladder wall"
    URINE = "urine"
    RECTAL_WALL = "rectal wall"
    MUCOSA = "mucosa"
    STOOL = "stool"
    GEL = "gel"
    GAS = "gas"
    VEIN = "vein"
    NODE = "lymph node"
    LESION = "lesion"


@dataclass(frozen=True)
class Properties:
    """T2 (ms), proton density (water 1), ADC (1e-6 mm2/s), and the share of the signal left in diffusion imaging
    (fat suppression, air)."""

    t2: float
    density: float
    adc: float
    diffusion_share: float = 1.0


@dataclass(frozen=True)
class Spread:
    """Relative spread of T2, of ADC and of the diffusion share between studies (log-normal sigma)."""

    t2: float = 0.12
    adc: float = 0.07
    share: float = 0.0


Entry = tuple[Properties, Spread]

_TABLE: dict[Tissue, Entry] = {
    Tissue.FAT: (Properties(200, 1.00, 300, 0.025), Spread(0.25, 0.2, 0.5)),
    Tissue.MUSCLE: (Properties(34, 0.85, 1300), Spread(0.10, 0.08)),
    Tissue.MARROW: (Properties(105, 0.80, 400, 0.035), Spread(0.20, 0.3, 0.5)),
    Tissue.CORTEX: (Properties(28, 0.3, 800, 0.3), Spread()),
    Tissue.CARTILAGE: (Properties(32, 0.60, 1300, 0.5), Spread(0.2)),
    Tissue.PERIPHERAL: (Properties(165, 0.95, 1720), Spread(0.18, 0.085)),
    Tissue.TRANSITION: (Properties(73, 0.90, 1245), Spread(0.12, 0.075)),
    Tissue.GLANDULAR: (Properties(135, 0.95, 1520), Spread(0.18, 0.09)),
    Tissue.STROMAL: (Properties(60, 0.85, 1080), Spread(0.12, 0.08)),
    Tissue.CENTRAL: (Properties(66, 0.87, 1170), Spread(0.12, 0.09)),
    Tissue.ANTERIOR_STROMA: (Properties(46, 0.80, 1160), Spread(0.15, 0.09)),
    Tissue.CAPSULE: (Properties(38, 0.75, 1200), Spread(0.12, 0.07)),
    Tissue.URETHRA: (Properties(125, 0.95, 1550), Spread(0.15, 0.1)),
    Tissue.VESICLE: (Properties(190, 1.00, 1750), Spread(0.30, 0.12)),
    Tissue.BLADDER_WALL: (Properties(58, 0.90, 1230), Spread(0.12, 0.1)),
    Tissue.URINE: (Properties(420, 1.00, 2950), Spread(0.15, 0.04)),
    Tissue.RECTAL_WALL: (Properties(62, 0.88, 1230), Spread(0.15, 0.1)),
    Tissue.MUCOSA: (Properties(100, 0.95, 1400), Spread(0.15, 0.1)),
    Tissue.STOOL: (Properties(45, 0.80, 950, 1.6), Spread(0.35, 0.25, 0.5)),
    Tissue.GEL: (Properties(300, 1.00, 2000), Spread(0.3, 0.1)),
    Tissue.GAS: (Properties(30, 0.01, 500), Spread()),
    Tissue.VEIN: (Properties(170, 0.90, 1900, 0.7), Spread(0.25, 0.15, 0.3)),
    Tissue.NODE: (Properties(90, 0.90, 950), Spread(0.15, 0.15)),
    Tissue.LESION: (Properties(92, 0.92, 860), Spread(0.10, 0.05)),
}

Values = tuple[float | Floats, ...]
Contrast = Callable[[Properties], Values]
"""Properties of a tissue to what each map of a canvas holds of it."""

TissueSet = Mapping[Tissue, Properties]


BRIGHT_SURROUNDINGS: Mapping[Tissue, Entry] = {
    Tissue.MUSCLE: (Properties(37, 0.85, 1300, 1.25), Spread(0.12, 0.08, 0.35)),
    Tissue.BLADDER_WALL: (Properties(58, 0.90, 1230, 1.1), Spread(0.12, 0.1, 0.2)),
    Tissue.RECTAL_WALL: (Properties(62, 0.88, 1230, 1.1), Spread(0.15, 0.1, 0.25)),
    Tissue.VEIN: (Properties(170, 0.90, 1800, 0.8), Spread(0.25, 0.15, 0.35)),
}
"""What lies around the gland as patients' diffusion images show it: up to as bright as the gland."""


def draw_tissues(rng: np.random.Generator, instead: Mapping[Tissue, Entry] | None = None) -> TissueSet:
    """One patient's tissues; entries of `instead` replace the table's."""
    return {tissue: vary(rng, *entry) for tissue, entry in (_TABLE | dict(instead or {})).items()}


def vary(rng: np.random.Generator, mean: Properties, spread: Spread) -> Properties:
    """Properties around `mean`, log-normal; where T2 is longer, ADC tends to be higher."""
    t2, adc, share = np.exp(rng.normal(0.0, 1.0, 3) * (spread.t2, spread.adc, spread.share))
    return Properties(mean.t2 * t2, mean.density, mean.adc * adc * t2**0.3, mean.diffusion_share * share)


def t2w_contrast(echo_ms: float) -> Contrast:
    """One map: the spin-echo signal PD exp(-TE / T2)."""

    def signal(tissue: Properties) -> Values:
        return (tissue.density * float(np.exp(-echo_ms / tissue.t2)),)

    return signal


def diffusion_contrast(echo_ms: float) -> Contrast:
    """Two maps: S0 = PD exp(-TE / T2), and S0 times ADC, so that mixed voxels average by signal."""

    def signal(tissue: Properties) -> Values:
        s0 = tissue.density * float(np.exp(-echo_ms / tissue.t2)) * tissue.diffusion_share
        return s0, s0 * tissue.adc

    return signal
