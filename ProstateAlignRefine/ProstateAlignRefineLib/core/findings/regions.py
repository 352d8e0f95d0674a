"""Where one finding ends and the next begins: the peaks of the margin, parted at deep saddles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..boxes import Box, box_of, boxes_of
from ..geometry import Array, to_array

FLOOR = -6.5
"""Margin (logit) below which nothing is looked at: a probability of 0.0015."""
DEPTH = 1.0
"""Logits that a saddle must lie below the lower of two peaks to part them."""
REACH = 2.5
"""Logits below its peak down to which a finding without foreground reaches."""
OUTSIDE = 1e6
"""Above any margin, with its sign turned."""


@dataclass(frozen=True, eq=False)
class PeakRegion:
    """Voxels of a volume: a mask [Z, Y, X] that fills a box of it, and how many they are."""

    box: Box
    mask: NDArray[np.bool_]
    size: int

    @classmethod
    def of(cls, box: Box, mask: NDArray[np.bool_]) -> PeakRegion:
        """`mask` [Z, Y, X]: of the shape of `box`."""
        return cls(box, mask, int(np.count_nonzero(mask)))


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

    def within(self, box: Box) -> Peaks:
        """The part in a box, as views."""
        return Peaks(self.margin[box.slices], self.basins[box.slices])

    def parted(self, mask: NDArray[np.bool_], fewest: int) -> NDArray[np.int32]:
        """The connected components (26 neighbours) of a mask [Z, Y, X] as labels 1..n, cut where their peaks part.

        Components of fewer than `fewest` voxels are dropped; a smaller part of one joins its neighbour, and one without
        a part of that size stays whole.
        """
        labels = np.zeros(mask.shape, np.int32)
        box = box_of(mask).slices
        components = sitk.ConnectedComponent(_image(mask[box].astype(np.uint8)), True)
        whole = to_array(sitk.RelabelComponent(components, fewest))
        inside = whole > 0
        # Of each voxel inside: its component, its part, and the marker that it is of, if of any.
        component, count = whole[inside].astype(np.int64), int(whole.max(initial=0))
        part = _numbers(component * (int(self.basins.max(initial=0)) + 1) + self.basins[box][inside])
        large = (np.bincount(part) >= fewest)[part]
        cut = np.isin(np.arange(count + 1), component[large])[component]
        marked = large | ~cut
        marker = np.zeros(len(component), np.int32)
        marker[marked] = _numbers(np.where(cut, part + count, component)[marked])
        labels[box] = _flooded(_volume(marker, inside), whole, self.margin[box])
        return labels

    def weaker(self, taken: NDArray[np.bool_], fewest: int) -> list[PeakRegion]:
        """The peaks whose basins hold nothing of `taken` [Z, Y, X]: what lies within `REACH` of the peak and is
        connected with it; at least `fewest` voxels."""
        occupied = np.zeros(int(self.basins.max(initial=0)) + 1, bool)
        occupied[self.basins[taken]] = True
        return [region for basin, region in self._regions if not occupied[basin] and region.size >= fewest]

    @cached_property
    def _regions(self) -> list[tuple[int, PeakRegion]]:
        """Of each basin: its number, and what in it lies within `REACH` of the peak."""
        return [(basin, PeakRegion.of(box, self._around_peak(box, basin))) for basin, box in boxes_of(self.basins)]

    def _around_peak(self, box: Box, basin: int) -> NDArray[np.bool_]:
        margin = np.where(self.basins[box.slices] == basin, self.margin[box.slices], -np.inf)
        near = to_array(sitk.ConnectedComponent(_image((margin > margin.max() - REACH).astype(np.uint8)), True))
        region: NDArray[np.bool_] = near == near[np.unravel_index(margin.argmax(), margin.shape)]
        return region


def _flooded(markers: NDArray[np.int32], whole: NDArray[np.integer], margin: NDArray[np.float32]) -> NDArray[np.int32]:
    """Each voxel of the components `whole` (1..n) with the label of the marker that reaches it first from above."""
    labels = np.zeros(whole.shape, np.int32)
    for component, bounds in boxes_of(whole):
        box = bounds.slices
        inside, seeds = whole[box] == component, markers[box]
        own = np.unique(seeds[inside & (seeds > 0)])
        if len(own) == 1:
            labels[box][inside] = own[0]
            continue
        # What lies outside is flooded last, so that no part is reached through it.
        ground = np.where(inside, -margin[box], OUTSIDE).astype(np.float32)
        seeded = sitk.MorphologicalWatershedFromMarkers(_image(ground), _image(np.where(inside, seeds, 0)), False, True)
        labels[box][inside] = to_array(seeded)[inside]
    return labels


def beside(parts: NDArray[np.int32], others: Sequence[PeakRegion]) -> NDArray[np.int32]:
    """Labels 1..n of a volume, and then regions in which it holds nothing."""
    labels: NDArray[np.int32] = parts.copy()
    for number, region in enumerate(others, start=int(parts.max(initial=0)) + 1):
        labels[region.box.slices][region.mask] = number
    return labels


def numbered(codes: Array, where: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Labels 1..n for the distinct codes there, 0 elsewhere."""
    return _volume(_numbers(codes[where]), where)


def _numbers(codes: Array) -> NDArray[np.int32]:
    """1..n for the distinct codes."""
    numbers: NDArray[np.int32] = (np.unique(codes, return_inverse=True)[1].ravel() + 1).astype(np.int32)
    return numbers


def _volume(numbers: NDArray[np.int32], where: NDArray[np.bool_]) -> NDArray[np.int32]:
    volume = np.zeros(where.shape, np.int32)
    volume[where] = numbers
    return volume


def _image(array: Array) -> sitk.Image:
    return sitk.GetImageFromArray(np.ascontiguousarray(array))
