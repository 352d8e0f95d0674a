"""From a seed to a phantom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.geometry import Grid, to_image, triple
from ..core.study import Study
from .canvas import Canvas, Deformation, blank_canvas
from .diffusion import DiffusionProtocol, acquire_diffusion, distort, draw_diffusion_protocol
from .fields import AnatomyFrame, NoiseBox
from .gland import TEXTURE_MM, GlandAnatomy, GlandField, draw_gland, gland_field, paint_gland
from .holdout import make_holdout
from .lesions import PlacedLesion, draw_plans, label_lesions, paint_lesion, place
from .mimics import Mimics, draw_mimics, paint_grain, paint_mimics
from .pelvis import Pelvis, draw_pelvis
from .sampling import Sampling, draw_diffusion_grid, draw_frame, draw_sampling, draw_t2w_grid, measuring_grid
from .surroundings import paint_plexus, paint_surroundings
from .t2w import T2wProtocol, acquire_t2w, draw_t2w_protocol
from .tissue import BRIGHT_SURROUNDINGS, TissueSet, diffusion_contrast, draw_tissues, t2w_contrast
from .truth import Phantom, Truth
from .varied import any_brightness, harder_nodules, smaller, specked
from .zones import lesion_facts, paint_gland_zones, zone_map


@dataclass(frozen=True)
class Patient:
    """One anatomy, before anyone scans it."""

    frame: AnatomyFrame
    tissues: TissueSet
    gland: GlandAnatomy
    pelvis: Pelvis
    mimics: Mimics
    lesions: tuple[PlacedLesion, ...]
    deformation: Deformation
    texture: NoiseBox


Family = Literal["standard", "varied", "holdout"]
JUDGED: tuple[Family, ...] = ("standard", "holdout")
"""The families that published figures are of."""


def draw_patient(seed: int, varied: bool = False) -> Patient:
    """The anatomy of a seed; it does not depend on how it is sampled. `varied`: of that family."""
    rng, other = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 40])
    frame = draw_frame(rng)
    tissues = draw_tissues(rng, BRIGHT_SURROUNDINGS)
    tissues = any_brightness(other, tissues) if varied else tissues
    gland = draw_gland(rng, tissues)
    gland = harder_nodules(other, gland, tissues) if varied else gland
    deformation = Deformation(
        NoiseBox.draw(rng, frame, 150.0, (22.0,) * 4),
        NoiseBox.draw(rng, frame, 64.0, (7.0,) * 3),
        coarse_mm=float(rng.uniform(1.0, 2.4)),
        fine_mm=float(rng.uniform(0.3, 0.9)),
    )
    pelvis, mimics, plans = draw_pelvis(rng, gland), draw_mimics(rng, gland), draw_plans(rng, gland, tissues)
    plans = smaller(other, plans) if varied else plans
    texture = NoiseBox.draw(rng, frame, 52.0, TEXTURE_MM)
    canvas = blank_canvas(measuring_grid(frame, gland.radii), frame, deformation, t2w_contrast(100.0), 0)
    field = gland_field(gland, canvas, texture)
    zones = np.zeros(canvas.grid.shape, np.uint8)
    paint_gland_zones(zones, field)
    lesions = place(rng, plans, canvas, field, zones)
    return Patient(frame, tissues, gland, pelvis, mimics, tuple(lesions), deformation, texture)


def make_phantom(seed: int, sampling: Sampling | None = None, family: Family = "standard") -> Phantom:
    """A synthetic bp-MRI study and its truth, the same for the same arguments.

    Args:
        seed: names the patient and the acquisition.
        sampling: the T2W grid; None draws a vendor-like one and gives diffusion imaging its full field of view.
        family: "varied" has tissues of any brightness, more and harder benign nodules, smaller lesions and specks of
            noise in diffusion; "holdout" makes studies with other shapes, lesions, sequences and noise, to test with
            and never to train on.

    Returns:
        T2W, ADC (1e-6 mm2/s; 0 where masked) and HBV (metadata key `b_value`), each on its own oblique LPS grid.
    """
    if family == "holdout":
        return make_holdout(seed, sampling)
    varied = family == "varied"
    patient = draw_patient(seed, varied)
    rng = np.random.default_rng([seed, 1])
    t2w_protocol, diffusion_protocol = draw_t2w_protocol(rng), draw_diffusion_protocol(rng)
    drawn = draw_sampling(rng)
    grid = draw_t2w_grid(rng, patient.frame, sampling or drawn)
    diffusion_grid = draw_diffusion_grid(rng, grid, whole_field=sampling is None)
    t2w, truth, lesions = _scan_t2w(np.random.default_rng([seed, 2]), patient, grid, t2w_protocol)
    adc, hbv = _scan_diffusion(np.random.default_rng([seed, 3]), patient, diffusion_grid, diffusion_protocol, lesions)
    if varied:
        adc, hbv = specked(np.random.default_rng([seed, 41]), adc, hbv)
    study = Study(t2w, adc, hbv)
    facts = _describe(patient, t2w_protocol, diffusion_protocol, lesions)
    return Phantom(study, truth, {**facts, "family": family})


def _paint(
    rng: np.random.Generator, patient: Patient, canvas: Canvas
) -> tuple[Canvas, tuple[slice, slice, slice], GlandField]:
    """The whole patient but the lesions; returns the crop about the gland, its place and the gland's distances."""
    paint_surroundings(patient.pelvis, patient.gland, canvas, patient.tissues, rng)
    reach = patient.gland.radii * 1.25 + 9.0
    near, where = canvas.crop((0.0, 0.0, 0.0), triple(reach))
    field = gland_field(patient.gland, near, patient.texture)
    paint_plexus(patient.pelvis, near, field.gland, field.texture, patient.tissues)
    paint_gland(patient.gland, near, field, patient.tissues)
    paint_mimics(patient.mimics, patient.gland, near, field)
    paint_grain(patient.mimics, near, field, rng)
    return near, where, field


