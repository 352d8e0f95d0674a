"""Which T2W, ADC and HBV belong together, where there are several: position, time and content decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, Protocol, TypeVar

import SimpleITK as sitk

from ..checks.alignment import Alignment, align
from ..checks.study import prostate_region
from ..geometry import Grid
from ..orientation import axial_order
from ..study import Modality
from .evidence import SeriesEvidence
from .rules import DIFFUSION, KINDS, Judgement

IN_PLACE_MM, AT_ONCE_S, TOGETHER_S = 3.0, 300.0, 60.0
_FEW_POINTS, _FEWER_SLICES, _LESS_INFORMATION, _LEAST_GAIN = 4.0, 0.8, 0.9, 0.02
_USUAL_B = 1400.0
OTHER_PLANES = ("sagittal", "coronal")


class JudgedVolume(Protocol):
    """A DICOM volume or a loaded one. `name`: how the user is told of it. `grid`: None where its slices make none."""

    @property
    def name(self) -> str: ...
    @property
    def evidence(self) -> SeriesEvidence:
        """What the rules look at."""

    @property
    def judgement(self) -> Judgement:
        """What the rules say of it."""

    @property
    def grid(self) -> Grid | None: ...

    def image(self, is_adc: bool) -> sitk.Image | None:
        """Its voxels; None where they cannot be read."""


V = TypeVar("V", bound=JudgedVolume)


@dataclass(frozen=True)
class Trio(Generic[V]):
    """One way to read a study; a modality that is not among the volumes is computed, or missing."""

    volumes: Mapping[Modality, V]

    @property
    def diffusion(self) -> tuple[V, ...]:
        """The volumes that must fit each other: ADC and HBV."""
        return tuple(one for modality, one in self.volumes.items() if modality is not Modality.T2W)


@dataclass(frozen=True)
class Ranked(Generic[V]):
    """`best`: those that nothing tells apart, one as a rule. `rivals`: all that fit as well by their headers.
    `words`: what decided between these."""

    best: tuple[Trio[V], ...]
    rivals: tuple[Trio[V], ...]
    words: tuple[str, ...] = ()


@dataclass
class _Contest(Generic[V]):
    trios: list[Trio[V]]
    words: list[str] = field(default_factory=list)

    def keep(self, measure: Callable[[Trio[V]], float | None], slack: float, words: str = "", unit: str = "") -> None:
        """Those whose measure is within `slack` of the smallest; all of them where one cannot be measured."""
        values = [measure(trio) for trio in self.trios]
        known = [value for value in values if value is not None]
        if len(self.trios) < 2 or len(known) < len(values):
            return
        kept = [trio for trio, value in zip(self.trios, known, strict=True) if value <= min(known) + slack]
        if len(kept) < len(self.trios) and words:
            figures = f" ({min(known):.0f} {unit}, the other {max(known):.0f} {unit})" if unit else ""
            self.words.append(words + figures)
        self.trios = kept


def fits(one: JudgedVolume, modality: Modality) -> bool:
    """Whether a volume can be proposed. Of mixed orientations: to be refused by name, not passed over."""
    return one.judgement.kind is KINDS[modality] and one.evidence.plane in ("axial", "mixed")


def in_other_planes(volumes: Sequence[V], t2w: V) -> dict[str, V]:
    """The best sagittal and coronal T2W of the space that the chosen T2W lies in, by plane; by points, then the later
    series."""
    found: dict[str, V] = {}
    frame = t2w.evidence.header.frame_of_reference
    for one in sorted(volumes, key=lambda one: (one.judgement.score, one.evidence.header.number or 0)):
        same_space = one.evidence.header.frame_of_reference == frame
        if one.judgement.kind is KINDS[Modality.T2W] and one.grid is not None and same_space:
            found[one.evidence.plane] = one
    return {plane: found[plane] for plane in OTHER_PLANES if plane in found}


def rank(pools: Mapping[Modality, Sequence[V]], volumes: Sequence[V], most_compared: float = math.inf) -> Ranked[V]:
    """Frames of reference and points first; then position, time and content against the T2W; then the later series.

    `pools`: what fits, by modality; an empty one is passed over. `volumes`: all there are, since T2W and any diffusion
    images may share a frame of reference. Voxels are read only where several ADC or T2W volumes are left, and compared
    only of at most so many trios: about 0.3 s each.
    """
    filled = {modality: pools[modality] for modality in Modality if pools[modality]}
    contest = _Contest([Trio(dict(zip(filled, three, strict=True))) for three in product(*filled.values())])
    _by_headers(contest, volumes)
    rivals = tuple(contest.trios)
    pairs = {(id(trio.volumes.get(Modality.T2W)), id(trio.volumes.get(Modality.ADC))) for trio in rivals}
    if len(pairs) > 1 and len(rivals) <= most_compared:
        _by_content(contest)
    contest.keep(_minus(_score, Modality.HBV), 0)
    contest.keep(_unusual_b, 0, "b-value nearer to 1400")
    contest.keep(_minus(_score, Modality.ADC), 0)
    for modality in Modality:
        contest.keep(_minus(_slices, modality), 0, "more slices")
        contest.keep(_minus(_number, modality), 0, "the later series")
        contest.keep(_minus(_seconds, modality), 0, "the later one")
    return Ranked(tuple(contest.trios), rivals, tuple(contest.words))


def reason_of(trio: Trio[V], modality: Modality, pool: Sequence[V]) -> str:
    """A sentence: what speaks for the volume of a modality, and which others of its pool it was preferred to."""
    one = trio.volumes[modality]
    on_grid = modality is Modality.HBV and Modality.ADC in trio.volumes and shares_grid(trio)
    shared = ", on the ADC map's grid" if on_grid else ""
    others = [other.name for other in pool if other is not one]
    beside = f"; preferred to {', '.join(others)}" if others else ""
    return f"{one.name}: {one.judgement.reason}{shared}{beside}."


def minutes_apart(one: JudgedVolume, other: JudgedVolume) -> float | None:
    """Between the starts of two acquisitions; None where one is not told."""
    first, second = one.evidence.header.seconds, other.evidence.header.seconds
    return None if first is None or second is None else abs(first - second) / 60


def shares_grid(trio: Trio[V]) -> bool:
    """Whether ADC and HBV hold the same voxels, in whatever order: of one acquisition they do. True of one alone."""
    grids = [axial_order(one.grid).of_grid(one.grid) for one in trio.diffusion if one.grid is not None]
    return len(grids) < 2 or grids[0].matches(grids[1])


def _by_headers(contest: _Contest[V], volumes: Sequence[V]) -> None:
    frames = frozenset(one.evidence.header.frame_of_reference for one in volumes if one.judgement.kind in DIFFUSION)
    contest.keep(lambda trio: -_common_frames(trio, frames), 0)
    contest.keep(_minus(_score, Modality.T2W), 0)
    contest.keep(_minus(_score, Modality.ADC), _FEW_POINTS - 1)
    contest.keep(_minus(_score, Modality.HBV), _FEW_POINTS)
    fewest = _FEWER_SLICES * max(map(_t2w_slices, contest.trios))
    contest.keep(lambda trio: float(_t2w_slices(trio) < fewest), 0)
    contest.keep(lambda trio: -float(shares_grid(trio)), 0)
    contest.keep(_pair_gap, TOGETHER_S)


def _by_content(contest: _Contest[V]) -> None:
    measured: dict[tuple[int, ...], Alignment | None] = {}

    def alignment(trio: Trio[V]) -> Alignment | None:
        key = tuple(map(id, trio.volumes.values()))
        if key not in measured:
            measured[key] = _alignment(trio)
        return measured[key]

    def offset(trio: Trio[V]) -> float | None:
        found = alignment(trio)
        return None if found is None else found.distance_mm if found.gain >= _LEAST_GAIN else 0.0

    def less_information(trio: Trio[V]) -> float | None:
        found = alignment(trio)
        return None if found is None else -found.information_in_place

    contest.keep(offset, IN_PLACE_MM, "nearer in position, by what the images show", "mm")
    contest.keep(_gap_s, AT_ONCE_S, "nearer in time")
    values = [value for trio in contest.trios if (value := less_information(trio)) is not None]
    slack = (1 - _LESS_INFORMATION) * -min(values) if values else 0.0
    contest.keep(less_information, slack, "more alike in content")


def _alignment(trio: Trio[V]) -> Alignment | None:
    """How far the diffusion images lie from the T2W; None where there are none, or they cannot be read."""
    images = {modality: one.image(modality is Modality.ADC) for modality, one in trio.volumes.items()}
    t2w = images.pop(Modality.T2W, None)
    moving = [image for image in images.values() if image is not None]
    if t2w is None or not moving or len(moving) < len(images):
        return None
    return align(t2w, moving, prostate_region(Grid.of(t2w)))


def _minus(measure: Callable[[V], float], modality: Modality) -> Callable[[Trio[V]], float]:
    """Of the volume of this modality, the more the better; 0 where there is none."""
    return lambda trio: -measure(trio.volumes[modality]) if modality in trio.volumes else 0.0


def _t2w_slices(trio: Trio[V]) -> int:
    return trio.volumes[Modality.T2W].evidence.slices if Modality.T2W in trio.volumes else 0


def _common_frames(trio: Trio[V], diffusion_frames: frozenset[str]) -> int:
    t2w = trio.volumes.get(Modality.T2W)
    if t2w is None:
        return 0
    reference = t2w.evidence.header.frame_of_reference
    common = sum(one.evidence.header.frame_of_reference == reference for one in trio.diffusion)
    return common + (reference in diffusion_frames)


def _unusual_b(trio: Trio[V]) -> float:
    hbv = trio.volumes.get(Modality.HBV)
    return 0.0 if hbv is None else abs((hbv.evidence.b_value or 0) - _USUAL_B)


def _pair_gap(trio: Trio[V]) -> float | None:
    if len(trio.diffusion) < 2:
        return 0.0
    minutes = minutes_apart(*trio.diffusion)
    return None if minutes is None else 60 * minutes


def _gap_s(trio: Trio[V]) -> float | None:
    t2w = trio.volumes.get(Modality.T2W)
    minutes = minutes_apart(t2w, trio.diffusion[0]) if t2w is not None and trio.diffusion else None
    return None if minutes is None else 60 * minutes


def _score(one: JudgedVolume) -> float:
    return one.judgement.score


def _slices(one: JudgedVolume) -> float:
    return one.evidence.slices


def _number(one: JudgedVolume) -> float:
    return one.evidence.header.number or 0


def _seconds(one: JudgedVolume) -> float:
    return one.evidence.header.seconds or 0.0
