"""Small random texts, and checkpoints as the authors' trainer saves them."""

import re
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text import TextEmbedding

ENCODER = "starter:7"


def text_of(tokens: int, width: int = 12, seed: int = 0, prompt: str = "prostate lesion") -> TextEmbedding:
    generator = torch.Generator().manual_seed(seed)
    pooled = normalize(torch.randn(width, generator=generator), dim=0)
    words = torch.randn(tokens, width, generator=generator)
    return TextEmbedding((prompt,), pooled, words, torch.ones(tokens, dtype=torch.bool), ENCODER)


def authors_checkpoint(network: AlignRefineNetwork) -> dict[str, Any]:
    """The network's weights as the authors' trainer saves them: under their names, and with everything it repeats."""
    weights: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        weights[_authors_name(name, len(network.fusions) - 1)] = _as_they_shape(name, tensor)
    heads = len(network.decoder.heads) - 1
    for kind in ("weight", "bias"):
        weights[f"_refine_head.head.{kind}"] = weights[f"decoder.seg_layers.{heads}.{kind}"]
    for name, tensor in list(weights.items()):
        repeated = re.sub(r"\.norm\.", ".all_modules.1.", re.sub(r"\.conv\.", ".all_modules.0.", name))
        if re.search(r"\.conv[12]\.", name) and repeated != name:
            weights[repeated] = tensor
    for name, tensor in list(weights.items()):
        if name.startswith("encoders.0."):
            weights["decoder.encoder." + name.removeprefix("encoders.0.")] = tensor
    return {"network_weights": weights, "init_args": {"configuration": "3d_fullres"}}


def _authors_name(name: str, last: int) -> str:
    patterns = (
        (rf"^fusions\.{last}\.", "bottleneck_fusion."),
        (r"^fusions\.(\d+)\.", r"skip_fusions.\1."),
        (r"(fusion(?:s\.\d+)?)\.conv\.", r"\1.block.0."),
        (r"(fusion(?:s\.\d+)?)\.norm\.", r"\1.block.1."),
        (r"^decoder\.levels\.(\d+)\.blocks\.", r"decoder.stages.\1."),
        (r"^decoder\.levels\.(\d+)\.reduce\.", r"decoder.upsample_layers.\1.conv."),
        (r"^decoder\.heads\.", "decoder.seg_layers."),
        (r"^similarity\.image_projections\.0\.", "align_conv."),
        (r"^similarity\.text_projection\.", "text_proj."),
        (r"^refiner\.attention\.", "_refiner.mha."),
        (r"^refiner\.", "_refiner."),
        (r"\.shortcut\.", ".conv3."),
        (r"(stages\.\d+\.1|stem\.1)\.(conv|norm)([12])\.", r"\1.conv\3.\2."),
    )
    for pattern, replacement in patterns:
        name = re.sub(pattern, replacement, name)
    return name


def _as_they_shape(name: str, tensor: Tensor) -> Tensor:
    return tensor[..., None] if name in ("refiner.to_d.weight", "refiner.from_d.weight") else tensor
