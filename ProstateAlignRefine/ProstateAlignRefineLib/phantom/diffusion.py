"""The diffusion acquisition: distorted, noisy signals S0 exp(-b ADC) and the ADC map fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Grid, to_image, triple
from .canvas import Canvas
from .fields import Floats, NoiseBox
from .pelvis import Rectum
from .surroundings import rectum_distance
from .t2w import coil_field
from .tissue import Tissue


@dataclass(frozen=True)
class DiffusionProtocol:
    """b-values in s/mm2; `hbv_fitted`: the high-b image is computed from the fit, else acquired."""

    echo_ms: float
    b_values: tuple[float, ...]
    hbv_b: float
    hbv_fitted: bool
    snr: float
    blur: float
    coil: float
    mask_level: float
    shift_mm: tuple[float, float, float]
    distortion_mm: float
    susceptibility_mm: float
    along_x: bool
    interpolated: bool
    scale: float


_FIT_SETS = ((50.0, 400.0, 800.0), (0.0, 500.0, 1000.0), (50.0, 800.0), (0.0, 1000.0), (100.0, 400.0, 800.0, 1000.0))


def draw_diffusion_protocol(rng: np.random.Generator) -> DiffusionProtocol:
    """b-values of the fit and of the HBV as scanners offer them, half of the HBVs computed; up to 3 mm displaced."""
    direction = rng.normal(size=3) * (1.0, 1.0, 0.5)
    shift = direction / np.linalg.norm(direction) * rng.uniform(0.0, 3.0)
    return DiffusionProtocol(
        echo_ms=float(rng.uniform(55, 85)),
        b_values=_FIT_SETS[rng.integers(len(_FIT_SETS))],
        hbv_b=float(rng.choice([800, 1000, 1000, 1400, 1400, 1500, 2000])),
        hbv_fitted=bool(rng.random() < 0.5),
        snr=float(np.exp(rng.uniform(np.log(14), np.log(75)))),
        blur=float(rng.uniform(0.35, 0.8)),
        coil=float(rng.uniform(0.2, 1.3)),
        mask_level=float(rng.uniform(0.05, 0.32)) if rng.random() < 0.75 else 0.0,
        shift_mm=triple(shift),
        distortion_mm=float(rng.uniform(0.2, 1.6)),
        susceptibility_mm=float(rng.uniform(0.0, 6.0)),
        along_x=bool(rng.random() < 0.25),
        interpolated=bool(rng.random() < 0.2),
        scale=float(np.exp(rng.uniform(np.log(60), np.log(900)))),
    )


def distort(canvas: Canvas, protocol: DiffusionProtocol, coarse: NoiseBox, rectum: Rectum) -> Floats:
    """Move what each voxel sees (in place): motion, eddy currents, and the field of rectal gas.

    Returns the share of signal that is left beside the gas.
    """
    for points, shift in zip((canvas.x, canvas.y, canvas.z), protocol.shift_mm, strict=True):
        points[...] += np.float32(shift)
    bend = np.float32(protocol.distortion_mm) * coarse.on(canvas.grid)[3]
    left = np.ones_like(canvas.x)
    if rectum.content == Tissue.GAS or rectum.gas_level > -1:
        wall, depth = rectum_distance(rectum, canvas)
        near = np.exp(-((np.maximum(wall, 0) / np.float32(9.0)) ** 2))
        bend += np.float32(protocol.susceptibility_mm) * near * np.clip(-depth, -1, 1)
        left -= np.float32(0.08 * protocol.susceptibility_mm) * near
    target = canvas.x if protocol.along_x else canvas.y
    target += bend
    return np.clip(left, 0.2, 1.0)


def acquire_diffusion(
    rng: np.random.Generator, canvas: Canvas, protocol: DiffusionProtocol, left: Floats, reference: float
) -> tuple[sitk.Image, sitk.Image]:
    """ADC (1e-6 mm2/s) and HBV, uint16, on the canvas's grid; `reference` is the gland's S0, of which `snr` speaks."""
    s0, flux = canvas.maps
    adc = flux / np.maximum(s0, np.float32(1e-6))
    tilt = rng.normal(0, 0.5, 2)
    s0 = s0 * coil_field(canvas, protocol.coil, (float(tilt[0]), float(tilt[1]))) * left
    sigma = reference / protocol.snr
    measured = [_measure(rng, s0, adc, b, sigma=sigma, blur=protocol.blur) for b in protocol.b_values]
    fit, fit_s0 = fit_adc(np.stack(measured), protocol.b_values, sigma)
    if protocol.hbv_fitted:
        hbv = fit_s0 * np.exp(fit * np.float32(-protocol.hbv_b * 1e-6))
    else:
        hbv = _measure(rng, s0, adc, protocol.hbv_b, sigma=0.6 * sigma, blur=protocol.blur)
    seen = measured[0] > protocol.mask_level * reference
    fit = np.where(seen, fit, 0)
    hbv = np.where(seen, hbv, 0) if protocol.hbv_fitted else hbv
    hbv = hbv * np.float32(protocol.scale / reference)
    return _store(fit, canvas.grid, protocol), _store(hbv, canvas.grid, protocol)


def _measure(rng: np.random.Generator, s0: Floats, adc: Floats, b: float, *, sigma: float, blur: float) -> Floats:
    """A magnitude image at one b-value: blurred by the point spread, Rician noise, more averages at high b."""
    clean = sitk.GetImageFromArray(s0 * np.exp(adc * np.float32(-b * 1e-6)))
    for axis in (0, 1):
        clean = sitk.RecursiveGaussian(clean, blur, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    signal = np.maximum(sitk.GetArrayFromImage(clean), 0)
    spread = np.float32(sigma / np.sqrt(1 + b / 400.0))
    real, imaginary = rng.standard_normal((2, *signal.shape), dtype=np.float32) * spread
    magnitude: Floats = np.hypot(signal + real, imaginary)
    return magnitude


def fit_adc(signals: Floats, b_values: tuple[float, ...], floor: float) -> tuple[Floats, Floats]:
    """Log-linear fit of signals [b, z, y, x] of at least floor / 10: ADC (1e-6 mm2/s, 0 to 4000) and S0."""
    b = np.asarray(b_values, np.float32)
    logs = np.log(np.maximum(signals, np.float32(floor / 10)))
    centred = b - b.mean()
    slope = np.tensordot(centred, logs, axes=1) / np.float32((centred**2).sum())
    adc = np.clip(-slope * np.float32(1e6), 0, 4000)
    return adc, np.exp(logs.mean(axis=0) + adc * np.float32(b.mean() * 1e-6))


def _store(array: Floats, grid: Grid, protocol: DiffusionProtocol) -> sitk.Image:
    image = to_image(array.astype(np.float32), grid)
    if protocol.interpolated:
        x, y, z = grid.spacing
        finer = grid.with_spacing((x / 2, y / 2, z))
        image = sitk.Resample(image, finer.empty(), sitk.Transform(), sitk.sitkBSpline, 0.0, sitk.sitkFloat32)
    whole: sitk.Image = sitk.Cast(sitk.Clamp(sitk.Round(image), sitk.sitkFloat32, 0, 65535), sitk.sitkUInt16)
    return whole
