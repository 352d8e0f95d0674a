"""A small model and a small study, so that whole commands run in seconds."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib.core.geometry import Grid, to_image

ANGLE = np.deg2rad(15)
OBLIQUE = (1, 0, 0, 0, np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE))
TURNED = tuple(np.multiply(OBLIQUE, (-1, -1, 1) * 3).tolist())  # the same plane, stored upside down


@pytest.fixture(scope="session")
def a_bundle(tmp_path_factory) -> Path:
    return write_random_bundle(tmp_path_factory.mktemp("models") / "random")


@pytest.fixture
def a_study_folder(tmp_path) -> Path:
    """PI-CAI names; T2W and DWI of different fields of view, oblique; a bright spot in noise."""
    folder = tmp_path / "study"
    folder.mkdir()
    t2w = Grid((64, 64, 12), (1.0, 0.9, 3.0), (-31.5, -31.5, -16.5), OBLIQUE)
    dwi = Grid((40, 44, 12), (2.0, 1.8, 3.0), tuple(t2w.centre + t2w.axes @ [39.0, 38.7, -16.5]), TURNED)
    rng = np.random.default_rng(0)
    for name, grid, mean, spread in (("t2w", t2w, 300, 60), ("adc", dwi, 1300, 200), ("hbv", dwi, 40, 10)):
        values = rng.normal(mean, spread, grid.shape).astype(np.float32)
        sitk.WriteImage(to_image(np.maximum(values, 0), grid), str(folder / f"a_{name}.mha"))
    return folder
