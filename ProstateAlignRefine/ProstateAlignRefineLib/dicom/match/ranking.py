"""Which T2W, ADC and HBV belong together, where a study holds several: position, time and content decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...core.checks.alignment import Alignment, align
from ...core.checks.study import prostate_region
from ..read.dataset import UnreadableError
from ..read.volume import read_volume
from .classify import Candidate

IN_PLACE_MM, AT_ONCE_S, TOGETHER_S = 3.0, 300.0, 60.0
_FEW_POINTS, _FEWER_SLICES, _LESS_INFORMATION, _LEAST_GAIN = 4.0, 0.8, 0.9, 0.02
_USUAL_B = 1400.0


@dataclass(frozen=True)
class Trio:
    """One way to read a study; None where a modality is computed or not looked at."""

    t2w: Candidate
    adc: Candidate | None = None
    hbv: Candidate | None = None

    @property
    def diffusion(self) -> tuple[Candidate, ...]:
        return tuple(one for one in (self.adc, self.hbv) if one is not None)


@dataclass(frozen=True)
class Ranked:
    """`best`: those that nothing tells apart, one as a rule. `rivals`: all that fit as well by their headers.
    `words`: what decided between these."""

    best: tuple[Trio, ...]
    rivals: tuple[Trio, ...]
    words: tuple[str, ...] = ()


@dataclass
class _Contest:
    trios: list[Trio]
    words: list[str] = field(default_factory=list)

    def keep(self, measure: Callable[[Trio], float | None], slack: float, words: str = "", unit: str = "") -> None:
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


def rank(trios: Sequence[Trio], diffusion_frames: frozenset[str]) -> Ranked:
    """Frames of reference and points first; then position, time and content against the T2W; then the later series.

    `diffusion_frames`: the frames of reference of all diffusion images. Pixels are read only where several ADC or T2W
    series are left.
    """
    contest = _Contest(list(trios))
    contest.keep(lambda trio: -_common_frames(trio, diffusion_frames), 0)
    contest.keep(lambda trio: -trio.t2w.score, 0)
    contest.keep(lambda trio: -trio.adc.score if trio.adc else 0, _FEW_POINTS - 1)
    contest.keep(lambda trio: -trio.hbv.score if trio.hbv else 0, _FEW_POINTS)
    contest.keep(lambda trio: -float(len(trio.t2w.frames) >= _FEWER_SLICES * _most_slices(contest.trios)), 0)
    contest.keep(_apart, 0)
    contest.keep(_pair_gap, TOGETHER_S)
    rivals = tuple(contest.trios)
    if len({(id(trio.t2w), id(trio.adc)) for trio in rivals}) > 1:
        _by_content(contest)
    contest.keep(lambda trio: -trio.hbv.score if trio.hbv else 0, 0)
    contest.keep(lambda trio: abs((trio.hbv.b_value or 0) - _USUAL_B) if trio.hbv else 0, 0, "b-value nearer to 1400")
    contest.keep(lambda trio: -trio.adc.score if trio.adc else 0, 0)
    for one_of in (_t2w, _adc, _hbv):
        contest.keep(lambda trio, one_of=one_of: -len(one_of(trio).frames), 0, "more slices")  # type: ignore[misc]
        contest.keep(lambda trio, one_of=one_of: -_number(one_of(trio)), 0, "the later series")  # type: ignore[misc]
        contest.keep(lambda trio, one_of=one_of: _minus_time(one_of(trio)), 0, "the later one")  # type: ignore[misc]
    return Ranked(tuple(contest.trios), rivals, tuple(contest.words))


def minutes_apart(t2w: Candidate, other: Candidate) -> float | None:
    """Between the starts of two acquisitions; None where one is not told."""
    one, two = started(t2w), started(other)
    return None if one is None or two is None else abs(one - two) / 60


def started(candidate: Candidate) -> float | None:
    """Seconds, of the earliest slice; None where no slice tells it."""
    return min((frame.seconds for frame in candidate.frames if frame.seconds is not None), default=None)


def _by_content(contest: _Contest) -> None:
    measured: dict[tuple[int, ...], Alignment | None] = {}

    def alignment(trio: Trio) -> Alignment | None:
        key = (id(trio.t2w), *map(id, trio.diffusion))
        if key not in measured:
            measured[key] = _alignment(trio)
        return measured[key]

    def offset(trio: Trio) -> float | None:
        found = alignment(trio)
        return None if found is None else found.distance_mm if found.gain >= _LEAST_GAIN else 0.0

    def less_information(trio: Trio) -> float | None:
        found = alignment(trio)
        return None if found is None else -found.information_in_place

    contest.keep(offset, IN_PLACE_MM, "nearer in position, by what the images show", "mm")
    contest.keep(_gap_s, AT_ONCE_S, "nearer in time")
    values = [value for trio in contest.trios if (value := less_information(trio)) is not None]
    slack = (1 - _LESS_INFORMATION) * -min(values) if values else 0.0
    contest.keep(less_information, slack, "more alike in content")


def _alignment(trio: Trio) -> Alignment | None:
    """How far the diffusion images lie from the T2W; None where there are none, or they cannot be read."""
    if not trio.diffusion or trio.t2w.stack is None:
        return None
    try:
        t2w = read_volume(trio.t2w.stack)[0]
        moving = [read_volume(one.stack, one is trio.adc)[0] for one in trio.diffusion if one.stack is not None]
    except UnreadableError:
        return None
    return align(t2w, moving, prostate_region(trio.t2w.stack.grid))


def _shown(trio: Trio) -> Candidate | None:
    return trio.adc or trio.hbv


def _common_frames(trio: Trio, diffusion_frames: frozenset[str]) -> int:
    reference = trio.t2w.frames[0].frame_of_reference
    common = sum(one.frames[0].frame_of_reference == reference for one in trio.diffusion)
    return common + (reference in diffusion_frames)


def _most_slices(trios: Sequence[Trio]) -> int:
    return max(len(trio.t2w.frames) for trio in trios)


def _apart(trio: Trio) -> float:
    """Whether ADC and HBV lie on different grids: of one acquisition they share it."""
    adc, hbv = trio.adc, trio.hbv
    if adc is None or hbv is None or adc.stack is None or hbv.stack is None:
        return 0.0
    return float(not adc.stack.grid.matches(hbv.stack.grid))


def _pair_gap(trio: Trio) -> float | None:
    if trio.adc is None or trio.hbv is None:
        return 0.0
    minutes = minutes_apart(trio.adc, trio.hbv)
    return None if minutes is None else 60 * minutes


def _gap_s(trio: Trio) -> float | None:
    shown = _shown(trio)
    minutes = None if shown is None else minutes_apart(trio.t2w, shown)
    return None if minutes is None else 60 * minutes


def _t2w(trio: Trio) -> Candidate:
    return trio.t2w


def _adc(trio: Trio) -> Candidate:
    return trio.adc or trio.t2w


def _hbv(trio: Trio) -> Candidate:
    return trio.hbv or trio.t2w


def _number(candidate: Candidate) -> int:
    return candidate.frames[0].series_number or 0


def _minus_time(candidate: Candidate) -> float:
    return -(started(candidate) or 0.0)
