"""The rules: what speaks for and against T2W, ADC, high b-value and other diffusion images, in points and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from ..study import Modality
from .evidence import SeriesEvidence

HIGH_B = 800.0  # s/mm2, of a series of its own
HIGH_B_AMONG_OTHERS = 1000.0  # s/mm2, of one b-value within a series of several
ENOUGH = 3.0  # points below which a volume stays "other"
LONG_ECHO = 70.0  # ms


class Kind(str, Enum):
    """What a volume is taken for. `DWI`: diffusion that is neither; `OTHER`: nothing that is needed."""

    T2W = "T2W"
    ADC = "ADC"
    HBV = "HBV"
    DWI = "DWI"
    OTHER = "other"


KINDS = {Modality.T2W: Kind.T2W, Modality.ADC: Kind.ADC, Modality.HBV: Kind.HBV}
DIFFUSION = (Kind.ADC, Kind.HBV, Kind.DWI)


@dataclass(frozen=True)
class Rule:
    """`points` for (or, where negative, against) `kind` when `holds`."""

    kind: Kind
    points: float
    words: str
    holds: Callable[[SeriesEvidence], bool]


@dataclass(frozen=True)
class Judgement:
    """What a volume was taken for. `score`: the points of all rules of that kind; `reason`: the words of those for it,
    after its plane."""

    kind: Kind
    score: float
    reason: str


def judge(seen: SeriesEvidence) -> Judgement:
    """An ADC map is recognised before any b-value is looked at, and diffusion before T2 weighting."""
    for kind in _PRECEDENCE:
        held = [rule for rule in RULES if rule.kind is kind and rule.holds(seen)]
        score = sum(rule.points for rule in held)
        if score >= ENOUGH:
            words = [rule.words for rule in held if rule.points > 0]
            return Judgement(kind, score, ", ".join((seen.plane, *words, *_b_value_words(seen, kind))))
    return Judgement(Kind.OTHER, 0.0, "no rule speaks for a needed kind")


def names_diffusion(name: str) -> bool:
    """Whether a name or description speaks of diffusion, in the words of any vendor."""
    return bool(_DIFFUSION_WORDS.search(name.lower()))


def _b_value_words(seen: SeriesEvidence, kind: Kind) -> Iterator[str]:
    if kind in (Kind.HBV, Kind.DWI) and seen.b_value is not None:
        yield f"b = {seen.b_value:g} from {seen.b_source}" if seen.b_source else f"b = {seen.b_value:g}"


def _named(*patterns: str) -> Callable[[SeriesEvidence], bool]:
    compiled = re.compile("|".join(patterns))
    return lambda seen: bool(compiled.search(seen.text))


def _typed(*parts: str) -> Callable[[SeriesEvidence], bool]:
    return lambda seen: not seen.header.image_type.isdisjoint(parts)


def _any_of(*conditions: Callable[[SeriesEvidence], bool]) -> Callable[[SeriesEvidence], bool]:
    return lambda seen: any(holds(seen) for holds in conditions)


_DIFFUSION_WORDS = re.compile(r"dwi|diff|ep2d|(?<![a-z])dw(?![a-z])|(?<![a-z])hbv|trace")
# "AxT2", "eT2W", "3DT2" name T2; "patient2" does not.
_T2_NAME = _named(r"(?:^|[^a-z]|ax|axial|tra|trans|sag|cor|obl|tse|fse|wip|3d|(?<![a-z])[es])t2(?!.?(?:\*|map|star))")
_ADC_NAME = _named(
    r"adcs?(?![a-z])", r"adc.?map", r"apparent.?diff", r"(?:average|avg).?dc(?![a-z])", r"diff(?:usion)?.?coeff"
)
_OTHER_MAP_NAME = _named(
    r"(?<![a-z])e?exp(?:onential)?(?![a-z])", r"exp.?adc", r"(?<![a-z])[ex]adc", r"(?<![a-z])fa(?![a-z0-9])", r"colou?r"
)
_CALCULATED_NAME = _named(
    r"calc", r"cdwi", r"(?<![a-z])syn(?!go|c)", r"(?<![a-z])hbv", r"high.?b(?![a-z])", r"high.?b.?val", r"hbval"
)
_OTHER_PLANE_NAME = _named(r"(?<![a-z])(?:sag(?:ittal)?|cor(?:onal)?)(?![a-z])", r"tse(?:sag|cor)")
_LOCALIZER = _any_of(
    _named(r"(?<![a-z])loc(?![a-z])", r"locali[sz]er", r"scout", r"survey", r"topogram"), _typed("LOCALIZER")
)
# Siemens; GE; Philips; Canon
_SINGLE_SHOT = _named(
    r"haste", r"ssfse", r"ssh.?tse", r"(?<![a-z])ssh(?![a-z])", r"single.?shot", r"(?<![a-z])fase(?:2d|3d)?(?![a-z])"
)
_PROJECTION = _any_of(
    _named(r"subtract", r"(?<![a-z])mip(?![a-z])"), _typed("PROJECTION IMAGE", "MIP", "MAX_IP", "SUB", "SUBTRACTION")
)


def _spin_echo(seen: SeriesEvidence) -> bool:
    sequence = seen.header.scanning_sequence
    return "SE" in sequence and not sequence & {"EP", "GR"}


def _says_t2(seen: SeriesEvidence) -> bool:
    return _spin_echo(seen) or (seen.header.echo_time or 0) >= LONG_ECHO or _T2_NAME(seen)


def _is_diffusion(seen: SeriesEvidence) -> bool:
    return "DIFFUSION" in seen.header.image_type or seen.b_value is not None or names_diffusion(seen.name)


def _is_map(seen: SeriesEvidence) -> bool:
    """An ADC map or another map computed from diffusion: it may carry a b-value, and is no image at it."""
    return "ADC" in seen.header.image_type or _ADC_NAME(seen) or (_is_diffusion(seen) and _OTHER_MAP_NAME(seen))


def _named_otherwise(seen: SeriesEvidence) -> bool:
    return seen.plane == "axial" and _OTHER_PLANE_NAME(seen)


def _high_b(seen: SeriesEvidence) -> bool:
    least = HIGH_B if seen.header.b_values_in_series == 1 else HIGH_B_AMONG_OTHERS
    return (seen.b_value or 0) >= least and not seen.header.directional


def _like_adc(seen: SeriesEvidence) -> bool:
    """Soft tissue lies at 0.5 to 2.5, free water near 3 (1e-3 mm2/s), stored in 1e-6 mm2/s."""
    values = seen.intensities
    if values is None or values.lowest < 0:
        return False
    return 500 <= values.typical <= 2500 and 1500 <= values.highest <= 5000


_T, _A, _H, _D = Kind.T2W, Kind.ADC, Kind.HBV, Kind.DWI
_PRECEDENCE = (_A, _H, _D, _T)

RULES: tuple[Rule, ...] = (
    Rule(_A, 6, "its image type says ADC", _typed("ADC")),
    Rule(_A, 3, "named ADC", _ADC_NAME),
    Rule(_A, 1, "its values are those of tissue in 1e-6 mm2/s", _like_adc),
    Rule(_A, -8, "named as another diffusion map", _OTHER_MAP_NAME),
    Rule(_H, 5, "high b-value", _high_b),
    Rule(_H, 1, "b-value of 1400 to 2000", lambda seen: 1400 <= (seen.b_value or 0) <= 2000),
    Rule(_H, 3, "named as a high b-value", lambda seen: _CALCULATED_NAME(seen) and _is_diffusion(seen)),
    Rule(_H, -4, "low b-value", lambda seen: seen.b_value is not None and not _high_b(seen)),
    Rule(_H, -9, "a diffusion map", _is_map),
    Rule(_D, 3, "its image type says diffusion", _typed("DIFFUSION", "TRACEW")),
    Rule(_D, 3, "it has a b-value", lambda seen: seen.b_value is not None),
    Rule(_D, 1, "named diffusion", lambda seen: names_diffusion(seen.name)),
    Rule(_D, -8, "a diffusion map", _is_map),
    Rule(_T, 2, "spin echo", _spin_echo),
    Rule(_T, 2, "echo time of at least 70 ms", lambda seen: (seen.header.echo_time or 0) >= LONG_ECHO),
    Rule(_T, 1, "repetition time of at least 2000 ms", lambda seen: (seen.header.repetition_time or 0) >= 2000),
    Rule(_T, 1, "at least 10 slices", lambda seen: seen.slices >= 10),
    Rule(_T, 1, "pixels under 1 mm", lambda seen: 0.75 <= seen.pixel_mm < 1),
    Rule(_T, 2, "pixels under 0.75 mm", lambda seen: seen.pixel_mm < 0.75),
    Rule(_T, 1, "slice step up to 4 mm", lambda seen: 0 < seen.step_mm <= 4.001),
    Rule(_T, -3, "slice step above 5 mm", lambda seen: seen.step_mm > 5.001),
    Rule(_T, 2, "named T2", _T2_NAME),
    Rule(_T, -8, "nothing says T2 weighting", lambda seen: not _says_t2(seen)),
    Rule(_T, -8, "a diffusion image or map", lambda seen: _is_diffusion(seen) or _is_map(seen)),
    Rule(_T, -8, "echo planar or gradient echo", lambda seen: bool(seen.header.scanning_sequence & {"EP", "GR"})),
    Rule(_T, -8, "short echo time", lambda seen: 0 < (seen.header.echo_time or LONG_ECHO) < 50),
    Rule(_T, -20, "single shot", _SINGLE_SHOT),
    Rule(_T, -20, "a map", _typed("T2 MAP")),
    Rule(_T, -4, "reformatted", _typed("MPR")),
    *(Rule(kind, -2, "named as another plane", _named_otherwise) for kind in (_T, _A, _H)),
    *(Rule(kind, -4, "fewer than 5 slices", lambda seen: seen.slices < 5) for kind in _PRECEDENCE),
    *(Rule(kind, -20, "localizer", _LOCALIZER) for kind in _PRECEDENCE),
    *(Rule(kind, -20, "a projection or subtraction", _PROJECTION) for kind in _PRECEDENCE),
    *(Rule(kind, -20, "mosaic", _typed("MOSAIC")) for kind in _PRECEDENCE),
    *(Rule(kind, -20, "several volumes in one", lambda seen: seen.header.volumes > 1) for kind in _PRECEDENCE),
)
