"""From a seed to a study of the second family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ...core.geometry import Grid, to_image, triple
from ...core.study import Study
from ..canvas import Canvas, plain_canvas
from ..fields import AnatomyFrame
from ..gland import GlandField
from ..sampling import Sampling, draw_diffusion_grid, draw_frame, draw_sampling, draw_t2w_grid, measuring_grid
from ..tissue import TissueSet, diffusion_contrast, draw_tissues, t2w_contrast
from ..truth import Phantom, Truth
from ..zones import lesion_facts, paint_gland_zones
from .body import Body, bend, body_field, body_zones, draw_body, paint_body, paint_prostate
from .cancer import Cluster, draw_clusters, label_clusters, paint_cluster
from .scanner import Scanner, distort, draw_scanner, scan_diffusion, scan_t2w, stored

_FAMILY = 7_301
"""Keeps the random streams of the two families apart."""


@dataclass(frozen=True)
class Subject:
    """Whom the scanner sees."""

    frame: AnatomyFrame
    tissues: TissueSet
    body: Body
    clusters: tuple[Cluster, ...]


def make_holdout(seed: int, sampling: Sampling | None) -> Phantom:
    """See `phantom.make_phantom`."""
    rng = np.random.default_rng([seed, _FAMILY, 0])
    subject, scanner = _draw_subject(rng), draw_scanner(rng)
    drawn = draw_sampling(rng)
    grid = draw_t2w_grid(rng, subject.frame, sampling or drawn)
    coarse = draw_diffusion_grid(rng, grid, whole_field=sampling is None)
    noise = np.random.default_rng([seed, _FAMILY, 1])
    t2w, truth, seen = _scan_t2w(noise, subject, grid, scanner)
    adc, hbv = _scan_diffusion(noise, subject, coarse, scanner, seen)
    return Phantom(Study(t2w, adc, hbv), truth, _describe(scanner, seen))


def _draw_subject(rng: np.random.Generator) -> Subject:
    frame, tissues = draw_frame(rng), draw_tissues(rng)
    body = draw_body(rng, tissues)
    canvas = plain_canvas(measuring_grid(frame, body.size), frame, t2w_contrast(100.0), 0)
    bend(body, canvas)
    return Subject(frame, tissues, body, tuple(draw_clusters(rng, canvas, body_field(body, canvas))))


def _paint(subject: Subject, canvas: Canvas) -> tuple[Canvas, tuple[slice, slice, slice], GlandField]:
    """The body without lesions; returns the crop about the gland, its place and the gland's distances."""
    bend(subject.body, canvas)
    paint_body(subject.body, canvas, subject.tissues)
    reach = subject.body.size * 1.3 + 9.0
    near, where = canvas.crop((0.0, 0.0, 0.0), triple(reach))
    field = body_field(subject.body, near)
    paint_prostate(subject.body, near, field, subject.tissues)
    return near, where, field


def _scan_t2w(
    rng: np.random.Generator, subject: Subject, grid: Grid, scanner: Scanner
) -> tuple[sitk.Image, Truth, list[Cluster]]:
    canvas = plain_canvas(grid, subject.frame, t2w_contrast(scanner.t2w_echo_ms), 1)
    near, where, field = _paint(subject, canvas)
    zones = body_zones(subject.body, canvas)
    paint_gland_zones(zones[where], field)
    seen, near_labels = label_clusters(subject.clusters, near, field)
    labels: NDArray[np.uint8] = np.zeros(grid.shape, np.uint8)
    labels[where] = near_labels
    for cluster in seen:
        paint_cluster(cluster, near, field)
    facts = lesion_facts(labels, zones, grid, subject.frame, [cluster.tissue.adc for cluster in seen])
    truth = Truth(to_image(labels, grid), to_image(zones, grid), facts)
    return stored(scan_t2w(rng, canvas, scanner), grid.empty()), truth, seen


def _scan_diffusion(
    rng: np.random.Generator, subject: Subject, grid: Grid, scanner: Scanner, clusters: list[Cluster]
) -> tuple[sitk.Image, sitk.Image]:
    canvas = plain_canvas(grid, subject.frame, diffusion_contrast(scanner.diffusion_echo_ms), 2)
    distort(canvas, scanner)
    near, _, field = _paint(subject, canvas)
    for cluster in clusters:
        paint_cluster(cluster, near, field)
    fit, high = scan_diffusion(rng, canvas, scanner)
    adc, hbv = stored(fit, grid.empty()), stored(high, grid.empty())
    hbv.SetMetaData("b_value", f"{scanner.hbv_b:g}")
    return adc, hbv


def _describe(scanner: Scanner, clusters: list[Cluster]) -> dict[str, float | str]:
    return {
        "family": "holdout",
        "hbv_b_value": scanner.hbv_b,
        "hbv_source": "acquired",
        "adc_b_values": f"{scanner.low_b:g} {scanner.fit_b:g}",
        "t2w_echo_ms": scanner.t2w_echo_ms,
        "diffusion_echo_ms": scanner.diffusion_echo_ms,
        "misalignment_mm": float(np.linalg.norm(scanner.shift)),
        "lesions": float(len(clusters)),
    }
