"""What each series shows: scored rules over its headers, each with its reason; ADC before b-value, description last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..read.b_value import described_b_value
from ..read.frames import Frame
from ..read.scaling import adc_scaling, signal_scaling
from ..read.stack import IrregularError, Stack, normal_of, stack_of

HIGH_B = 800.0  # s/mm2, of a series of its own
HIGH_B_AMONG_OTHERS = 1000.0  # s/mm2, of one b-value within a series of several
_ENOUGH = 3.0  # points below which a series stays "other"


class Kind(str, Enum):
    T2W = "T2W"
    ADC = "ADC"
    HBV = "HBV"
    DWI = "DWI"
    OTHER = "other"


@dataclass(frozen=True)
class Candidate:
    """One volume that a series holds, and what it was taken for.

    `orientation`: axial, sagittal, coronal or mixed, from the geometry. `b_value` in s/mm2. `score`: points of the
    rules that speak for `kind`; `reason`: their words. `stack` is None where the geometry gate refuses the slices,
    and `problem` then says why.
    """

    frames: tuple[Frame, ...]
    kind: Kind
    orientation: str
    b_value: float | None
    score: float
    reason: str
    stack: Stack | None
    problem: str

    @property
    def series(self) -> str:
        return self.frames[0].series

    @property
    def name(self) -> str:
        """How the user is told of it: series number and description."""
        number = self.frames[0].series_number
        label = "series without a number" if number is None else f"series {number}"
        return f"{label} ({self.frames[0].description})" if self.frames[0].description else label


@dataclass(frozen=True)
class Evidence:
    """What the rules look at: one volume of a series, and how many b-values that series holds."""

    frame: Frame
    orientation: str
    slices: int
    step: float
    b_value: float | None
    b_source: str
    b_values_in_series: int

    @property
    def text(self) -> str:
        return self.frame.description.lower()

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self.frame.image_type)


@dataclass(frozen=True)
class Rule:
    """`points` for (or, where negative, against) `kind` when `holds`."""

    kind: Kind
    points: float
    words: str
    holds: Callable[[Evidence], bool]


def _named(pattern: str) -> Callable[[Evidence], bool]:
    compiled = re.compile(pattern)
    return lambda seen: bool(compiled.search(seen.text))


def _typed(*parts: str) -> Callable[[Evidence], bool]:
    return lambda seen: any(part in seen.types for part in parts)


def _at_least(attribute: str, value: float) -> Callable[[Evidence], bool]:
    return lambda seen: (getattr(seen.frame, attribute) or 0) >= value


def _spin_echo(seen: Evidence) -> bool:
    return "SE" in seen.frame.scanning_sequence and not seen.frame.scanning_sequence & {"EP", "GR"}


def _high_b(seen: Evidence) -> bool:
    least = HIGH_B if seen.b_values_in_series == 1 else HIGH_B_AMONG_OTHERS
    return (seen.b_value or 0) >= least and not seen.frame.direction


def _is_adc(seen: Evidence) -> bool:
    return "ADC" in seen.types or (_ADC_NAME(seen) and not _NO_ADC_NAME(seen))


def _is_diffusion(seen: Evidence) -> bool:
    return "DIFFUSION" in seen.types or seen.b_value is not None or _DWI_NAME(seen)


def _says_t2(seen: Evidence) -> bool:
    return _spin_echo(seen) or (seen.frame.echo_time or 0) >= _LONG_ECHO or _T2_NAME(seen)


_LONG_ECHO = 70.0  # ms
_T2_NAME = _named(r"t2(?!\*|.?map|.?star)")
_ADC_NAME = _named(r"(?<![a-z])d?adc(?![a-z])|apparent.?diff")
_NO_ADC_NAME = _named(r"exp|eadc|(?<![a-z])fa(?![a-z])|colou?r")
_DWI_WORDS = re.compile(r"dwi|diff|ep2d|(?<![a-z])dw(?![a-z])")
_DWI_NAME = _named(_DWI_WORDS.pattern)
_CALCULATED = _named(r"calc|cdwi|syn(?!go)|h?bval|(?<![a-z])hbv|high.?b")
_LOCALIZER = _named(r"(?<![a-z])loc|scout|survey|haste|topogram")

RULES: tuple[Rule, ...] = (
    Rule(Kind.ADC, 6, "its image type says ADC", _typed("ADC")),
    Rule(Kind.ADC, 3, "its description names ADC", _ADC_NAME),
    Rule(Kind.ADC, -8, "its description names another diffusion map", _NO_ADC_NAME),
    Rule(Kind.HBV, 5, "high b-value", lambda seen: _high_b(seen) and not _is_adc(seen)),
    Rule(Kind.HBV, 1, "b-value of 1400 to 2000", lambda seen: 1400 <= (seen.b_value or 0) <= 2000),
    Rule(
        Kind.HBV,
        3,
        "its description names a calculated high b-value",
        lambda seen: _CALCULATED(seen) and _is_diffusion(seen) and not _is_adc(seen),
    ),
    Rule(Kind.HBV, -4, "low b-value", lambda seen: seen.b_value is not None and not _high_b(seen)),
    Rule(Kind.DWI, 3, "its image type says diffusion", _typed("DIFFUSION", "TRACEW")),
    Rule(Kind.DWI, 3, "it has a b-value", lambda seen: seen.b_value is not None),
    Rule(Kind.DWI, 1, "its description names diffusion", _DWI_NAME),
    Rule(Kind.DWI, -6, "it is an ADC map", _is_adc),
    Rule(Kind.T2W, 2, "spin echo", _spin_echo),
    Rule(Kind.T2W, 2, "echo time of at least 70 ms", _at_least("echo_time", _LONG_ECHO)),
    Rule(Kind.T2W, 1, "repetition time of at least 2000 ms", _at_least("repetition_time", 2000)),
    Rule(Kind.T2W, 1, "at least 10 slices", lambda seen: seen.slices >= 10),
    Rule(Kind.T2W, 1, "pixels under 1 mm", lambda seen: 0.75 <= max(seen.frame.spacing) < 1),
    Rule(Kind.T2W, 2, "pixels under 0.75 mm", lambda seen: max(seen.frame.spacing) < 0.75),
    Rule(Kind.T2W, 1, "slice step up to 4 mm", lambda seen: 0 < seen.step <= 4.001),
    Rule(Kind.T2W, -3, "slice step above 5 mm", lambda seen: seen.step > 5.001),
    Rule(Kind.T2W, 2, "its description names T2", _T2_NAME),
    Rule(Kind.T2W, -8, "nothing says T2 weighting", lambda seen: not _says_t2(seen)),
    Rule(Kind.T2W, -8, "it is a diffusion image", lambda seen: _is_adc(seen) or _is_diffusion(seen)),
    Rule(Kind.T2W, -8, "echo planar or gradient echo", lambda seen: bool(seen.frame.scanning_sequence & {"EP", "GR"})),
    Rule(Kind.T2W, -8, "its echo time is short", lambda seen: 0 < (seen.frame.echo_time or 70) < 50),
    Rule(Kind.T2W, -8, "localizer", _LOCALIZER),
    Rule(Kind.T2W, -8, "a map or a projection", _typed("T2 MAP", "MPR", "PROJECTION IMAGE", "SUB", "SUBTRACTION")),
    *(Rule(kind, -20, "mosaic", _typed("MOSAIC")) for kind in (Kind.T2W, Kind.ADC, Kind.HBV, Kind.DWI)),
)
_PRECEDENCE = (Kind.ADC, Kind.HBV, Kind.DWI, Kind.T2W)


def classify_series(frames: Sequence[Frame]) -> tuple[Candidate, ...]:
    """The volumes of one series, by b-value and echo time, each with its kind."""
    b_values = _b_values(frames)
    volumes: dict[tuple[object, ...], list[Frame]] = {}
    for frame, (b, _) in zip(frames, b_values, strict=True):
        adc = "ADC" in frame.image_type
        key = ("ADC",) if adc else (b, frame.direction, frame.echo_time if b is None else None)
        volumes.setdefault(key, []).append(frame)
    told = dict(zip(((f.path, f.number) for f in frames), b_values, strict=True))
    distinct = len({b for b, _ in b_values if b is not None})
    return tuple(
        _candidate(tuple(volume), *told[volume[0].path, volume[0].number], distinct) for volume in volumes.values()
    )


def orientation_of(frames: Sequence[Frame]) -> str:
    """axial, sagittal or coronal by the normal's largest component; mixed where the slices disagree."""
    normals = np.abs([normal_of(frame.orientation) for frame in frames])
    names = {("sagittal", "coronal", "axial")[int(axis)] for axis in normals.argmax(axis=1)}
    return names.pop() if len(names) == 1 and np.ptp(normals, axis=0).max() < 0.01 else "mixed"


