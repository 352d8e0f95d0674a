"""A training run small enough for a test: a tiny network, a few coarse phantoms."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib.network.text import TextEmbedding
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.completion import complete_training
from ProstateAlignRefineLib.training.config import TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from ProstateAlignRefineLib.training.trainer import Trainer
from Training.settings import CPU


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Sums over several threads differ in the last digits from run to run, and logs are compared digit by digit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_config() -> TrainingConfig:
    starter = read_training_config("starter")
    architecture = replace(
        starter.architecture,
        features_per_stage=(4, 8, 8),
        kernel_sizes=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
        strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
        similarity=replace(starter.architecture.similarity, levels=(1,)),
        refiner=replace(starter.architecture.refiner, dim=8, heads=2),
    )
    preprocessing = replace(starter.preprocessing, spacing_mm=(6.0, 3.0, 3.0), region_mm=96.0, patch_size=(8, 16, 16))
    return replace(
        starter,
        architecture=architecture,
        preprocessing=preprocessing,
        data=replace(
            starter.data,
            training=2,
            validation=1,
            test=1,
            in_plane_mm=1.5,
            slice_mm=(6.0,),
            depth_mm=(78.0,),
            first_seed=1,
        ),
        schedule=replace(
            starter.schedule,
            iterations=2,
            batch_size=2,
            patch_size=(8, 16, 16),
            joint_epochs=3,
            whole_region_epochs=1,
            refiner_epochs=2,
            warmup_epochs=1,
            ramp_epochs=1,
            validate_every=1,
        ),
        bundle=replace(starter.bundle, operating_point="half"),
    )


@pytest.fixture(scope="session")
def tiny_cases(tiny_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return prepare_phantoms(tiny_config, tmp_path_factory.mktemp("cases"), workers=1)


@pytest.fixture(scope="session")
def text(tiny_config: TrainingConfig) -> TrainingText:
    noise = torch.Generator().manual_seed(1)
    pooled = torch.nn.functional.normalize(torch.randn(64, generator=noise), dim=0)
    tokens = torch.randn(8, 64, generator=noise)
    plain = TextEmbedding(tiny_config.text.prompts, pooled, tokens, torch.ones(8, dtype=torch.bool), "starter:0")
    return TrainingText(plain, plain)


@pytest.fixture(scope="session")
def whole_run(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("run")
    trainer = Trainer(tiny_config, tiny_cases, text, CPU, folder)
    complete_training(trainer, trainer.train(), folder)
    return folder
