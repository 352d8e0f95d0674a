"""What a report says of a lesion, against numbers worked out by hand, on oblong and turned voxels."""

from dataclasses import replace

import numpy as np
import pytest

from ProstateAlignRefineLib.core.anatomy import (
    DOUBTED_MM,
    LARGEST_GLAND_ML,
    MOST_DOUBT,
    SMALLEST_GLAND_ML,
    TRUSTED_MM,
    GlandZone,
    outside_gland_penalty,
    plausible_gland,
)
from ProstateAlignRefineLib.core.gate import apply_gate, gate_logits
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.gland import measure_gland
from ProstateAlignRefineLib.core.lesions import Lesion, find_lesions
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.places import Anatomy, Level, Side, StackThird

UPSIDE_DOWN = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
GRID = Grid((40, 30, 10), (0.5, 0.8, 3.0), (10.0, 12.0, -15.0), UPSIDE_DOWN)


def one_lesion(mask: np.ndarray, adc: np.ndarray | None = None, **changed: np.ndarray) -> Lesion:
    zeros = np.zeros(GRID.shape, np.float32)
    maps = replace(Maps(GRID, zeros, zeros, mask * np.float32(0.5), zeros), **changed)
    _, (lesion,) = find_lesions(mask, maps, np.ones(GRID.shape) if adc is None else adc)
    return lesion


def bar(**axes: slice) -> np.ndarray:
    mask = np.zeros(GRID.shape, bool)
    mask[axes.get("z", slice(5, 6)), axes.get("y", slice(9, 10)), axes.get("x", slice(20, 21))] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "axial", "in_3d"),
    [
        (bar(x=slice(4, 14)), 10 * 0.5, np.hypot(9 * 0.5, 3.0)),  # from face to face of the slice
        (bar(y=slice(4, 14)), 10 * 0.8, 10 * 0.8),
        (bar(z=slice(2, 8)), 0.8, 6 * 3.0),
    ],
)
def test_a_bar_is_as_long_as_its_voxels_along_its_axis(mask, axial, in_3d):
    lesion = one_lesion(mask)
    assert (lesion.max_axial_diameter_mm, lesion.diameter_3d_mm) == pytest.approx((axial, in_3d))
    assert lesion.volume_ml == pytest.approx(mask.sum() * 0.5 * 0.8 * 3.0 / 1000)


def test_the_centre_is_where_the_patient_has_it():
    """Stored upside down: further columns lie further right, further rows further in front."""
    assert one_lesion(bar(x=slice(4, 7), y=slice(9, 12))).centre_lps == pytest.approx((10 - 2.5, 12 - 8.0, 0.0))
    assert one_lesion(bar(z=slice(2, 5))).slices == (2, 4)


def test_the_adc_is_the_mean_and_the_tenth_percentile_of_the_lesion():
    """Eleven voxels, 700 to 1700: a tenth of the way from the lowest is 800."""
    mask, adc = bar(x=slice(10, 21)), np.full(GRID.shape, 3000.0)
    adc[5, 9, 10:21] = np.random.default_rng(0).permutation(np.arange(700.0, 1701.0, 100.0))
    lesion = one_lesion(mask, adc)
    assert (lesion.mean_adc, lesion.p10_adc) == pytest.approx((1200.0, 800.0))


def test_voxels_that_the_scanner_masked_do_not_count_for_the_adc():
    adc = np.full(GRID.shape, 3000.0)
    adc[5, 9, 10:14] = 0.0, -5.0, 0.5, 1000.5
    lesion = one_lesion(bar(x=slice(10, 14)), adc)
    assert lesion.mean_adc == pytest.approx(500.5)
    nothing = one_lesion(bar(x=slice(10, 12)), adc)
    assert (nothing.mean_adc, nothing.p10_adc) == (None, None)


def test_confidence_and_similarity_are_those_inside_the_lesion():
    confidence, similarity = (np.full(GRID.shape, value, np.float32) for value in (0.99, 0.01))
    confidence[5, 9, 10:14], similarity[5, 9, 10:14] = (0.2, 0.4, 0.6, 0.8), (0.5, 0.7, 0.7, 0.9)
    lesion = one_lesion(bar(x=slice(10, 14)), confidence=confidence, similarity=similarity)
    assert lesion.mean_confidence == pytest.approx(0.5)
    assert lesion.max_confidence == pytest.approx(0.8)
    assert lesion.mean_similarity == pytest.approx(0.7)


