"""A small model and a small study, so that whole commands run in seconds."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.model.bundle import save_bundle
from ProstateAlignRefineLib.model.config import (
    FORMAT_VERSION,
    Architecture,
    ModelConfig,
    Preprocessing,
    RefinerSettings,
    SimilaritySettings,
)
from ProstateAlignRefineLib.model.network import AlignRefineNetwork
from ProstateAlignRefineLib.model.text import TextEmbedding

ANGLE = np.deg2rad(15)
OBLIQUE = (1, 0, 0, 0, np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE))


@pytest.fixture(scope="session")
def a_bundle(tmp_path_factory) -> Path:
    """Random weights, but every part of a real bundle."""
    architecture = Architecture(
        channels=("T2W", "ADC", "HBV"),
        features_per_stage=(4, 6, 8),
        kernel_sizes=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
        strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
        text_width=8,
        similarity=SimilaritySettings(width=8, levels=(1, 2), temperature=0.2, learnable=True),
        refiner=RefinerSettings(dim=4, heads=2, positions=True),
    )
    torch.manual_seed(3)
    network = AlignRefineNetwork(architecture)
    tokens = torch.nn.functional.normalize(torch.randn(9, 8), dim=1)
    text = TextEmbedding(("prostate lesion",), tokens[0], tokens, torch.ones(9, dtype=torch.bool), "none")
    config = ModelConfig(
        format_version=FORMAT_VERSION,
        name="random",
        architecture=architecture,
        preprocessing=Preprocessing((3.0, 2.0, 2.0), 64.0, (8, 16, 16), "region"),
        confidence="softmax_foreground",
        tau=0.35,
        alpha=0.25,
        minimum_lesion_ml=0.05,
        prompt="prostate lesion",
        text_encoder="none",
        notice="random weights",
        training_data="none",
        licence="Apache-2.0",
        intended_use="tests",
        metrics={},
        files={},
    )
    path = tmp_path_factory.mktemp("models") / "random"
    save_bundle(path, network, config, text, "# Random weights\n")
    return path


@pytest.fixture
def a_study_folder(tmp_path) -> Path:
    """PI-CAI names; T2W and DWI of different fields of view, oblique; a bright spot in noise."""
    folder = tmp_path / "study"
    folder.mkdir()
    t2w = Grid((64, 64, 12), (1.0, 1.0, 3.0), (-31.5, -31.5, -16.5), OBLIQUE)
    dwi = Grid((40, 44, 12), (2.0, 2.0, 3.0), tuple(t2w.centre - t2w.axes @ [39.0, 43.0, 16.5]), OBLIQUE)
    rng = np.random.default_rng(0)
    for name, grid, mean, spread in (("t2w", t2w, 300, 60), ("adc", dwi, 1300, 200), ("hbv", dwi, 40, 10)):
        values = rng.normal(mean, spread, grid.shape).astype(np.float32)
        sitk.WriteImage(to_image(np.maximum(values, 0), grid), str(folder / f"a_{name}.mha"))
    return folder
