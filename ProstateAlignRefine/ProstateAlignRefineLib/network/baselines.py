"""What Align then Refine is compared with: its own parts left out one by one, and networks of others.

All answer as `AlignRefineNetwork` does, so that one trainer and one predictor serve them. A part that is left out has
no weights: without a refiner the refined logits are the base logits, without text the similarity says nothing (0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ..bundle.config import LEAKY_SLOPE, NUMBER_OF_CLASSES, Architecture, RefinerSettings, SimilaritySettings, Triple
from ..core.errors import InputError
from .network import AlignRefineNetwork, NetworkOutput
from .positions import Windows
from .text import TextBatch, TextEmbedding
from .tiling import tiled

NetworkKind: TypeAlias = Literal[
    "ours", "paper_refiner", "paper_text", "multi_encoder", "nnunet", "segresnet", "swinunetr", "unetr"
]

PAPER_HEADS = 4
PAPER_WIDEST = 512
PUBLISHED_FEATURES = 32  # of the first stage: at this width the networks of others have their published widths


@dataclass(frozen=True)
class Parts:
    """What of Align then Refine a network has: losses on the text's similarity; a refiner, and a phase to train it.

    `any_size`: it learns from inputs of any size, not from its patch alone.
    """

    text: bool
    refiner: bool
    any_size: bool

    @property
    def bundled(self) -> bool:
        """Whether it is Align then Refine itself, and so can be a model bundle."""
        return self.text and self.refiner


@dataclass(frozen=True)
class Other:
    """A network of others. `make`: of the architecture and the padded patch (z, y, x).

    `head`: the name of its layer, or of a block ending in it, whose output are the full-size logits. `divisor`: what it
    reads is a multiple of it (z, y, x); None: of the architecture's.
    """

    make: Callable[[Architecture, Sequence[int]], nn.Module]
    head: str
    divisor: Triple | None = None


def make_network(kind: NetworkKind, architecture: Architecture, patch_size: Triple) -> SegmentationNetwork:
    """A network of this kind with random weights; `patch_size` (z, y, x) is what the networks of others read.

    `ours` is the architecture itself; `paper_refiner` puts the paper's similarity (bottleneck, temperature 1) and
    refiner (no positions; train it with the pooled text as its one token) in their places; `paper_text` leaves the
    refiner out; `multi_encoder` the text too. `nnunet` is nnU-Net's plain network (MONAI's DynUNet) with the
    architecture's stages; `segresnet`, `swinunetr` and `unetr` are MONAI's, widths in proportion to the architecture's.
    """
    if kind not in get_args(NetworkKind):
        raise InputError(f"The network '{kind}' is unknown; choose one of {', '.join(get_args(NetworkKind))}.")
    if kind in OTHERS:
        return Baseline(kind, architecture, patch_size)
    network = AlignRefineNetwork(built_architecture(kind, architecture))
    if not PARTS[kind].refiner:
        network.refiner = NoRefiner()  # type: ignore[assignment]
    if not PARTS[kind].text:
        network.similarity = NoSimilarity()  # type: ignore[assignment]
    return network


def built_architecture(kind: NetworkKind, architecture: Architecture) -> Architecture:
    """What `make_network` builds: the architecture as given, or Align then Refine's with the paper's text parts."""
    return architecture if kind == "ours" or kind in OTHERS else paper_architecture(architecture)


def paper_architecture(architecture: Architecture) -> Architecture:
    """The same encoders and decoder with the paper's text parts."""
    features = architecture.features_per_stage
    last = len(features) - 1
    similarity = SimilaritySettings(architecture.text_width, (last,), temperature=1.0, learnable=False)
    refiner = RefinerSettings(min(PAPER_WIDEST, features[0]), PAPER_HEADS, positions=False)
    return replace(architecture, similarity=similarity, refiner=refiner, anatomy=False)


class NoRefiner(nn.Module):
    """Leaves the decoder's features as they are."""

    def forward(self, features: Tensor, *_: object) -> Tensor:
        """The features [B, C, Z, Y, X] as they are; text is ignored."""
        return features


class NoSimilarity(nn.Module):
    """Similarity logits of 0 at full size."""

    def forward(self, maps: Sequence[Tensor], pooled: Tensor, size: Sequence[int]) -> Tensor:
        """Zeros [B, 1, Z, Y, X] of `size`."""
        return torch.zeros(maps[0].shape[0], 1, *size, device=maps[0].device)