def test_of_two_equally_confident_lesions_the_larger_comes_first():
    mask = bar(x=slice(10, 12)) | bar(y=slice(20, 21), x=slice(10, 15))
    zeros = np.zeros(GRID.shape, np.float32)
    maps = Maps(GRID, zeros, zeros, np.full(GRID.shape, 0.5, np.float32), zeros)
    labels, lesions = find_lesions(mask, maps, zeros)
    assert [round(lesion.volume_ml / GRID.voxel_ml) for lesion in lesions] == [5, 2]
    assert [lesion.number for lesion in lesions] == [1, 2]
    assert (labels[5, 20, 10], labels[5, 9, 10]) == (1, 2)


def test_the_refiner_acts_above_tau_only_and_a_margin_of_zero_is_no_lesion():
    base, refined = np.array([-1.0, -1.0, 1.0, 0.5, 0.0]), np.array([3.0, 3.0, -3.0, -0.5, 0.0])
    confidence = np.array([0.35, 0.36, 0.9, 0.9, 0.9])
    np.testing.assert_allclose(gate_logits(base, refined, confidence, 0.35, 0.5), [-1.0, 1.0, -1.0, 0.0, 0.0])
    grid = replace(GRID, size=(5, 1, 1))
    maps = Maps(grid, *(v.astype(np.float32).reshape(1, 1, 5) for v in (base, refined, confidence, confidence)))
    gated = apply_gate(maps, 0.35, 0.5)
    assert gated.mask.ravel().tolist() == [False, True, False, False, False]
    assert gated.base_mask.ravel().tolist() == [False, False, True, True, False]
    assert gated.edits.ravel().tolist() == [0, 1, 2, 2, 0]


def gland(across_mm: float, depth_mm: float, height_mm: float, grid: Grid) -> np.ndarray:
    points = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)[..., ::-1]) - grid.centre
    return (np.abs(points) <= np.array([across_mm, depth_mm, height_mm]) / 2).all(axis=-1)


WIDE = Grid((110, 70, 32), (1.0, 1.5, 3.0), (60.0, 50.0, -46.5), UPSIDE_DOWN)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1)])
def test_doubt_grows_with_the_millimetres_from_the_gland_along_every_axis(order):
    """Whatever array axis has 1, 1.5 or 3 mm: 12.5 mm beyond the outermost voxel half of the doubt, 20 mm all of it."""
    spacing = tuple(WIDE.spacing[axis] for axis in order)
    grid = replace(WIDE, size=tuple(WIDE.size[axis] for axis in order), spacing=spacing)
    box = gland(30.0, 30.0, 30.0, grid)
    penalty = outside_gland_penalty(box * np.uint8(GlandZone.PERIPHERAL), grid)
    middle = [size // 2 for size in grid.shape]
    for axis, step in enumerate(reversed(spacing)):
        last = int(np.flatnonzero(box.any(axis=tuple(n for n in range(3) if n != axis)))[-1])
        for away in range(1, grid.shape[axis] - last):
            at = tuple(last + away if n == axis else middle[n] for n in range(3))
            share = np.clip((away * step - TRUSTED_MM) / (DOUBTED_MM - TRUSTED_MM), 0, 1)
            assert penalty[at] == pytest.approx(share * MOST_DOUBT, abs=1e-4)


def test_a_gland_has_8_to_300_ml():
    grid = Grid((100, 100, 60), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), UPSIDE_DOWN)
    for cut, plausible in (((20, 20, 10), True), ((20, 19, 10), False), ((75, 80, 25), True), ((75, 80, 26), False)):
        zones = np.zeros(grid.shape, np.uint8)
        x, y, z = cut
        zones[:z, :y, :x] = GlandZone.TRANSITION
        assert zones.sum() / 2 * grid.voxel_ml == pytest.approx(x * y * z * 2 / 1000)
        assert (plausible_gland(zones, grid) is not None) == plausible
    assert (SMALLEST_GLAND_ML, LARGEST_GLAND_ML) == (8.0, 300.0)


