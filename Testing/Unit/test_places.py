"""Where lesions lie in the gland, against the truth that phantoms were made from, and against one real finding."""

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, resample, to_array
from ProstateAlignRefineLib.core.gland import measure_gland
from ProstateAlignRefineLib.core.places import Anatomy, Level, Place, Side, StackThird
from ProstateAlignRefineLib.phantom import LesionFact, Phantom, Sampling, gland_zones, make_phantom

COARSE = Sampling.of_field((1.5, 1.5, 4.0), (108.0, 108.0, 72.0))
GRID = Grid((100, 80, 30), (0.8, 0.9, 3.0), (40.0, 44.0, -45.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1))
CENTRE = np.array([3.0, 8.0, 0.0])
OPPOSITE = {Side.RIGHT: Side.LEFT, Side.LEFT: Side.RIGHT, Side.MIDLINE: Side.MIDLINE}


def where(phantom: Phantom, fact: LesionFact, zones: np.ndarray, grid: Grid) -> Place:
    inside = to_array(phantom.truth.lesions) == fact.label
    return Anatomy(grid, measure_gland(zones, grid)).place(fact.centre_lps, zones[inside])


@pytest.fixture(scope="module", params=["standard", "holdout"])
def placed(request) -> list[tuple[LesionFact, Place]]:
    """Every lesion of 20 phantoms: what is true of it, and where the true zones place it."""
    phantoms = [make_phantom(seed, COARSE, request.param) for seed in range(20)]
    return [
        (fact, where(phantom, fact, gland_zones(to_array(phantom.truth.zones)), phantom.study.grid))
        for phantom in phantoms
        for fact in phantom.truth.facts
    ]


def test_the_zone_is_that_which_the_lesion_grew_in(placed):
    assert len(placed) >= 10
    for fact, place in placed:
        assert place.zone is not None
        assert place.zone.name == fact.zone.name


def test_right_and_left_are_the_patients_own(placed):
    """The report's midline is 2 mm wider on each side than the phantom's: what lies between is on neither side."""
    assert all(place.side in (fact.side, Side.MIDLINE) for fact, place in placed)
    told = [place.side for fact, place in placed if fact.side is not Side.MIDLINE]
    assert {Side.RIGHT, Side.LEFT} <= set(told)
    assert told.count(Side.MIDLINE) <= 0.4 * len(told)


def test_levels_are_thirds_of_the_glands_height(placed):
    levels = Counter((fact.level, place.level) for fact, place in placed)
    assert not levels[Level.BASE, Level.APEX] + levels[Level.APEX, Level.BASE]
    assert sum(levels[level, level] for level in Level) >= 0.85 * len(placed)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """One with lesions on a side."""
    phantoms = (make_phantom(seed, COARSE) for seed in range(40))
    return next(p for p in phantoms if any(fact.side is not Side.MIDLINE for fact in p.truth.facts))


@pytest.mark.parametrize("turned", product((False, True), repeat=3))
def test_how_the_voxels_are_stored_does_not_matter(phantom, turned):
    """The same anatomy with array axes turned round: places stay."""
    flipped = sitk.Flip(phantom.truth.zones, turned, False)
    grid, zones = Grid.of(flipped), gland_zones(to_array(flipped))
    axes = [axis for axis, turn in enumerate(reversed(turned)) if turn]
    lesions = np.flip(to_array(phantom.truth.lesions), axes)
    truth = gland_zones(to_array(phantom.truth.zones))
    for fact in phantom.truth.facts:
        place = Anatomy(grid, measure_gland(zones, grid)).place(fact.centre_lps, zones[lesions == fact.label])
        assert place == where(phantom, fact, truth, phantom.study.grid)


def test_axes_in_another_order_do_not_matter_either(phantom):
    permuted = sitk.PermuteAxes(phantom.truth.zones, (2, 0, 1))
    grid, zones = Grid.of(permuted), gland_zones(to_array(permuted))
    lesions = to_array(sitk.PermuteAxes(phantom.truth.lesions, (2, 0, 1)))
    truth = gland_zones(to_array(phantom.truth.zones))
    for fact in phantom.truth.facts:
        place = Anatomy(grid, measure_gland(zones, grid)).place(fact.centre_lps, zones[lesions == fact.label])
        assert place == where(phantom, fact, truth, phantom.study.grid)


def test_mirrored_anatomy_swaps_the_sides_and_nothing_else(phantom):
    grid = phantom.study.grid
    zones = gland_zones(to_array(phantom.truth.zones))
    lesions = to_array(phantom.truth.lesions)
    swapped = []
    for fact in phantom.truth.facts:
        index = np.argwhere(lesions[..., ::-1] == fact.label).mean(axis=0)
        mirrored = Anatomy(grid, measure_gland(zones[..., ::-1], grid)).place(
            tuple(grid.to_lps(index[::-1])), zones[lesions == fact.label]
        )
        place = where(phantom, fact, zones, grid)
        assert replace(mirrored, side=OPPOSITE[mirrored.side]) == place
        swapped.append(place.side is not Side.MIDLINE)
    assert any(swapped)


