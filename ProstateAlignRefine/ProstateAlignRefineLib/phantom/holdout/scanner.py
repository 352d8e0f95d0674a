"""The second family's sequences: truncated k-space, ghosts, uneven noise, perfusion and kurtosis in diffusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..canvas import Canvas
from ..fields import Floats


@dataclass(frozen=True)
class Scanner:
    """How the study was acquired. Echo times in ms, b-values in s/mm2, `shift` of the diffusion images in mm (LPS)."""

    t2w_echo_ms: float
    t2w_noise: float
    kept: float
    """Share of k-space acquired in plane."""
    ghost: float
    window: tuple[float, float]
    """Share of the range cut off below and above when T2W is stored."""
    coil: tuple[float, float, float]
    diffusion_echo_ms: float
    low_b: float
    fit_b: float
    hbv_b: float
    diffusion_noise: float
    perfusion: float
    kurtosis: float
    shift: tuple[float, float, float]
    stretch: tuple[float, float]
    scale: float


def draw_scanner(rng: np.random.Generator) -> Scanner:
    """Ranges overlap with the other family's and are not the same."""
    return Scanner(
        t2w_echo_ms=float(rng.uniform(85, 125)),
        t2w_noise=float(rng.uniform(0.01, 0.05)),
        kept=float(rng.uniform(0.55, 0.95)),
        ghost=float(rng.uniform(0.0, 0.06)),
        window=(float(rng.uniform(0, 0.04)), float(rng.uniform(0, 0.08))),
        coil=(float(rng.normal(0, 0.0025)), float(rng.normal(0, 0.004)), float(rng.normal(0, 0.003))),
        diffusion_echo_ms=float(rng.uniform(58, 80)),
        low_b=float(rng.choice([0, 50, 100])),
        fit_b=float(rng.choice([600, 800, 900])),
        hbv_b=float(rng.choice([1000, 1200, 1400, 1500, 1600])),
        diffusion_noise=float(rng.uniform(0.008, 0.025)),
        perfusion=float(rng.uniform(0.02, 0.10)),
        kurtosis=float(rng.uniform(0.3, 0.9)),
        shift=(float(rng.normal(0, 1.0)), float(rng.normal(0, 1.2)), float(rng.normal(0, 0.6))),
        stretch=(float(rng.normal(0, 0.02)), float(rng.normal(0, 0.03))),
        scale=float(np.exp(rng.uniform(np.log(50), np.log(1500)))),
    )


def scan_t2w(rng: np.random.Generator, canvas: Canvas, scanner: Scanner) -> NDArray[np.float64]:
    """[z, y, x] from 0 to 4000, clipped at both ends of its window."""
    signal = _truncate(canvas.maps[0] * _coil(canvas, scanner), scanner.kept)
    signal = signal + np.float32(scanner.ghost) * np.roll(signal, signal.shape[1] // 3, axis=1)
    spread = scanner.t2w_noise * float(np.percentile(signal[:, ::4, ::4], 95)) * _uneven(canvas)
    signal = np.abs(signal + rng.standard_normal(signal.shape, dtype=np.float32) * spread)
    low, high = np.percentile(signal[:, ::3, ::3], (100 * scanner.window[0], 100 - 100 * scanner.window[1]))
    levels: NDArray[np.float64] = np.clip((signal - low) / np.float32(max(high - low, 1e-6)), 0, 1) * np.float32(4000)
    return levels


def scan_diffusion(rng: np.random.Generator, canvas: Canvas, scanner: Scanner) -> tuple[Floats, Floats]:
    """ADC (1e-6 mm2/s) from two b-values, and an acquired high-b image."""
    s0, flux = canvas.maps
    adc = flux / np.maximum(s0, np.float32(1e-6))
    s0 = s0 * _coil(canvas, scanner)
    sigma = scanner.diffusion_noise * float(np.percentile(s0, 90)) * _uneven(canvas)
    low, high, hbv = (
        _diffusion_image(rng, s0, adc, b, sigma=sigma, scanner=scanner)
        for b in (scanner.low_b, scanner.fit_b, scanner.hbv_b)
    )
    floor = np.float32(1e-4) + sigma / 8
    ratio = np.log(np.maximum(low, floor) / np.maximum(high, floor))
    fit = np.clip(ratio / np.float32(scanner.fit_b - scanner.low_b) * np.float32(1e6), 0, 3500)
    return np.where(low > 5.0 * sigma, fit, 0), hbv / np.float32(np.percentile(hbv, 99)) * np.float32(scanner.scale)


def distort(canvas: Canvas, scanner: Scanner) -> None:
    """Shift and stretch what the canvas sees, in place."""
    x = canvas.x * np.float32(scanner.stretch[0])
    canvas.y[...] += np.float32(scanner.shift[1]) + canvas.y * np.float32(scanner.stretch[1]) + x
    canvas.x[...] += np.float32(scanner.shift[0])
    canvas.z[...] += np.float32(scanner.shift[2])


def _diffusion_image(
    rng: np.random.Generator, s0: Floats, adc: Floats, b: float, *, sigma: Floats, scanner: Scanner
) -> Floats:
    """Perfusion decays first; kurtosis holds the tail up. Averages grow with b."""
    exponent = adc * np.float32(b * 1e-6)
    tail = np.exp(-exponent + np.minimum(exponent, 3) ** 2 * np.float32(scanner.kurtosis / 6 * 0.3))
    fast = np.float32(scanner.perfusion * np.exp(-0.012 * b))
    image = _truncate(s0 * ((1 - np.float32(scanner.perfusion)) * tail + fast), scanner.kept)
    image = image + np.float32(0.5 * scanner.ghost) * np.roll(image, image.shape[1] // 2, axis=1)
    noise = rng.standard_normal((2, *s0.shape), dtype=np.float32) * (sigma / np.float32(np.sqrt(1 + b / 500)))
    magnitude: Floats = np.hypot(image + noise[0], noise[1])
    return magnitude


def _coil(canvas: Canvas, scanner: Scanner) -> Floats:
    x, y, z = (np.float32(c) for c in scanner.coil)
    gain: Floats = np.exp(np.clip(x * canvas.x + y * canvas.y + z * canvas.z, -1, 1))
    return gain


def _uneven(canvas: Canvas) -> Floats:
    """Noise is strongest in the middle, where parallel imaging separates worst."""
    gain: Floats = 1 + np.float32(0.8) * np.exp(-(canvas.x**2 + canvas.y**2) / np.float32(2 * 30.0**2))
    return gain


def _truncate(signal: Floats, kept: float) -> Floats:
    """Zero the outer k-space in plane: blur with ringing."""
    spectrum = np.fft.rfft2(signal)
    rows = np.abs(np.fft.fftfreq(signal.shape[1])) <= 0.5 * kept
    columns = np.fft.rfftfreq(signal.shape[2]) <= 0.5 * kept
    return np.fft.irfft2(spectrum * np.outer(rows, columns), s=signal.shape[1:]).astype(np.float32)


def stored(array: NDArray[np.floating], like: sitk.Image) -> sitk.Image:
    """uint16 image with the geometry of `like`."""
    image = sitk.GetImageFromArray(np.clip(np.round(array), 0, 65535).astype(np.uint16))
    image.CopyInformation(like)
    return image
