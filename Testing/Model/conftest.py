"""A network small enough to run in milliseconds, its text, and a bundle of both."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from Model.samples import ENCODER, text_of
from ProstateAlignRefineLib.bundle.config import (
    FORMAT_VERSION,
    ONE_FORWARD,
    Architecture,
    ModelConfig,
    Preprocessing,
    RefinerSettings,
    SimilaritySettings,
)
from ProstateAlignRefineLib.network.bundle import save_bundle
from ProstateAlignRefineLib.network.checkpoint import import_checkpoint
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text import TextEmbedding


@pytest.fixture
def architecture() -> Architecture:
    """Ours: similarity at finer levels with learnable scale, refiner that knows positions."""
    return Architecture(
        channels=("T2W", "ADC", "HBV"),
        features_per_stage=(4, 6, 8),
        kernel_sizes=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
        strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
        text_width=12,
        similarity=SimilaritySettings(width=5, levels=(1, 2), temperature=0.1, learnable=True),
        refiner=RefinerSettings(dim=8, heads=2, positions=True),
        anatomy=True,
    )


@pytest.fixture
def paper_architecture(architecture: Architecture) -> Architecture:
    similarity = SimilaritySettings(width=5, levels=(2,), temperature=1.0, learnable=False)
    return replace(
        architecture, similarity=similarity, refiner=RefinerSettings(dim=4, heads=4, positions=False), anatomy=False
    )


@pytest.fixture
def network(architecture: Architecture) -> AlignRefineNetwork:
    torch.manual_seed(1)
    return AlignRefineNetwork(architecture).eval()


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, 4, 8, 12, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def text() -> TextEmbedding:
    return text_of(tokens=8)


@pytest.fixture
def config(architecture: Architecture) -> ModelConfig:
    return ModelConfig(
        format_version=FORMAT_VERSION,
        name="small",
        architecture=architecture,
        preprocessing=Preprocessing((3.0, 0.5, 0.5), 128.0, (4, 8, 8), "region", False),
        inference=ONE_FORWARD,
        confidence="softmax_foreground",
        tau=0.35,
        alpha=0.25,
        minimum_lesion_ml=0.1,
        prompt="prostate lesion",
        text_encoder=ENCODER,
        notice="a notice",
        training_data="none",
        licence="Apache-2.0",
        intended_use="tests",
        metrics={"dice": 0.5},
        files={},
    )


@pytest.fixture
def bundle_path(tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding) -> Path:
    path = tmp_path / "bundle"
    save_bundle(path, network, config, text, "# Card\n")
    return path


@pytest.fixture(scope="session")
def imported_bundle(reference_vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference checkpoint as a bundle."""
    path = tmp_path_factory.mktemp("imported") / "bundle"
    names = ("checkpoint_best.pth", "plans.json", "dataset.json", "text_embedding.npy")
    import_checkpoint(*(reference_vectors / name for name in names), path)
    return path