def _b_values(frames: Sequence[Frame]) -> list[tuple[float | None, str]]:
    """Of each frame; where only some of a series tell one, the others are b = 0 (GE leaves it out there).

    A series of nothing but b = 0 counts only if it looks like diffusion: Philips tells b = 0 of every image.
    """
    told = [(frame.b_value.value, frame.b_value.source) if frame.b_value else (0.0, "") for frame in frames]
    if any(b > 0 for b, _ in told) or (_looks_like_diffusion(frames[0]) and any(frame.b_value for frame in frames)):
        return list(told)
    named = described_b_value(frames[0].description)
    return [(named.value, named.source) if named else (None, "") for _ in frames]


def _looks_like_diffusion(frame: Frame) -> bool:
    echo_planar = "EP" in frame.scanning_sequence
    return echo_planar or "DIFFUSION" in frame.image_type or bool(_DWI_WORDS.search(frame.description.lower()))


def _candidate(frames: tuple[Frame, ...], b: float | None, source: str, b_values: int) -> Candidate:
    stack, problem, step = None, "", 0.0
    try:
        stack = stack_of(frames)
        step = stack.grid.spacing[2]
    except IrregularError as irregular:
        problem = str(irregular)
    seen = Evidence(frames[0], orientation_of(frames), len(frames), step, b, source, b_values)
    kind, score, reason = _judge(seen)
    fault = _scaling_fault(frames, kind)
    if fault:
        stack, problem = None, problem or fault
    return Candidate(frames, kind, seen.orientation, b, score, reason, stack, problem)


