"""A whole model bundle with random weights: every part is real, only nothing was learned."""

from dataclasses import replace
from pathlib import Path

import torch

from host.small_config import small_config
from ProstateAlignRefineLib.bundle.config import (
    Architecture,
    Preprocessing,
    RefinerSettings,
    SimilaritySettings,
)
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, save_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.prompted.head import PromptedHead
from ProstateAlignRefineLib.network.text import TextEmbedding
from ProstateAlignRefineLib.training.prompts.phantoms import settings_for

WIDTH, TOKENS = 8, 9
FOREGROUND_BIAS = 0.3


def write_random_bundle(
    folder: Path, features: tuple[int, int, int] = (4, 6, 8), seed: int = 3, anatomy: bool = True, **told: object
) -> Path:
    """`seed`: of the weights; the text is always the same. `told`: further entries of the configuration."""
    torch.manual_seed(3)
    architecture = Architecture(
        channels=("T2W", "ADC", "HBV"),
        features_per_stage=features,
        kernel_sizes=((1, 3, 3), (3, 3, 3), (3, 3, 3)),
        strides=((1, 1, 1), (1, 2, 2), (2, 2, 2)),
        text_width=WIDTH,
        similarity=SimilaritySettings(width=WIDTH, levels=(1, 2), temperature=0.2, learnable=True),
        refiner=RefinerSettings(dim=4, heads=2, positions=True),
        anatomy=anatomy,
    )
    tokens = torch.nn.functional.normalize(torch.randn(TOKENS, WIDTH), dim=1)
    text = TextEmbedding(("prostate lesion",), tokens[0], tokens, torch.ones(TOKENS, dtype=torch.bool), "none")
    config = small_config(
        architecture,
        Preprocessing((3.0, 2.0, 2.0), 64.0, (8, 16, 16), "region", False),
        name="random weights",
        minimum_lesion_ml=0.05,
        text_encoder="none",
        notice="",
        metrics={},
    )
    config = replace(config, **told)
    if seed != 3:
        torch.manual_seed(seed)
    save_bundle(folder, _network(architecture), config, text, "# random weights\n")
    return folder


def prompted_random_bundle(folder: Path) -> Bundle:
    """The same, loaded, with a prompted head that has learned nothing either."""
    plain = load_bundle(write_random_bundle(folder))
    torch.manual_seed(1)
    return replace(plain, prompted=PromptedHead(settings_for(plain)).eval())


def silent(_stage: str, _done: int, _whole: int) -> None:
    """Progress that nobody watches."""


def _network(architecture: Architecture) -> AlignRefineNetwork:
    """Tilted towards foreground, so that it draws something."""
    network = AlignRefineNetwork(architecture)
    with torch.no_grad():
        network.decoder.heads[-1].bias[1] += FOREGROUND_BIAS
    return network
