"""Where one finding ends and the next begins: the peaks of the margin, parted at deep saddles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..boxes import box_of
from ..geometry import Array, to_array

FLOOR = -6.5
"""Margin (logit) below which nothing is looked at: a probability of 0.0015."""
DEPTH = 1.0
"""Logits that a saddle must lie below the lower of two peaks to part them."""
REACH = 2.5
"""Logits below its peak down to which a finding without foreground reaches."""
OUTSIDE = 1e6
"""Above any margin, with its sign turned."""

Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Peaks:
    """The peaks of a margin [Z, Y, X] and their basins 1..n, as labels of the same shape; 0 below `FLOOR`."""

    margin: NDArray[np.float32]
    basins: NDArray[np.int32]

    @classmethod
    def of(cls, margin: NDArray[np.float32]) -> Peaks:
        """Peaks that no saddle of `DEPTH` parts share a basin (26 neighbours)."""
        basins = np.zeros(margin.shape, np.int32)
        box = box_of(margin > FLOOR).grown((1, 1, 1), margin.shape).slices
        part = margin[box]
        found = sitk.MorphologicalWatershed(_image(-np.maximum(part, FLOOR)), DEPTH, False, True)
        basins[box] = np.where(part > FLOOR, to_array(found), 0)
        return cls(margin, basins)

    def parted(self, mask: NDArray[np.bool_], fewest: int) -> NDArray[np.int32]:
        """The connected components (26 neighbours) of a mask [Z, Y, X] as labels 1..n, cut where their peaks part.

        Components of fewer than `fewest` voxels are dropped; a smaller part of one joins its neighbour, and one without
        a part of that size stays whole.
        """
        labels = np.zeros(mask.shape, np.int32)
        box = box_of(mask).slices
        components = sitk.ConnectedComponent(_image(mask[box].astype(np.uint8)), True)
        whole = to_array(sitk.RelabelComponent(components, fewest)).astype(np.int64)
        inside = whole > 0
        parts = numbered(whole * (int(self.basins.max(initial=0)) + 1) + self.basins[box], inside)
        large = (np.bincount(parts.ravel()) >= fewest)[parts] & inside
        cut = np.isin(whole, whole[large])
        markers = numbered(np.where(cut, parts + whole.max(initial=0), whole), large | (inside & ~cut))
        # What lies outside is flooded last, so that no part is reached through it.
        landscape = np.where(inside, -self.margin[box], OUTSIDE).astype(np.float32)
        flooded = sitk.MorphologicalWatershedFromMarkers(_image(landscape), _image(markers), False, True)
        labels[box] = np.where(inside, to_array(flooded), 0)
        return labels

    def weaker(self, taken: NDArray[np.bool_], fewest: int) -> NDArray[np.int32]:
        """Labels 1..n of the peaks whose basins hold nothing of `taken` [Z, Y, X]: what lies within `REACH` of the peak
        and is connected with it; at least `fewest` voxels."""
        labels = np.zeros(self.basins.shape, np.int32)
        count = 0
        bounds = sitk.LabelShapeStatisticsImageFilter()
        bounds.Execute(_image(self.basins))
        for basin in sorted(set(bounds.GetLabels()) - set(np.unique(self.basins[taken]).tolist())):
            box = slices_of(bounds.GetBoundingBox(basin))
            region = self._around_peak(box, basin)
            if np.count_nonzero(region) >= fewest:
                count += 1
                labels[box][region] = count
        return labels

    def _around_peak(self, box: Slices, basin: int) -> NDArray[np.bool_]:
        margin = np.where(self.basins[box] == basin, self.margin[box], -np.inf)
        near = to_array(sitk.ConnectedComponent(_image((margin > margin.max() - REACH).astype(np.uint8)), True))
        region: NDArray[np.bool_] = near == near[np.unravel_index(margin.argmax(), margin.shape)]
        return region


def beside(parts: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels 1..n of one volume, then those of another that holds nothing where the first does."""
    return np.where(others > 0, others + parts.max(initial=0), parts).astype(np.int32)


def numbered(codes: Array, where: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Labels 1..n for the distinct codes there, 0 elsewhere."""
    labels = np.zeros(codes.shape, np.int32)
    labels[where] = np.unique(codes[where], return_inverse=True)[1].ravel() + 1
    return labels


def slices_of(box: tuple[int, ...]) -> Slices:
    """Of a bounding box as SimpleITK gives it: first voxel, then sizes, in x, y, z."""
    x, y, z, width, height, depth = box
    return slice(z, z + depth), slice(y, y + height), slice(x, x + width)


def _image(array: Array) -> sitk.Image:
    return sitk.GetImageFromArray(np.ascontiguousarray(array))