class Baseline(nn.Module):
    """A network of others, which reads no text.

    It pads what it reads to the multiple it needs. In evaluation it reads other sizes than its patch in Gaussian
    weighted tiles of the patch, as nnU-Net does.
    """

    anatomy: None = None

    def __init__(self, kind: NetworkKind, architecture: Architecture, patch_size: Triple) -> None:
        super().__init__()
        self.architecture = architecture
        self.patch_size = patch_size
        other = OTHERS[kind]
        self.divisor = other.divisor or architecture.size_divisor
        padded = tuple(-(-size // step) * step for size, step in zip(patch_size, self.divisor, strict=True))
        if padded == self.divisor:  # one voxel would be left at the bottom, which has no variance to normalise by
            shown = " x ".join(map(str, patch_size))
            raise InputError(
                f"The network {kind} cannot train on patches of {shown}; set a larger schedule.patch_size."
            )
        self.network = other.make(architecture, padded)
        self._head = other.head
        self.refiner, self.similarity = NoRefiner(), NoSimilarity()

    def forward(
        self, image: Tensor, text: TextEmbedding | TextBatch, windows: Windows = None, refine: bool = True
    ) -> NetworkOutput:
        """Image [B, 3, Z, Y, X]; `text`, `windows` and `refine` are not read."""
        levels = self._levels(image) if self.training or self._is_patch(image) else [self._tiled(image)]
        levels = [logits.float() for logits in levels]
        unknown = self.similarity(levels, image, image.shape[2:])
        return NetworkOutput(levels, levels[0], torch.sigmoid(unknown), unknown)

    @property
    def decoder(self) -> SimpleNamespace:
        """With its segmentation `heads`, coarsest first, as `AlignRefineNetwork` has them."""
        coarser = reversed(getattr(self.network, "deep_supervision_heads", ()))
        finest = getattr(self.network, self._head)
        return SimpleNamespace(heads=[*coarser, finest[-1] if isinstance(finest, nn.Sequential) else finest])

    def _is_patch(self, image: Tensor) -> bool:
        return tuple(image.shape[2:]) == tuple(self.patch_size)

    def _levels(self, image: Tensor) -> list[Tensor]:
        """Logits finest first, all at full size; several in training where the network has deep supervision."""
        z, y, x = image.shape[2:]
        behind = [-size % step for size, step in zip((z, y, x), self.divisor, strict=True)]
        output = self.network(pad(image, (0, behind[2], 0, behind[1], 0, behind[0])))
        stacked = output.unbind(dim=1) if output.ndim == 6 else (output,)
        return [logits[..., :z, :y, :x] for logits in stacked]

    def _tiled(self, image: Tensor) -> Tensor:
        z, y, x = image.shape[2:]
        missing = [max(tile - size, 0) for tile, size in zip(self.patch_size, (z, y, x), strict=True)]
        filled = pad(image, (0, missing[2], 0, missing[1], 0, missing[0]))
        return tiled(filled, self.patch_size, lambda tile, _start: self._levels(tile)[0].float())[..., :z, :y, :x]


SegmentationNetwork: TypeAlias = AlignRefineNetwork | Baseline


def _nnunet(architecture: Architecture, size: Sequence[int]) -> nn.Module:
    from monai.networks.nets.dynunet import DynUNet

    strides = architecture.strides
    return DynUNet(
        **_ends(architecture),
        kernel_size=architecture.kernel_sizes,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=architecture.features_per_stage,
        norm_name=("INSTANCE", {"affine": True}),
        act_name=("leakyrelu", {"inplace": True, "negative_slope": LEAKY_SLOPE}),
        deep_supervision=len(strides) > 2,
        deep_supr_num=max(len(strides) - 2, 1),
    )


def _segresnet(architecture: Architecture, size: Sequence[int]) -> nn.Module:
    """Published width 32; its normalisation needs multiples of 8."""
    from monai.networks.nets.segresnet import SegResNet

    return SegResNet(**_ends(architecture), init_filters=max(round(32 * _scale(architecture) / 8), 1) * 8)


def _swinunetr(architecture: Architecture, size: Sequence[int]) -> nn.Module:
    """Published width 48; its attention heads need multiples of 12."""
    from monai.networks.nets.swin_unetr import SwinUNETR

    width = max(round(48 * _scale(architecture) / 12), 1) * 12
    return SwinUNETR(**_ends(architecture), feature_size=width)


def _unetr(architecture: Architecture, size: Sequence[int]) -> nn.Module:
    """Published widths 16 and 768, 12 heads."""
    from monai.networks.nets.unetr import UNETR

    width = max(round(16 * _scale(architecture)), 1)
    ends = _ends(architecture)
    network = UNETR(**ends, img_size=size, feature_size=width, hidden_size=48 * width, mlp_dim=192 * width)
    for block in network.vit.blocks:
        # MONAI makes these without using them; several processes would wait for their gradients.
        block.norm_cross_attn = block.cross_attn = nn.Identity()
    return network


def _ends(architecture: Architecture) -> dict[str, Any]:
    return {"spatial_dims": 3, "in_channels": len(architecture.channels), "out_channels": NUMBER_OF_CLASSES}


def _scale(architecture: Architecture) -> float:
    return architecture.features_per_stage[0] / PUBLISHED_FEATURES


OTHERS: Mapping[NetworkKind, Other] = MappingProxyType(
    {
        "nnunet": Other(_nnunet, "output_block"),
        "segresnet": Other(_segresnet, "conv_final", (8, 8, 8)),
        "swinunetr": Other(_swinunetr, "out", (32, 32, 32)),
        "unetr": Other(_unetr, "out", (16, 16, 16)),
    }
)
PARTS: Mapping[NetworkKind, Parts] = MappingProxyType(
    {
        "ours": Parts(text=True, refiner=True, any_size=True),
        "paper_refiner": Parts(text=True, refiner=True, any_size=True),
        "paper_text": Parts(text=True, refiner=False, any_size=True),
        "multi_encoder": Parts(text=False, refiner=False, any_size=True),
        **dict.fromkeys(OTHERS, Parts(text=False, refiner=False, any_size=False)),
    }
)
