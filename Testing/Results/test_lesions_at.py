"""One setting's lesions: gated, the small ones dropped, painted ones kept, measured where they lie."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.results.lesions_at import lesions_at
from ProstateAlignRefineLib.results.setting import Paint, Setting

COS, SIN = np.cos(0.3), np.sin(0.3)
# Rows run towards the front, slices towards the head, tilted about the left-right axis.
GRID = Grid((24, 30, 12), (0.6, 0.8, 3.0), (-20.0, 15.0, -30.0), (1, 0, 0, 0, -COS, -SIN, 0, SIN, -COS))

LARGE = (slice(3, 7), slice(6, 14), slice(5, 12))  # 224 voxels, 0.323 mL
SMALL = (slice(8, 10), slice(20, 23), slice(15, 18))  # 18 voxels, 0.026 mL


@pytest.fixture
def maps() -> Maps:
    """Both lie above the gate; a rim of the large one only with the refiner; the small one is the more confident."""
    base = np.full(GRID.shape, -4.0, np.float32)
    base[LARGE] = 1.0
    base[SMALL] = 3.0
    refined = base.copy()
    refined[2, LARGE[1], LARGE[2]] = 8.0
    confidence = 1 / (1 + np.exp(-base))
    confidence[2, LARGE[1], LARGE[2]] = 0.4
    return Maps(GRID, base, refined, confidence.astype(np.float32), np.full(GRID.shape, 0.5, np.float32))


@pytest.fixture
def adc() -> sitk.Image:
    """1000 everywhere, on a coarser grid of its own."""
    coarse = GRID.with_spacing((2.0, 2.0, 3.0))
    return to_image(np.full(coarse.shape, 1000, np.float32), coarse)


def test_the_most_confident_lesion_comes_first_and_lies_where_the_volume_has_it(maps: Maps, adc: sitk.Image) -> None:
    found = lesions_at(maps, adc, Setting(0.35, 0.25))
    small, large = found.lesions
    assert small.slices == (8, 9)
    assert large.slices == (3, 6)
    assert large.volume_ml == pytest.approx(4 * 8 * 7 * 0.6 * 0.8 * 3 / 1000)
    assert large.centre_lps == pytest.approx(tuple(GRID.to_lps((8.0, 9.5, 4.5))))
    assert large.mean_adc == pytest.approx(1000)
    whole = found.whole
    assert set(np.unique(whole[LARGE])) == {2}
    assert set(np.unique(whole[SMALL])) == {1}
    assert np.count_nonzero(whole) == 224 + 18


def test_the_refiner_adds_only_above_tau_and_with_enough_strength(maps: Maps, adc: sitk.Image) -> None:
    voxels = {
        (tau, alpha): np.count_nonzero(lesions_at(maps, adc, Setting(tau, alpha)).whole)
        for tau, alpha in ((0.35, 0.25), (0.35, 0.5), (0.45, 0.5))
    }
    assert voxels == {(0.35, 0.25): 242, (0.35, 0.5): 242 + 56, (0.45, 0.5): 242}
    assert np.count_nonzero(lesions_at(maps, adc, Setting(0.35, 0.5)).gated.edits == 1) == 56


SMALL_ML = 18 * 0.6 * 0.8 * 3 / 1000  # a volume at the limit counts


@pytest.mark.parametrize(("minimum_ml", "count"), [(0.0, 2), (SMALL_ML, 2), (0.027, 1), (0.322, 1), (0.324, 0)])
def test_small_components_are_dropped_by_physical_volume(
    maps: Maps, adc: sitk.Image, minimum_ml: float, count: int
) -> None:
    assert len(lesions_at(maps, adc, Setting(0.35, 0.25, minimum_ml)).lesions) == count


def test_the_readers_paint_is_never_dropped(maps: Maps, adc: sitk.Image) -> None:
    dot = np.ravel_multi_index((0, 0, 0), GRID.shape)
    rim = np.ravel_multi_index((3, 6, 5), GRID.shape)
    paint = Paint(added=np.array([dot]), erased=np.array([rim]))
    found = lesions_at(maps, adc, Setting(0.35, 0.25, 0.1, paint))
    assert found.whole[0, 0, 0] > 0
    assert found.whole[3, 6, 5] == 0
    assert found.whole[SMALL].max() == 0
    assert found.gated.mask[3, 6, 5]  # the gate alone stays what it was


def test_no_lesion_is_an_empty_answer(maps: Maps, adc: sitk.Image) -> None:
    found = lesions_at(maps, adc, Setting(0.35, 0.25, 5.0))
    assert found.lesions == ()
    assert found.whole.shape == GRID.shape
    assert not found.whole.any()
