"""One typed configuration of a training run, read from TOML. Every entry is required, unknown ones are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..bundle.config import Architecture, Confidence, InferenceSettings, Preprocessing, Triple
from ..core import schema
from ..core.errors import InputError
from ..network.baselines import NetworkKind, built_architecture
from .augmentation import AugmentationSettings
from .configuration_file import read_configuration
from .losses import HeatmapLoss, SegmentationLossSettings


@dataclass(frozen=True)
class TextSettings:
    """`prompts`: all of them guide the network together, the first names it in reports. `encoder`: its identifier.

    `tokens`: the refiner reads every token, or the pooled vector as its only one (paper).
    """

    prompts: tuple[str, ...]
    encoder: str
    tokens: Literal["all", "pooled"]

    def __post_init__(self) -> None:
        _require(bool(self.prompts) and all(p.strip() for p in self.prompts), "text.prompts must not be empty")


@dataclass(frozen=True)
class PhantomData:
    """Synthetic cases by seed: training from `first_seed` on, then validation, then test.

    T2W is sampled at `in_plane_mm` over `field_mm` (x, y); seeds take a slice distance from `slice_mm` and the stack's
    depth from `depth_mm` in turn. `varied_share` of them, by seed, are of the family "varied".
    """

    kind: Literal["phantoms"]
    first_seed: int
    training: int
    validation: int
    test: int
    in_plane_mm: float
    slice_mm: tuple[float, ...]
    field_mm: tuple[float, float]
    depth_mm: tuple[float, ...]
    varied_share: float = 0.0

    def __post_init__(self) -> None:
        _require(min(self.training, self.validation, self.test) > 0, "every share of the data needs a case")
        _require(0 <= self.varied_share <= 1, "data.varied_share must lie between 0 and 1")
        lengths = (self.in_plane_mm, *self.field_mm, min(self.slice_mm, default=0), min(self.depth_mm, default=0))
        _require(min(lengths) > 0, "data needs slice_mm and depth_mm, and all its lengths must be positive")


@dataclass(frozen=True)
class DatasetData:
    """A dataset that `prepare` made: the patients of fold `test_fold` for the final figures.

    Of the others, `validation_share` (at most 0.5) for choosing weights and temperature, the rest for training.
    """

    kind: Literal["dataset"]
    test_fold: int
    validation_share: float

    def __post_init__(self) -> None:
        _require(self.test_fold >= 0, "data.test_fold must not be negative")
        _require(0 < self.validation_share <= 0.5, "data.validation_share must lie above 0 and not above 0.5")


@dataclass(frozen=True)
class LossSettings:
    """`segmentation` of every decoder level; weights of the auxiliary losses at full scale; the heatmap's balance.

    `anatomy_weight`: of the zones' loss in all joint epochs, where the network has an anatomy head. `lesion_weight`: of
    the loss a lesion, at the finest level, in the joint epochs.
    """

    segmentation: SegmentationLossSettings
    alignment_weight: float
    heatmap_weight: float
    heatmap: HeatmapLoss
    anatomy_weight: float
    lesion_weight: float = 0.0


@dataclass(frozen=True)
class OptimizerSettings:
    """`refiner_rate` and `base_rate` hold in the refiner's phase; a `base_rate` of 0 freezes all but the refiner.

    `average_decay`: of the moving average of the weights that is validated and kept; 0 keeps the weights themselves.
    """

    kind: Literal["sgd", "adamw"]
    rate: float
    weight_decay: float
    gradient_clip: float
    refiner_rate: float
    base_rate: float
    average_decay: float

    def __post_init__(self) -> None:
        _require(min(self.rate, self.refiner_rate, self.gradient_clip) > 0, "rates and gradient_clip must be positive")
        _require(0 <= self.average_decay < 1, "average_decay must lie from 0 to below 1")


@dataclass(frozen=True)
class ScheduleSettings:
    """Epochs of `iterations` steps, each of `accumulate` forwards of `batch_size` patches.

    `batch_size` counts over all processes of a run.

    Auxiliary losses ramp in over `ramp_epochs` after `warmup_epochs` (see `AuxiliaryRamp`). The last
    `whole_region_epochs` of the joint epochs, and the refiner's after them, read whole regions, one a forward, since
    instance normalisation sees other statistics there than in a patch, and the region is what inference reads.
    `sizes_ml`: volumes that part lesions into classes of size, of which foreground patches draw each alike; empty: each
    lesion alike. `mined_share` of the patches are where the model that the run starts from marks what is no lesion.

    `gradient_checkpointing`: the same gradients with less memory and a forward more; of our own networks' stages.
    """

    iterations: int
    batch_size: int
    accumulate: int
    patch_size: Triple
    foreground_share: float
    joint_epochs: int
    whole_region_epochs: int
    refiner_epochs: int
    warmup_epochs: int
    ramp_epochs: int
    validate_every: int
    gradient_checkpointing: bool
    sizes_ml: tuple[float, ...] = ()
    mined_share: float = 0.0

    def __post_init__(self) -> None:
        counts = (self.iterations, self.batch_size, self.accumulate, self.validate_every)
        least = min(*counts, self.joint_epochs, self.refiner_epochs)
        _require(least > 0, "iterations, batch_size, accumulate, epochs and validate_every must be positive")
        _require(0 <= self.whole_region_epochs <= self.joint_epochs, "whole_region_epochs must not exceed joint_epochs")
        shares = (self.foreground_share, self.mined_share)
        _require(min(shares) >= 0 and max(shares) <= 1, "foreground_share and mined_share must lie between 0 and 1")


@dataclass(frozen=True)
class BundleSettings:
    """How the finished bundle decides. What it says of itself follows from what the run reads, see `provenance`.

    `operating_point`: a voxel is foreground above a probability of one half, or above the margin that is best on the
    validation cases, which is then folded into the network (see operating_point).
    """

    confidence: Confidence
    operating_point: Literal["half", "validation"]
    tau: float
    alpha: float
    minimum_lesion_ml: float


@dataclass(frozen=True)
class TrainingConfig:
    """A whole training run. `network`: what is trained, see `network.baselines`; the phases follow from what it has."""

    name: str
    seed: int
    network: NetworkKind
    architecture: Architecture
    preprocessing: Preprocessing
    inference: InferenceSettings
    text: TextSettings
    data: PhantomData | DatasetData
    loss: LossSettings
    optimizer: OptimizerSettings
    schedule: ScheduleSettings
    augmentation: AugmentationSettings
    bundle: BundleSettings

    def __post_init__(self) -> None:
        divisor = built_architecture(self.network, self.architecture).size_divisor
        fits = all(size % step == 0 for size, step in zip(self.schedule.patch_size, divisor, strict=True))
        _require(self.architecture.channels[0] == "T2W", "T2W must be the first of architecture.channels")
        _require(fits, f"schedule.patch_size must be a multiple of the network's total stride {divisor}")
        channels, dropout = len(self.architecture.channels), self.augmentation.modality_dropout
        rescaled = self.augmentation.rescaling == 0 or len(self.augmentation.rescalings) == channels
        _require(rescaled, "augmentation.rescalings must hold one entry for each of architecture.channels")
        shares = len(dropout) in (0, channels) and all(share >= 0 for share in dropout) and sum(dropout) <= 1
        _require(shares, "augmentation.modality_dropout must hold one share for each channel, together at most 1")
        one_token = self.network != "paper_refiner" or self.text.tokens == "pooled"
        _require(one_token, 'the paper\'s refiner reads one token: set text.tokens to "pooled"')

    @classmethod
    def from_dict(cls, data: object) -> TrainingConfig:
        """InputError naming the entry that is missing, unknown or of the wrong type."""
        return schema.from_dict(cls, data, "the training configuration", "compare it with a preset and mend it")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, which `from_dict` takes."""
        return schema.to_dict(self)


def read_training_config(name: str, changes: Sequence[str] = ()) -> TrainingConfig:
    """A preset by its name (`paper`, `ours`, `starter`) or a TOML file, see `read_configuration`."""
    return TrainingConfig.from_dict(read_configuration(name, changes))


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise InputError(f"The training configuration cannot be used: {what}.")