def test_size_and_ends_of_a_box_shaped_gland():
    """Right-left, front-back, feet-head: voxels from edge to edge."""
    zones = gland(41.0, 31.0, 33.0, WIDE) * np.uint8(GlandZone.PERIPHERAL)
    found = measure_gland(zones, WIDE)
    filled = [int(zones.any(axis=axes).sum()) for axes in ((0, 1), (0, 2), (1, 2))]
    assert found.size_mm == pytest.approx(np.multiply(filled, WIDE.spacing))
    assert found.volume_ml == pytest.approx(np.prod(filled) * WIDE.voxel_ml)
    assert found.half_widths == pytest.approx(filled[0] * WIDE.spacing[0] / 2)


def test_a_few_voxels_in_a_further_slice_are_neither_base_nor_apex():
    zones = gland(41.0, 31.0, 33.0, WIDE) * np.uint8(GlandZone.PERIPHERAL)
    whole = measure_gland(zones, WIDE)
    first, last = np.flatnonzero(zones.any(axis=(1, 2)))[[0, -1]]
    zones[[first - 1, last + 1], 35, 55] = GlandZone.PERIPHERAL
    assert measure_gland(zones, WIDE).ends == pytest.approx(whole.ends)


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    """A box of a gland, 50 x 36 x 42 mm, tilted by its midplane; the transition zone fills its front half."""
    zones = gland(50.0, 36.0, 42.0, WIDE) * np.uint8(GlandZone.PERIPHERAL)
    back = WIDE.to_lps(np.moveaxis(np.indices(WIDE.shape), 0, -1)[..., ::-1])[..., 1] - WIDE.centre[1]
    zones[(zones > 0) & (back < 0)] = GlandZone.TRANSITION
    return Anatomy(WIDE, measure_gland(zones, WIDE))


def place(anatomy: Anatomy, offset: tuple[float, float, float], zone: GlandZone):
    return anatomy.place(tuple(WIDE.centre + offset), np.array([zone], np.uint8))


def test_the_transition_zone_has_a_front_and_a_back_half_of_its_own(anatomy):
    """5 mm in front of the gland's middle is the back of its transition zone, which ends there."""
    assert place(anatomy, (12.0, -5.0, 0.0), GlandZone.TRANSITION).sector == "TZp"
    assert place(anatomy, (12.0, -13.0, 0.0), GlandZone.TRANSITION).sector == "TZa"
    assert place(anatomy, (12.0, -5.0, 0.0), GlandZone.PERIPHERAL).sector == "PZa"


def test_the_posteromedial_zone_ends_halfway_to_the_side(anatomy):
    assert place(anatomy, (11.5, 10.0, 0.0), GlandZone.PERIPHERAL).sector == "PZpm"
    assert place(anatomy, (14.0, 10.0, 0.0), GlandZone.PERIPHERAL).sector == "PZpl"


@pytest.mark.parametrize(("left", "side"), [(4.4, "midline"), (-4.4, "midline"), (5.6, "left"), (-5.6, "right")])
def test_within_5_mm_of_the_glands_middle_a_lesion_is_on_neither_side(anatomy, left, side):
    assert place(anatomy, (left, 0.0, 0.0), GlandZone.CENTRAL).side is Side(side)


@pytest.mark.parametrize(
    ("up", "level"), [(-19, Level.APEX), (-8, Level.APEX), (-5, Level.MID), (5, Level.MID), (8, Level.BASE)]
)
def test_levels_are_thirds_of_the_glands_height(anatomy, up, level):
    assert place(anatomy, (0.0, 0.0, float(up)), GlandZone.CENTRAL).level is level


@pytest.mark.parametrize(("left", "side"), [(4.9, "midline"), (5.1, "left"), (-5.1, "right")])
def test_without_a_gland_the_midline_is_5_mm_wide_each_way_and_thirds_are_those_of_the_stack(left, side):
    stack = Anatomy(WIDE, None)
    third = (WIDE.size[2] - 1) * WIDE.spacing[2] / 3
    x, y, z = WIDE.centre
    assert stack.place((x + left, y, z), None).side is Side(side)
    for up, level in ((0.49, StackThird.MIDDLE), (0.51, StackThird.UPPER), (-0.51, StackThird.LOWER)):
        assert stack.place((x, y, z + up * third), None).level is level
    assert stack.place((x, y, z + 400), None).level is StackThird.UPPER