def _scan_t2w(
    rng: np.random.Generator, patient: Patient, grid: Grid, protocol: T2wProtocol
) -> tuple[sitk.Image, Truth, list[PlacedLesion]]:
    canvas = blank_canvas(grid, patient.frame, patient.deformation, t2w_contrast(protocol.echo_ms), 1)
    near, where, field = _paint(rng, patient, canvas)
    zones = zone_map(patient.pelvis, canvas, field, where)
    lesions, near_labels = label_lesions(list(patient.lesions), near, field)
    for lesion in lesions:
        paint_lesion(lesion, near, field)
    labels: NDArray[np.uint8] = np.zeros(grid.shape, np.uint8)
    labels[where] = near_labels
    facts = lesion_facts(labels, zones, grid, patient.frame, [lesion.plan.tissue.adc for lesion in lesions])
    truth = Truth(to_image(labels, grid), to_image(zones, grid), facts)
    return acquire_t2w(rng, canvas, protocol), truth, lesions


def _scan_diffusion(
    rng: np.random.Generator, patient: Patient, grid: Grid, protocol: DiffusionProtocol, lesions: list[PlacedLesion]
) -> tuple[sitk.Image, sitk.Image]:
    canvas = blank_canvas(grid, patient.frame, patient.deformation, diffusion_contrast(protocol.echo_ms), 2)
    left = distort(canvas, protocol, patient.deformation.coarse, patient.pelvis.rectum)
    near, _, field = _paint(rng, patient, canvas)
    for lesion in lesions:
        paint_lesion(lesion, near, field)
    inside = field.gland < 0
    reference = float(np.median(near.maps[0][inside])) if inside.any() else float(np.median(near.maps[0]))
    adc, hbv = acquire_diffusion(rng, canvas, protocol, left, reference)
    hbv.SetMetaData("b_value", f"{protocol.hbv_b:g}")
    return adc, hbv


def _describe(
    patient: Patient, t2w: T2wProtocol, diffusion: DiffusionProtocol, lesions: list[PlacedLesion]
) -> dict[str, float | str]:
    return {
        "family": "standard",
        "hbv_b_value": diffusion.hbv_b,
        "hbv_source": "computed from the fit" if diffusion.hbv_fitted else "acquired",
        "adc_b_values": " ".join(f"{b:g}" for b in diffusion.b_values),
        "diffusion_snr": diffusion.snr,
        "diffusion_echo_ms": diffusion.echo_ms,
        "misalignment_mm": float(np.linalg.norm(diffusion.shift_mm)),
        "t2w_echo_ms": t2w.echo_ms,
        "t2w_snr": t2w.snr,
        "lesions": float(len(lesions)),
        "rectal_content": patient.pelvis.rectum.content.value,
        "wedges": float(len(patient.mimics.wedges)),
        "patches": float(len(patient.mimics.patches)),
    }
