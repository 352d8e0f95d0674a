"""Studies made worse on purpose: patients move, scanners differ, series are missing, people are built the other way."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.geometry import Grid, to_array, to_image, triple
from ..core.study import Study

Degrade = Callable[[Study, str], Study]

BLANK, INVERTED = "channel blank", "channel inverted"
ADC_FACTOR, T2W_GAMMA = "ADC times", "T2W gamma"
FACTORS = (ADC_FACTOR, T2W_GAMMA)  # 1 leaves the study as it was
BLANK_MM, BLANK_MARGIN = 5.0, 20
BULK = (0.5, 99.5)
"""Percentiles of the T2W that change places where it is inverted."""


@dataclass(frozen=True)
class Degradation:
    """`curve`: the quantity that is varied; `amount`: how far, as a label. `apply` takes the study and its name."""

    curve: str
    amount: str
    apply: Degrade


def unchanged(study: Study, _name: str) -> Study:
    """What the others are compared with."""
    return study


def shifted(study: Study, name: str, distance_mm: float) -> Study:
    """ADC and HBV displaced against the T2W, in its plane, in a direction that the name draws."""
    angle = float(_rng(name).uniform(0, 2 * np.pi))
    offset = study.grid.axes @ np.array([np.cos(angle), np.sin(angle), 0.0]) * distance_mm
    adc, hbv = (_moved(volume, offset) for volume in (study.adc, study.hbv))
    return replace(study, adc=adc, hbv=hbv)


def adc_scaled(study: Study, _name: str, factor: float) -> Study:
    """ADC values times `factor`, as a wrong unit or slope makes them."""
    return replace(study, adc=_with(study.adc, to_array(study.adc).astype(np.float32) * factor))


def hbv_noisy(study: Study, name: str, share: float) -> Study:
    """Rician noise: its standard deviation is this share of the HBV's median in the middle half of each axis."""
    signal = to_array(study.hbv).astype(np.float32)
    middle = signal[tuple(slice(n // 4, n - n // 4) for n in signal.shape)]
    deviation = share * float(np.median(middle))
    real, imaginary = _rng(name).normal(0, deviation, (2, *signal.shape)).astype(np.float32)
    return replace(study, hbv=_with(study.hbv, np.hypot(signal + real, imaginary)))


def t2w_gamma(study: Study, _name: str, gamma: float) -> Study:
    """Between the 0th and the 99.5th percentile."""
    values = to_array(study.t2w).astype(np.float32)
    top = max(float(np.percentile(values, 99.5)), 1e-6)
    return replace(study, t2w=_with(study.t2w, np.maximum(values / top, 0) ** gamma * top))


def t2w_biased(study: Study, name: str, strength: float) -> Study:
    """A smooth factor from 1 - strength to 1 + strength over the field of view, as of a coil's profile."""
    shape = study.grid.shape
    places = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij", sparse=True)
    direction = _rng(name).normal(size=(2, 3))
    slope, curve = (sum(w * p for w, p in zip(line, places, strict=True)) for line in direction)
    field = slope + 0.5 * np.asarray(curve) ** 2
    field = 2 * (field - field.min()) / max(float(np.ptp(field)), 1e-6) - 1
    return replace(study, t2w=_with(study.t2w, to_array(study.t2w).astype(np.float32) * (1 + strength * field)))


def mirrored(study: Study, _name: str) -> Study:
    """The patient seen in a mirror that stands upright through the middle of the T2W, facing along its rows."""
    normal, middle = study.grid.axes[:, 0], study.grid.centre
    t2w, adc, hbv = (_reflected(volume, normal, middle) for volume in (study.t2w, study.adc, study.hbv))
    return replace(study, t2w=t2w, adc=adc, hbv=hbv)


def t2w_inverted(study: Study, _name: str) -> Study:
    """What is dark is bright and the other way round: of a lesion nothing on T2W is as it should be but its outline."""
    values = to_array(study.t2w).astype(np.float32)
    low, high = (float(one) for one in np.percentile(values, BULK))
    return replace(study, t2w=_with(study.t2w, low + high - np.clip(values, low, high)))


def without_t2w(study: Study, _name: str) -> Study:
    """Zeros on the grid as it was, since the study lies on it."""
    return replace(study, t2w=_with(study.t2w, np.zeros(study.grid.shape, np.float32)))


def without_hbv(study: Study, _name: str) -> Study:
    """Zeros, which stay zeros when normalised: the channel says nothing."""
    return replace(study, hbv=_blank(study.grid, 0.0))


def without_adc(study: Study, _name: str, blank: float) -> Study:
    """`blank`: the value that becomes zero when normalised."""
    return replace(study, adc=_blank(study.grid, blank))


UNCHANGED = Degradation("as acquired", "", unchanged)
MIRRORED = Degradation("left and right swapped", "", mirrored)


def curves(blank_adc: float) -> Mapping[str, tuple[Degradation, ...]]:
    """By the quantity that is varied; `blank_adc`: the ADC that the bundle's preprocessing turns into zero."""
    named: dict[str, dict[str, Degrade]] = {
        "DWI displaced, mm": {f"{d:g}": partial(shifted, distance_mm=d) for d in (2.0, 4.0, 6.0)},
        ADC_FACTOR: {f"{f:g}": partial(adc_scaled, factor=f) for f in (0.8, 1.25)},
        "HBV noise, share of its signal": {f"{s:g}": partial(hbv_noisy, share=s) for s in (0.15, 0.3)},
        T2W_GAMMA: {f"{g:g}": partial(t2w_gamma, gamma=g) for g in (0.7, 1.5)},
        "T2W bias field": {"0.3": partial(t2w_biased, strength=0.3)},
        INVERTED: {"T2W": t2w_inverted},
        BLANK: {"T2W": without_t2w, "HBV": without_hbv, "ADC": partial(without_adc, blank=blank_adc)},
    }
    return {
        curve: tuple(Degradation(curve, amount, apply) for amount, apply in points.items())
        for curve, points in named.items()
    }


def degradations(blank_adc: float) -> tuple[Degradation, ...]:
    """The study as acquired first, its mirror image last."""
    return UNCHANGED, *(one for curve in curves(blank_adc).values() for one in curve), MIRRORED


def _moved(volume: sitk.Image, offset_lps: NDArray[np.float64]) -> sitk.Image:
    moved = sitk.Image(volume)
    moved.SetOrigin([float(a + b) for a, b in zip(volume.GetOrigin(), offset_lps, strict=True)])
    return moved


def _with(volume: sitk.Image, values: NDArray[np.float32]) -> sitk.Image:
    return to_image(values.astype(np.float32), Grid.of(volume))


def _reflected(volume: sitk.Image, normal: NDArray[np.float64], point: NDArray[np.float64]) -> sitk.Image:
    """Mirrored in the plane, its rows turned round so that the axes stay right-handed."""
    grid = Grid.of(volume)
    reflection = np.eye(3) - 2 * np.outer(normal, normal)
    axes = reflection @ grid.axes
    last = grid.to_lps((grid.size[0] - 1.0, 0.0, 0.0))
    origin = reflection @ (last - point) + point
    axes[:, 0] *= -1
    place = triple(origin)
    return to_image(
        np.ascontiguousarray(to_array(volume)[..., ::-1]),
        Grid(grid.size, grid.spacing, place, tuple(map(float, axes.ravel()))),
    )


def _blank(t2w: Grid, value: float) -> sitk.Image:
    """One value everywhere, far beyond the T2W too, so that no edge is seen."""
    coarse = t2w.with_spacing((BLANK_MM, BLANK_MM, BLANK_MM))
    x, y, z = (n + 2 * BLANK_MARGIN for n in coarse.size)
    wide = coarse.centre_box((x, y, z))
    return to_image(np.full(wide.shape, value, np.float32), wide)


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))
