"""The T2-weighted acquisition: coil field, blur, noise, and the scale and gamma of the stored image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ..core.geometry import to_image
from .canvas import Canvas
from .fields import Floats, smooth_noise


@dataclass(frozen=True)
class T2wProtocol:
    """How T2W was acquired and stored: echo time in ms; `snr` of tissue to noise; `blur`: sigma in the plane, mm."""

    echo_ms: float
    snr: float
    blur: float
    gamma: float
    scale: float
    coil: float
    offset: float
    texture: float
    """Relative spread of the tissues' own fine structure."""


def draw_t2w_protocol(rng: np.random.Generator) -> T2wProtocol:
    """Echo times of 80 to 130 ms, signal to noise of 9 to 40."""
    return T2wProtocol(
        echo_ms=float(rng.uniform(80, 130)),
        snr=float(np.exp(rng.uniform(np.log(9), np.log(40)))),
        blur=float(rng.uniform(0.3, 0.9)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
        scale=float(np.exp(rng.uniform(np.log(250), np.log(2500)))),
        coil=float(rng.uniform(0.1, 0.7)),
        offset=float(rng.choice([0.0, rng.uniform(0, 0.03)])),
        texture=float(rng.uniform(0.01, 0.05)),
    )


def coil_field(canvas: Canvas, strength: float, tilt: tuple[float, float]) -> Floats:
    """Receive sensitivity of surface coils: higher in front and behind, 1 in the gland's centre."""
    y = canvas.y / np.float32(90.0)
    x = canvas.x / np.float32(90.0)
    bowl = y * y + np.float32(0.5) * x * x
    gain: Floats = np.exp(np.float32(strength) * (bowl + np.float32(tilt[0]) * x + np.float32(tilt[1]) * y))
    return gain


def acquire_t2w(rng: np.random.Generator, canvas: Canvas, protocol: T2wProtocol) -> sitk.Image:
    """uint16 image on the canvas's grid."""
    tilt = rng.normal(0, 0.5, 2)
    signal = canvas.maps[0] * coil_field(canvas, protocol.coil, (float(tilt[0]), float(tilt[1])))
    signal *= np.clip(1 + np.float32(protocol.texture) * smooth_noise(rng, canvas.grid, 0.8), 0.3, 2.0)
    image = sitk.GetImageFromArray(signal)
    for axis in (0, 1):
        image = sitk.RecursiveGaussian(image, protocol.blur, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    signal = sitk.GetArrayFromImage(image)
    level = float(np.median(signal)) + 0.15
    # The fine in-plane correlation is that of an interpolated k-space.
    sigma = 0.5 * canvas.grid.spacing[0]
    noise = [smooth_noise(rng, canvas.grid, sigma) * np.float32(level / protocol.snr) for _ in "ri"]
    signal = np.hypot(signal + noise[0], noise[1]) + np.float32(protocol.offset)
    white = float(np.percentile(signal[:, ::4, ::4], 98.0))
    stored = (np.maximum(signal, 0) / np.float32(white)) ** np.float32(protocol.gamma) * np.float32(protocol.scale)
    return to_image(np.clip(stored, 0, 65535).astype(np.uint16), canvas.grid)
