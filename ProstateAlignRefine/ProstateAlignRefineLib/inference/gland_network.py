"""TAPS, a gland network trained on patients, through ONNX Runtime alone: a SegResNet on T2W, see core.gland_wheel."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.checks.gland_outlines import outlined_by
from ..core.errors import InputError
from ..core.geometry import Grid, resample, to_array, to_image
from ..core.gland import body_axes
from ..core.gland_wheel import GLAND_NETWORK
from .engine.session import cpu_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from .segment import Segmentation

SPACING, SIZE = (0.8, 0.8, 3.0), (128, 128, 32)
BLUR_VOXELS, THRESHOLD = 2.5, 0.55
"""Of the logits; both as its own program has them."""
OUTSIDE = -20.0


def with_network_gland(segmentation: Segmentation, graph: bytes | None) -> Segmentation:
    """Its zones within the gland that `graph`, see `read_gland_network`, outlines; as it is without one.

    InputError where either network finds no plausible gland.
    """
    if graph is None:
        return segmentation
    started = time.perf_counter()
    maps, differing = outlined_by(segmentation.maps, network_gland(segmentation.study.t2w, graph))
    return replace(
        segmentation,
        maps=maps,
        cautions=(*segmentation.cautions, *differing),
        gland_by=GLAND_NETWORK,
        seconds={**segmentation.seconds, "gland network": time.perf_counter() - started},
    )


def network_gland(t2w: sitk.Image, graph: bytes) -> NDArray[np.bool_]:
    """Its gland [Z, Y, X] on the T2W grid, of one forward, all pieces. InputError without ONNX Runtime."""
    session = _session(graph)
    grid = Grid.of(t2w)
    region = ras_region(grid)
    image = normalised(t2w, region).transpose(2, 1, 0)[None, None]
    logits = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(image)})[0][0, 0].transpose(2, 1, 0)
    return on_t2w(logits, region, grid)


@lru_cache(maxsize=1)
def _session(graph: bytes) -> InferenceSession:
    """Made once for all studies of a cohort, and of a panel that is open."""
    try:
        return cpu_session(graph)
    except ImportError:
        raise InputError("The gland network needs ONNX Runtime; run 'pip install onnxruntime'.") from None


def ras_region(grid: Grid) -> Grid:
    """What the network reads: voxels that run to the right, the front and the head, about the middle of `grid`."""
    _, (left, back, up) = body_axes(grid)
    axes = np.stack([-left, -back, up], axis=1)
    origin = grid.centre - axes @ ((np.asarray(SIZE) - 1) / 2 * np.asarray(SPACING))
    return Grid(SIZE, SPACING, (origin[0], origin[1], origin[2]), tuple(float(value) for value in axes.ravel()))


def normalised(t2w: sitk.Image, region: Grid) -> NDArray[np.float32]:
    """T2W on `region` [Z, Y, X], z-scored over the voxels of the whole T2W that are not zero; zero elsewhere."""
    order = [int(np.abs(Grid.of(t2w).axes.T @ axis).argmax()) for axis in region.axes.T]
    spacing = [0.0, 0.0, 0.0]
    for axis, step in zip(order, SPACING, strict=True):
        spacing[axis] = step
    whole = to_array(resample(t2w, Grid.of(t2w).with_spacing((spacing[0], spacing[1], spacing[2]))))
    body = whole[whole != 0]
    if not body.size or not body.std() > 0:
        raise InputError("The T2W holds one value only; the gland network cannot read it.")
    values = to_array(resample(t2w, region))
    scored: NDArray[np.float32] = np.where(values != 0, (values - body.mean()) / body.std(), 0).astype(np.float32)
    return scored


def on_t2w(logits: NDArray[np.float32], region: Grid, grid: Grid) -> NDArray[np.bool_]:
    """Blurred, interpolated onto `grid` and cut at the threshold."""
    blurred = to_image(np.ascontiguousarray(logits, np.float32), region)
    for axis, spacing in enumerate(region.spacing):
        blurred = sitk.RecursiveGaussian(blurred, BLUR_VOXELS * spacing, direction=axis)
    gland: NDArray[np.bool_] = to_array(resample(blurred, grid, outside=OUTSIDE)) > np.log(THRESHOLD / (1 - THRESHOLD))
    return gland
