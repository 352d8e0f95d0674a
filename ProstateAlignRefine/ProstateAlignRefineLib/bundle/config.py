"""What bundle.json says: architecture, preprocessing, gate and provenance. Read without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from ..core import schema
from ..core.errors import InputError
from ..core.findings.rule import FindingRule
from ..core.plain_data import plain_words, read_json, shown
from ..core.plain_text import is_plain

FORMAT_VERSION = 1
CONFIG_FILE = "bundle.json"
RUN_BUNDLE = "bundle"  # in the folder of a training run
FOR_THE_SCREEN = ("name", "notice", "training_data", "licence", "intended_use", "metrics")
NUMBER_OF_CLASSES = 2  # background, lesion
LEAKY_SLOPE = 0.01
NORM_EPSILON = 1e-5

Triple: TypeAlias = tuple[int, int, int]
Confidence: TypeAlias = Literal["sigmoid_foreground_logit", "softmax_foreground"]
Axis: TypeAlias = Literal["z", "y", "x"]
Normalization: TypeAlias = Literal["image", "region", "absolute_adc"]


@dataclass(frozen=True)
class SimilaritySettings:
    """The text-image similarity head.

    `width`: of the space shared by text and voxels. `levels`: encoder stages (0 finest) whose resolution the map is
    made at; the last stage is the bottleneck, which alone is the paper's setting; several levels are averaged.
    `temperature` divides the cosine: the value itself (paper: 1.0), or where training of it starts if `learnable`, in
    which case a bias is learned too.
    """

    width: int
    levels: tuple[int, ...]
    temperature: float
    learnable: bool

    def __post_init__(self) -> None:
        _require(self.width > 0, "the similarity width must be positive")
        _require(bool(self.levels) and len(set(self.levels)) == len(self.levels), "similarity levels must be distinct")
        _require(self.temperature > 0, "the similarity temperature must be positive")


@dataclass(frozen=True)
class RefinerSettings:
    """Cross-attention from voxels to text tokens: inner width, heads, and whether voxels know where they lie."""

    dim: int
    heads: int
    positions: bool

    def __post_init__(self) -> None:
        _require(self.dim > 0 and self.heads > 0, "refiner width and heads must be positive")
        _require(self.dim % self.heads == 0, "the refiner's width must be a multiple of its heads")


@dataclass(frozen=True)
class Architecture:
    """The network; every triple is (z, y, x). `channels` is the order of the input channels, one encoder each.

    `anatomy`: whether an auxiliary head tells the gland's zones (core.anatomy.GlandZone).
    """

    channels: tuple[str, ...]
    features_per_stage: tuple[int, ...]
    kernel_sizes: tuple[Triple, ...]
    strides: tuple[Triple, ...]
    text_width: int
    similarity: SimilaritySettings
    refiner: RefinerSettings
    anatomy: bool

    def __post_init__(self) -> None:
        stages = len(self.features_per_stage)
        _require(sorted(self.channels) == ["ADC", "HBV", "T2W"], "channels must be T2W, ADC and HBV in some order")
        _require(stages >= 2, "the network needs at least two stages")
        _require(min(self.features_per_stage) > 0 and self.text_width > 0, "features and text width must be positive")
        _require(len(self.kernel_sizes) == stages, "every stage needs a kernel size")
        _require(len(self.strides) == stages, "every stage needs a stride")
        _require(all(k % 2 == 1 for kernel in self.kernel_sizes for k in kernel), "kernel sizes must be odd")
        _require(all(s >= 1 for stride in self.strides for s in stride), "strides must be at least 1")
        _require(self.strides[0] == (1, 1, 1), "the first stage must have stride 1")
        _require(all(0 <= level < stages for level in self.similarity.levels), "similarity levels must name a stage")

    @property
    def size_divisor(self) -> Triple:
        """Input sizes (z, y, x) must be multiples of this."""
        z, y, x = (math.prod(stride[axis] for stride in self.strides) for axis in range(3))
        return z, y, x


@dataclass(frozen=True)
class Preprocessing:
    """How volumes become network input; triples are (z, y, x).

    `region_mm`: edge of the region that is read, about the prostate where the network tells where that is, else in the
    middle. `patch_size`: of training's patches and, where the bundle asks for them, of tiles, in voxels.
    `normalization`: channel-wise z-score over the whole T2W field of view or over the region; with `absolute_adc` over
    the region too, but ADC, which has a physical unit, is scaled by constants.
    `smoothing`: volumes sampled more finely than `spacing_mm` are smoothed to it first, instead of losing what lies
    between the samples.
    """

    spacing_mm: tuple[float, float, float]
    region_mm: float
    patch_size: Triple
    normalization: Normalization
    smoothing: bool

    def __post_init__(self) -> None:
        _require(min(self.spacing_mm) > 0 and self.region_mm > 0, "spacing and region must be positive")
        _require(min(self.patch_size) > 0, "the patch size must be positive")


@dataclass(frozen=True)
class InferenceSettings:
    """How the region goes through the network.

    `tiles`: none (`where_needed`: no device needs them, since tiles answer otherwise than one forward), or `always` as
    nnU-Net does: patches of `preprocessing.patch_size` at half a patch's step, each with its own instance statistics. A
    network with an anatomy head reads the whole region all the same. `mirror_axes`: the answer is the mean over all
    mirror images along these axes; x is left-right, where the text's sides are swapped too. None: one forward.
    """

    tiles: Literal["where_needed", "always"]
    mirror_axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        _require(len(set(self.mirror_axes)) == len(self.mirror_axes), "mirror axes must be distinct")


@dataclass(frozen=True)
class ModelConfig:
    """bundle.json. `confidence` names what tau is compared with; `notice` is one line shown to users, or empty.

    `files` maps the name of every other file of the bundle to its SHA-256. `minimum_lesion_ml`: smaller components are
    dropped. `findings`: how likely a finding is a lesion; None in bundles that were not taught it. `members`: of an
    ensemble, the sub-folders with the weights of its further networks, whose answers are averaged with that of its own.
    """

    format_version: int
    name: str
    architecture: Architecture
    preprocessing: Preprocessing
    inference: InferenceSettings
    confidence: Confidence
    tau: float
    alpha: float
    minimum_lesion_ml: float
    prompt: str
    text_encoder: str
    notice: str
    training_data: str
    licence: str
    intended_use: str
    metrics: dict[str, Any]
    files: dict[str, str]
    findings: FindingRule | None = None
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(self.format_version == FORMAT_VERSION, f"the format version must be {FORMAT_VERSION}")
        _require(0 <= self.tau <= 1 and 0 <= self.alpha <= 1, "tau and alpha must lie between 0 and 1")
        _require(self.minimum_lesion_ml >= 0, "the minimum lesion volume must not be negative")
        _require(bool(self.name.strip() and self.prompt.strip()), "name and prompt must not be empty")
        _require(is_plain(self.prompt) and is_plain(self.text_encoder), "the prompt must be a line of plain text")
        _require(set(map(type, self.files)) <= {str} and all(map(_is_inside, self.files)), "a file lies outside of it")
        sound = len(set(self.members)) == len(self.members) and all(map(_is_inside, self.members))
        _require(sound and not {"", "."} & set(self.members), "its members must be distinct folders in it")
        divisor = self.architecture.size_divisor
        fits = all(size % step == 0 for size, step in zip(self.preprocessing.patch_size, divisor, strict=True))
        _require(fits, "the patch size must be a multiple of the network's total stride")

    @classmethod
    def from_dict(cls, data: object) -> ModelConfig:
        """InputError for unknown or missing keys, wrong types, impossible values, another format version."""
        version = data.get("format_version") if isinstance(data, dict) else None
        if version is not None and version != FORMAT_VERSION:
            raise InputError(
                f"The model bundle has format version {shown(version)}, this program reads version {FORMAT_VERSION}; "
                "use a bundle made for this version."
            )
        if isinstance(data, dict):
            data = {name: plain_words(value) if name in FOR_THE_SCREEN else value for name, value in data.items()}
            data = {"findings": None, "members": (), **data}  # which bundles of earlier versions do not name
        return schema.from_dict(cls, data, CONFIG_FILE)

    def to_dict(self) -> dict[str, Any]:
        """As bundle.json holds it."""
        entries = schema.to_dict(self)
        if not self.members:
            del entries["members"]  # so that a single model stays what earlier versions read
        return entries


def read_config(bundle: Path) -> ModelConfig:
    """The configuration of a bundle folder, without its weights and without torch."""
    path = bundle / CONFIG_FILE
    if not path.is_file():
        inside = (bundle / RUN_BUNDLE / CONFIG_FILE).is_file()
        wanted = f"its folder '{RUN_BUNDLE}'" if inside else "a bundle folder"
        raise InputError(f"'{bundle.name}' is not a model bundle: it holds no {CONFIG_FILE}; name {wanted}.")
    return ModelConfig.from_dict(read_json(path, f"{CONFIG_FILE} of the model bundle '{bundle.name}'", "get it again"))


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise InputError(f"The model configuration cannot be used: {what}.")


ONE_FORWARD = InferenceSettings("where_needed", ())
