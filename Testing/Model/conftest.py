"""A network small enough to run in milliseconds, its text, and a bundle of both."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from host.small_config import small_config
from Model.samples import ENCODER, text_of
from Model.training_output import TrainingOutput
from ProstateAlignRefineLib.bundle.config import (
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
    return small_config(
        architecture,
        Preprocessing((3.0, 0.5, 0.5), 128.0, (4, 8, 8), "region", False),
        name="small",
        minimum_lesion_ml=0.1,
        text_encoder=ENCODER,
        notice="a notice",
        metrics={"dice": 0.5},
    )


@pytest.fixture
def bundle_path(tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding) -> Path:
    path = tmp_path / "bundle"
    save_bundle(path, network, config, text, "# Card\n")
    return path


@pytest.fixture
def files(reference_vectors: Path, tmp_path: Path) -> TrainingOutput:
    files = TrainingOutput(tmp_path)
    names = ("checkpoint_best.pth", "plans.json", "dataset.json", "text_embedding.npy")
    for name, path in zip(names, files.paths, strict=True):
        path.write_bytes((reference_vectors / name).read_bytes())
    return files


@pytest.fixture(scope="session")
def imported_bundle(reference_vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference checkpoint as a bundle."""
    path = tmp_path_factory.mktemp("imported") / "bundle"
    names = ("checkpoint_best.pth", "plans.json", "dataset.json", "text_embedding.npy")
    import_checkpoint(*(reference_vectors / name for name in names), path)
    return path