@pytest.mark.parametrize("labels", ["gland_AI_Guerbet23", "zones_AI_Yuan23"])
def test_the_real_finding_is_right_mid_posteromedial(real_study: Path, labels: str):
    """The gland alone stands for one zone: that is enough for side, level and sector."""
    folder = real_study / "picai" / "labels"
    lesion = sitk.ReadImage(str(next(folder.glob("*lesion_human_resampled.nii.gz"))))
    grid = Grid.of(lesion)
    zones = to_array(resample(sitk.ReadImage(str(next(folder.glob(f"*{labels}.nii.gz")))), grid, NEAREST))
    index = np.argwhere(to_array(lesion) > 0)
    anatomy = Anatomy(grid, measure_gland(zones.astype(np.uint8), grid))
    place = anatomy.place(tuple(grid.to_lps(index.mean(axis=0)[::-1])), zones.astype(np.uint8)[tuple(index.T)])
    assert place.text == "right mid PZpm (peripheral zone, posteromedial)"
    assert anatomy.gland.volume_ml == pytest.approx(44, abs=2)


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    """An ellipsoid gland with half-axes 25, 18 and 21 mm about CENTRE; an inner one as transition zone."""
    points = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1)[..., ::-1]) - CENTRE
    zones = (np.linalg.norm(points / (25.0, 18.0, 21.0), axis=-1) <= 1) * np.uint8(GlandZone.PERIPHERAL)
    zones[np.linalg.norm((points + np.array([0, 4, 0])) / (15.0, 11.0, 16.0), axis=-1) <= 1] = GlandZone.TRANSITION
    return Anatomy(GRID, measure_gland(zones, GRID))


def place_at(anatomy: Anatomy, offset: tuple[float, float, float], *codes: GlandZone) -> Place:
    return anatomy.place(tuple(CENTRE + offset), np.array(codes, np.uint8))


def test_the_gland_is_measured(anatomy):
    assert anatomy.gland.volume_ml == pytest.approx(4 / 3 * np.pi * 25 * 18 * 21 / 1000, rel=0.02)
    for size, true, voxel in zip(anatomy.gland.size_mm, (50, 36, 42), GRID.spacing, strict=True):
        assert size == pytest.approx(true, abs=2 * voxel)


def test_a_spur_or_a_tilt_hardly_changes_the_glands_size():
    """A 50 x 36 x 42 mm ellipsoid, leaning back by 25 degrees, with a spur 20 mm long at its top."""
    lean = np.deg2rad(25)
    turn = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    points = (GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1)[..., ::-1]) - CENTRE) @ turn
    body = np.linalg.norm(points / (25.0, 18.0, 21.0), axis=-1) <= 1
    spur = (np.abs(points[..., :2]) <= 2).all(axis=-1) & (points[..., 2] > 0) & (points[..., 2] < 21 + 20)
    zones = (body | spur).astype(np.uint8) * np.uint8(GlandZone.PERIPHERAL)
    gland = measure_gland(zones, GRID)
    assert np.abs(points[spur, 2]).max() > 35
    assert gland.size_mm == pytest.approx((50, 36, 42), abs=2.5)
    assert gland.ellipsoid_ml == pytest.approx(np.pi / 6 * 50 * 36 * 42 / 1000, rel=0.08)


P, T, OUT = GlandZone.PERIPHERAL, GlandZone.TRANSITION, GlandZone.OUTSIDE


@pytest.mark.parametrize(
    ("offset", "zone", "text"),
    [
        ((-8, 14, 0), P, "right mid PZpm (peripheral zone, posteromedial)"),
        ((18, 6, 0), P, "left mid PZpl (peripheral zone, posterolateral)"),
        ((-20, -6, 0), P, "right mid PZa (peripheral zone, anterior)"),
        ((2, 14, -14), P, "midline apex PZpm (peripheral zone, posteromedial)"),
        ((8, -10, 12), T, "left base TZa (transition zone, anterior)"),
        ((8, 2, 0), T, "left mid TZp (transition zone, posterior)"),
        ((-6, 8, 14), GlandZone.CENTRAL, "right base CZ (central zone)"),
        ((0, -16, 0), GlandZone.ANTERIOR_STROMA, "midline mid AS (anterior fibromuscular stroma)"),
    ],
)
def test_sectors_in_words(anatomy, offset, zone, text):
    assert place_at(anatomy, offset, zone).text == text


def test_a_second_zone_is_named_from_a_quarter_of_the_lesion_on(anatomy):
    assert place_at(anatomy, (8, -10, 0), T, T, T, P).text.endswith("; crosses into the peripheral zone)")
    assert place_at(anatomy, (8, -10, 0), T, T, T, T, P).second_zone is None
    assert place_at(anatomy, (8, -10, 0), T, T, P, OUT, OUT, OUT).second_zone is GlandZone.PERIPHERAL


def test_a_lesion_that_leaves_the_gland_keeps_its_zone_and_one_that_hardly_touches_it_has_none(anatomy):
    assert place_at(anatomy, (18, 6, 0), P, OUT, OUT).zone is GlandZone.PERIPHERAL
    assert place_at(anatomy, (30, 6, 0), P, OUT, OUT, OUT, OUT).text == "left mid, outside the gland"


def test_without_a_gland_side_and_third_are_those_of_the_stack(anatomy):
    stack = Anatomy(GRID, None)
    x, y, z = GRID.centre
    assert stack.place((x + 9, y, z + 30), None) == Place(Side.LEFT, StackThird.UPPER)
    assert stack.place((x + 2, y, z), None) == Place(Side.MIDLINE, StackThird.MIDDLE)
    assert stack.place((x - 9, y, z - 30), None).text == "right, lower third of the stack"


@pytest.mark.parametrize("radius", [0.0, 11.0])
def test_an_implausible_gland_places_nothing(radius):
    points = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1)[..., ::-1]) - CENTRE
    zones = (np.linalg.norm(points, axis=-1) < radius).astype(np.uint8)
    assert measure_gland(zones, GRID) is None
