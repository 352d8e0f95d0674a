"""A real MRML scene on slicer-core alone, with a small oblique study in it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.results.run import Run

TILT = np.deg2rad(18.0)
OBLIQUE = Grid(
    size=(32, 28, 8),
    spacing=(0.5, 0.6, 3.0),
    origin=(-7.0, 12.0, -40.0),
    direction=(1, 0, 0, 0, float(np.cos(TILT)), float(-np.sin(TILT)), 0, float(np.sin(TILT)), float(np.cos(TILT))),
)
LEFT_HANDED = replace(OBLIQUE, direction=tuple(-value for value in OBLIQUE.direction))  # every axis the other way
FIRST, SECOND = (slice(2, 5), slice(8, 14), slice(6, 12)), (slice(4, 6), slice(18, 22), slice(20, 25))


@pytest.fixture(scope="session")
def logics():
    """The one scene of a session and the logics MRML needs; `scene` clears it for every test."""
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    segmentations = slicer.vtkSlicerSegmentationsModuleLogic()
    segmentations.SetMRMLApplicationLogic(application)
    segmentations.SetMRMLScene(scene)
    return SimpleNamespace(scene=scene, application=application, segmentations=segmentations)


@pytest.fixture
def scene(logics):
    logics.scene.Clear(1)
    return logics.scene


def maps_on(grid: Grid) -> Maps:
    """Two lesions: the refiner widens the first by a voxel to the left, and would drop the second's last column."""
    base = np.full(grid.shape, -4.0, np.float32)
    base[FIRST], base[SECOND] = 3.0, 2.0
    refined = base.copy()
    refined[2:5, 8:14, 5] = 30.0
    refined[4:6, 18:22, 24] = -30.0
    confidence = np.full(grid.shape, 0.2, np.float32)
    confidence[2:5, 8:14, 4:12], confidence[4:6, 18:22, 19:26] = 0.9, 0.6
    similarity = np.where(base > 0, 0.7, 0.3).astype(np.float32)
    return Maps(grid, base, refined, confidence, similarity)


@pytest.fixture(params=["oblique", "left-handed"])
def grid(request):
    return {"oblique": OBLIQUE, "left-handed": LEFT_HANDED}[request.param]


@pytest.fixture
def maps(grid):
    return maps_on(grid)


@pytest.fixture
def inputs(scene, grid):
    from ProstateAlignRefineLib.scene.volumes import Inputs, add_volume

    rng = np.random.default_rng(0)
    names = {"t2w": "t2_tse_tra", "adc": "ep2d_diff_ADC", "hbv": "ep2d_diff_b1400"}
    return Inputs(
        **{
            k: add_volume(scene, rng.integers(100, 1500, grid.shape).astype(np.float32), grid, n)
            for k, n in names.items()
        }
    )


@pytest.fixture
def run():
    facts = ModelFacts("test bundle", "ab" * 32, "a notice", 0.35, 0.25, "prostate lesion", 0.01)
    return Run(facts, "prostate lesion", "CPU", "fp32", {"t2w": "Chosen by you."}, {"torch": "2"}, {"network": 1.5})


@pytest.fixture
def reading(scene, inputs, maps, run):
    from ProstateAlignRefineLib.scene.reading import Reading

    return Reading.start(scene, inputs, maps, run)
