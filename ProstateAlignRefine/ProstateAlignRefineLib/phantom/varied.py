"""A third family, for training: tissues of any brightness, and what passes for cancer in one of the images.

After SynthSeg (Billot et al. 2023): what no single image shows reliably has to be told from all of them together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Grid, to_array, to_image
from .gland import GlandAnatomy, Lobe, Nodule
from .lesions import LesionPlan
from .tissue import Properties, Tissue, TissueSet

BENIGN = (
    Tissue.PERIPHERAL,
    Tissue.TRANSITION,
    Tissue.GLANDULAR,
    Tissue.CENTRAL,
    Tissue.ANTERIOR_STROMA,
    Tissue.CAPSULE,
    Tissue.MUSCLE,
    Tissue.FAT,
)
T2_RANGE_MS = (40.0, 220.0)
NODULE_ADC = (950.0, 1200.0)
NODULE_BRIGHTNESS = (1.0, 1.2)  # on HBV, against the transition zone
TYPICAL_B, TYPICAL_ECHO_MS = 1400.0, 75.0
SMALL_ML = (0.15, 0.6)
SPECKS_WITHIN_MM = 40.0


def any_brightness(rng: np.random.Generator, tissues: TissueSet) -> TissueSet:
    """In every second patient benign tissues have any T2; in all, ADC varies a little more than between patients."""
    free = rng.random() < 0.5
    changed = dict(tissues)
    for tissue in BENIGN:
        own = changed[tissue]
        t2 = float(np.exp(rng.uniform(*np.log(T2_RANGE_MS)))) if free else own.t2
        changed[tissue] = replace(own, t2=t2, adc=own.adc * float(np.exp(rng.normal(0.0, 0.05))))
    return changed


def harder_nodules(rng: np.random.Generator, gland: GlandAnatomy, tissues: TissueSet) -> GlandAnatomy:
    """The gland with two to six more stromal nodules a lobe, of low ADC and hardly bright on HBV, some of which bulge
    into the peripheral zone."""
    more: list[Nodule] = []
    for lobe in gland.lobes:
        more += [_nodule(rng, lobe, tissues, exophytic=False) for _ in range(int(rng.integers(2, 7)))]
        more += [_nodule(rng, lobe, tissues, exophytic=True) for _ in range(int(rng.integers(0, 2)))]
    return replace(gland, nodules=(*gland.nodules, *more))


def smaller(rng: np.random.Generator, plans: list[LesionPlan]) -> list[LesionPlan]:
    """Every second lesion has 0.15 to 0.6 mL."""
    return [_small(rng, plan) if rng.random() < 0.5 else plan for plan in plans]


def specked(rng: np.random.Generator, adc: sitk.Image, hbv: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """Both with up to six specks of noise near the middle: brighter in HBV, or darker in ADC, never in both."""
    grid = Grid.of(hbv)
    bright, dark = to_array(hbv).astype(np.float32), to_array(adc).astype(np.float32)
    for _ in range(int(rng.integers(0, 7))):
        weight = _speck(rng, grid)
        if rng.random() < 0.6:
            bright *= 1 + np.float32(rng.uniform(0.3, 0.9)) * weight
        else:
            dark *= 1 - np.float32(rng.uniform(0.1, 0.3)) * weight
    return _like(dark, adc), _like(bright, hbv)


def _nodule(rng: np.random.Generator, lobe: Lobe, tissues: TissueSet, exophytic: bool) -> Nodule:
    away = rng.normal(size=3)
    away /= np.linalg.norm(away)
    if exophytic:
        away[1] = abs(away[1])  # towards the back, where the peripheral zone is
    reach = rng.uniform(0.95, 1.2) if exophytic else 0.85 * rng.random() ** (1 / 3)
    radius = float(rng.uniform(2.5, 0.5 * float(lobe.radii.min())))
    radii = radius * np.exp(rng.normal(0, 0.18, 3))
    ground = tissues[Tissue.TRANSITION]
    plain = Properties(float(rng.uniform(45.0, 78.0)), 0.88, float(rng.uniform(*NODULE_ADC)))
    share = float(rng.uniform(*NODULE_BRIGHTNESS)) * _brightness(ground) / _brightness(plain)
    tissue = replace(plain, diffusion_share=share)
    return Nodule(lobe.centre + away * lobe.radii * reach, radii, tissue, float(rng.uniform(0.3, 1.0)), True, exophytic)


def _brightness(tissue: Properties) -> float:
    echo, diffusion = np.exp(-TYPICAL_ECHO_MS / tissue.t2), np.exp(-TYPICAL_B * tissue.adc * 1e-6)
    return float(tissue.density * echo * diffusion * tissue.diffusion_share)


def _small(rng: np.random.Generator, plan: LesionPlan) -> LesionPlan:
    volume = min(plan.volume_ml, float(np.exp(rng.uniform(*np.log(SMALL_ML)))))
    radius = (volume * 750.0 / np.pi) ** (1 / 3)
    beyond, edge = min(plan.beyond_capsule_mm, 0.4 * radius), min(plan.edge_mm, 0.6 * radius)
    return replace(plan, volume_ml=volume, beyond_capsule_mm=beyond, edge_mm=edge)


def _speck(rng: np.random.Generator, grid: Grid) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """[Z, Y, X], 1 in the middle of a speck 3 to 8 mm wide."""
    away = rng.normal(size=3)
    centre = grid.to_index(grid.centre + away / np.linalg.norm(away) * SPECKS_WITHIN_MM * rng.random() ** (1 / 3))
    width = rng.uniform(1.3, 3.4) / np.asarray(grid.spacing)
    distance = np.zeros(grid.shape, np.float32)
    for axis, count in enumerate(grid.size):
        steps = ((np.arange(count) - centre[axis]) / width[axis]) ** 2
        distance += steps.astype(np.float32).reshape([count if axis == at else 1 for at in (2, 1, 0)])
    weight: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = np.exp(np.float32(-0.5) * distance)
    return weight


def _like(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], image: sitk.Image) -> sitk.Image:
    written = to_image(values.astype(to_array(image).dtype), Grid.of(image))
    for key in image.GetMetaDataKeys():
        written.SetMetaData(key, image.GetMetaData(key))
    return written