def _scaling_fault(frames: Sequence[Frame], kind: Kind) -> str:
    """Why the stored values cannot be read as what they measure; empty where they can."""
    if kind is Kind.ADC:
        scalings = [adc_scaling(frame.scalings) for frame in frames]
        faults = Counter(one.fault for one in scalings if one.fault)
        if len({tuple((used.source, used.factor) for used in one.used) for one in scalings}) > 1 and not faults:
            return "its slices name different scalings or units"
    else:
        faults = Counter(fault for frame in frames if (fault := signal_scaling(frame.scalings).fault))
    if faults:
        fault, count = faults.most_common(1)[0]
        return f"{fault} in {count} of {len(frames)} slices"
    return ""


def _judge(seen: Evidence) -> tuple[Kind, float, str]:
    points: Counter[Kind] = Counter()
    words: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for rule in RULES:
        if rule.holds(seen):
            points[rule.kind] += rule.points  # type: ignore[assignment]
            words[rule.kind].append(rule.words)
    kind = next((kind for kind in _PRECEDENCE if points[kind] >= _ENOUGH), Kind.OTHER)
    if kind == Kind.OTHER:
        return kind, 0.0, "no rule speaks for a needed kind"
    return kind, points[kind], ", ".join(_with_b_value(words[kind], seen, kind))


def _with_b_value(words: list[str], seen: Evidence, kind: Kind) -> Iterator[str]:
    yield seen.orientation
    yield from words
    if kind in (Kind.HBV, Kind.DWI) and seen.b_value is not None:
        yield f"b = {seen.b_value:g} from {seen.b_source}" if seen.b_source else f"b = {seen.b_value:g}"
