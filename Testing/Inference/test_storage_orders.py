"""However a study's volumes are stored, the network reads the same array, and the panel's maps lie on its volume."""

from itertools import product

import numpy as np
import pytest
import SimpleITK as sitk

from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib.bundle.config import Preprocessing
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.exchange import read_exchange
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.maps import laid_maps
from ProstateAlignRefineLib.core.orientation import ORDERS
from ProstateAlignRefineLib.core.protocol import Segment
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.inference.device import choose_compute
from ProstateAlignRefineLib.inference.jobs import segment
from ProstateAlignRefineLib.inference.preprocess import network_volumes
from ProstateAlignRefineLib.inference.segment import segment_study
from ProstateAlignRefineLib.network.bundle import load_bundle

TILT = np.deg2rad(25)
ROTATIONS = {
    "straight": np.eye(3),
    "oblique": np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]]),
}
SPACINGS = {"thick": (0.6, 0.8, 3.0), "nearly equal": (1.1, 1.1, 1.3)}
CHANNELS = ("T2W", "ADC", "HBV")


def study(rotation: np.ndarray, spacing: tuple[float, float, float]) -> Study:
    rng = np.random.default_rng(0)
    t2w = Grid((56, 44, 12), spacing, (-20.0, -22.0, -20.0), tuple(float(v) for v in rotation.ravel()))
    dwi = Grid((20, 22, 16), (3.0, 3.2, 3.5), tuple(t2w.centre - rotation @ (28, 34, 26)), t2w.direction)
    volumes = ((t2w, 300, 60), (dwi, 1300, 200), (dwi, 40, 10))
    return Study(*(to_image(rng.normal(mean, spread, g.shape).astype(np.float32), g) for g, mean, spread in volumes))


def restored(plain: Study, number: int) -> Study:
    """T2W in order `number`, ADC and HBV in two others."""
    orders = (ORDERS[(number + step) % 48] for step in (0, 17, 31))
    return Study(*(order.of_image(plain.volume(m)) for order, m in zip(orders, Modality, strict=True)))


@pytest.mark.parametrize("normalization", ["image", "absolute_adc"])
@pytest.mark.parametrize(("rotation", "spacing"), product(ROTATIONS, SPACINGS))
def test_the_network_reads_the_same_array_of_every_storage(rotation, spacing, normalization):
    preprocessing = Preprocessing((3.0, 1.5, 1.5), 24.0, (16, 32, 32), normalization, normalization == "absolute_adc")
    plain = study(ROTATIONS[rotation], SPACINGS[spacing])
    volumes, region = network_volumes(plain, preprocessing, CHANNELS)
    worst = 0.0
    for number in range(48):
        other, place = network_volumes(restored(plain, number), preprocessing, CHANNELS)
        assert place.matches(region, 1e-9)
        worst = max(worst, float(np.abs(other - volumes).max()))
    assert worst < 1e-4


@pytest.fixture(scope="module")
def a_bundle(tmp_path_factory):
    return write_random_bundle(tmp_path_factory.mktemp("models") / "random")


@pytest.mark.parametrize("number", [0, 6, 21, 43])
def test_the_panel_gets_maps_on_its_own_volume(tmp_path, a_bundle, number):
    plain = study(ROTATIONS["oblique"], SPACINGS["thick"])
    (tmp_path / "study").mkdir()
    (tmp_path / "maps").mkdir()
    for modality in Modality:
        image = ORDERS[number].of_image(plain.volume(modality))
        sitk.WriteImage(image, str(tmp_path / "study" / f"study_{modality.value}.mha"))
    segment(Segment(1, str(tmp_path / "study"), str(a_bundle), "prostate lesion", str(tmp_path / "maps"), "cpu"), print)
    maps = read_exchange(tmp_path / "maps")
    assert maps.grid.matches(ORDERS[number].of_grid(plain.grid))
    direct = segment_study(plain, load_bundle(a_bundle), choose_compute("cpu"), lambda *_: None).maps
    np.testing.assert_allclose(laid_maps(maps, plain.grid).confidence, direct.confidence, atol=1e-3)


@pytest.mark.fault(
    "segment_study is called from Python with a study that cannot be right", "it refuses as segment does"
)
def test_the_library_entry_checks_and_converts_as_the_commands_do(a_bundle):
    plain, bundle, compute = (
        study(ROTATIONS["straight"], SPACINGS["thick"]),
        load_bundle(a_bundle),
        choose_compute("cpu"),
    )
    flat = sitk.Image(plain.hbv) * 0
    with pytest.raises(InputError, match="HBV has the same value"):
        segment_study(Study(plain.t2w, plain.adc, flat), bundle, compute, lambda *_: None)
    direct = segment_study(plain, bundle, compute, lambda *_: None)
    other = segment_study(Study(plain.t2w, plain.adc * 1e-6, plain.hbv), bundle, compute, lambda *_: None)
    np.testing.assert_allclose(other.maps.confidence, direct.maps.confidence, atol=1e-3)
    np.testing.assert_allclose(to_array(other.study.adc), to_array(plain.adc), rtol=1e-5)
    assert "in mm2/s, were converted" in other.study.reasons[Modality.ADC]
