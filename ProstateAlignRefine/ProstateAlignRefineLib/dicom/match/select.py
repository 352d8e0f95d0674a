"""Which three series a study is read from: ranking, the user's own choice, and refusal where neither decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...core.diffusion_fit import DEFAULT_HIGH_B
from ...core.errors import InputError
from ...core.study import Modality
from ..read.folder import Scan
from .classify import Candidate, Kind, classify_series
from .diffusion_sources import b_values_for_fit, diffusion_sources

KINDS = {Modality.T2W: Kind.T2W, Modality.ADC: Kind.ADC, Modality.HBV: Kind.HBV}
_DIFFUSION = (Kind.ADC, Kind.HBV, Kind.DWI)
NO_CHOICES: Mapping[Modality, int] = MappingProxyType({})


@dataclass(frozen=True)
class Choice:
    """What one modality is read from: a volume, or the diffusion-weighted volumes that it is `computed` from."""

    candidates: tuple[Candidate, ...]
    reason: str
    computed: bool = False

    @property
    def frame_of_reference(self) -> str:
        return self.candidates[0].frames[0].frame_of_reference

    @property
    def name(self) -> str:
        return ", ".join(dict.fromkeys(one.name for one in self.candidates))


@dataclass(frozen=True)
class Context:
    """What ranking looks at besides the candidate: what is chosen already, and where diffusion images lie."""

    chosen: Mapping[Modality, Candidate]
    diffusion_frames: frozenset[str]


@dataclass(frozen=True)
class Selection:
    """The choice of each modality, and every volume that was looked at, in series order."""

    choices: Mapping[Modality, Choice]
    candidates: tuple[Candidate, ...]


def candidates_of(scan: Scan) -> tuple[Candidate, ...]:
    """Every volume of every series, by series number."""
    found = [candidate for frames in scan.series.values() for candidate in classify_series(frames)]
    return tuple(sorted(found, key=_series_order))


def select(scan: Scan, choices: Mapping[Modality, int] = NO_CHOICES) -> Selection:
    """T2W, ADC and HBV of one patient's study; `choices`: series numbers that the user sets instead.

    InputError where the folder holds no MR images, several patients or several complete studies, where a modality is
    missing or its slices make no volume, where two candidates cannot be ranked, or where the user sets one twice.
    """
    if not scan.series:
        raise InputError("The folder holds no MR images in DICOM form; give the folder of one MRI study.")
    patients = {frame.patient for frame in scan.frames}
    if len(patients) > 1:
        raise InputError(
            f"The folder holds images of {len(patients)} patients; give the folder of one patient's study."
        )
    candidates = _of_one_study(candidates_of(scan))
    made: dict[Modality, Choice] = {}
    for modality in Modality:
        made[modality] = _choose(candidates, modality, choices, made)
    _check_distinct(made)
    return Selection(made, candidates)


def _check_distinct(made: Mapping[Modality, Choice]) -> None:
    readers: dict[int, list[Modality]] = {}
    for modality, choice in made.items():
        if not choice.computed:
            readers.setdefault(id(choice.candidates[0]), []).append(modality)
    for modalities in readers.values():
        if len(modalities) > 1:
            names = " and as ".join(modality.name for modality in modalities)
            raise InputError(
                f"{made[modalities[0]].name} would be read as {names}; set another series for one of them."
            )


def _choose(
    candidates: Sequence[Candidate],
    modality: Modality,
    choices: Mapping[Modality, int],
    made: Mapping[Modality, Choice],
) -> Choice:
    pool, told = _pool(candidates, modality, choices)
    if not pool and modality is not Modality.T2W:
        sources = diffusion_sources(candidates, made[Modality.T2W].candidates[0])
        if sources:
            return Choice(sources, _computed_reason(modality, sources), computed=True)
    context = Context(
        {known: choice.candidates[0] for known, choice in made.items()},
        frozenset(one.frames[0].frame_of_reference for one in candidates if one.kind in _DIFFUSION),
    )
    best = _best(pool, modality, context)
    return Choice((best,), f"{best.name}: {_told(best, modality)}." if told else _reason(best, pool))


def _computed_reason(modality: Modality, sources: Sequence[Candidate]) -> str:
    b_values = [one.b_value for one in sources if one.b_value is not None]
    names = ", ".join(dict.fromkeys(one.name for one in sources))
    fitted = ", ".join(f"{b:g}" for b in b_values_for_fit(b_values))
    if modality is Modality.ADC:
        return f"computed: log-linear fit over b = {fitted} of {names}; the study holds no ADC map."
    high = f"computed: b = {DEFAULT_HIGH_B:g} from the log-linear fit over b = {fitted} of {names}"
    return f"{high}; the study holds no high b-value series."


def _series_order(candidate: Candidate) -> tuple[object, ...]:
    number = candidate.frames[0].series_number
    return (number is None, number or 0, candidate.series, candidate.b_value or 0)


def _of_one_study(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The study that holds T2W, ADC and HBV, or what the latter two are computed from."""
    studies: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        studies.setdefault(candidate.frames[0].study, []).append(candidate)
    if len(studies) == 1:
        return tuple(candidates)
    complete = [study for study in studies.values() if _complete({one.kind for one in study})]
    if len(complete) != 1:
        raise InputError(
            f"The folder holds {len(studies)} studies, {len(complete)} of them with T2W, ADC and high b-value series; "
            "give the folder of one study."
        )
    return tuple(complete[0])


def _complete(kinds: set[Kind]) -> bool:
    return all(kind in kinds or (kind is not Kind.T2W and Kind.DWI in kinds) for kind in KINDS.values())


def _pool(
    candidates: Sequence[Candidate], modality: Modality, choices: Mapping[Modality, int]
) -> tuple[list[Candidate], bool]:
    """Whom to choose from, and whether the user told."""
    if modality in choices:
        number = choices[modality]
        pool = [one for one in candidates if one.frames[0].series_number == number]
        if not pool:
            raise InputError(f"There is no series {number} to take as {modality.name}; see the series of `inspect`.")
        return [one for one in pool if one.kind == KINDS[modality]] or pool, True
    return [one for one in candidates if one.kind == KINDS[modality] and one.orientation in ("axial", "mixed")], False


def _best(pool: Sequence[Candidate], modality: Modality, context: Context) -> Candidate:
    sound = [one for one in pool if one.stack]
    if not sound:
        raise InputError(_missing(pool, modality))
    ranked = sorted(sound, key=lambda one: _rank(one, context), reverse=True)
    equal = [one for one in ranked if _rank(one, context) == _rank(ranked[0], context)]
    if len(equal) > 1:
        names = ", ".join(one.name for one in equal)
        raise InputError(
            f"{len(equal)} series fit as {modality.name} equally well, {names}; keep one of them in the folder."
        )
    return ranked[0]


def _missing(pool: Sequence[Candidate], modality: Modality) -> str:
    kind = {Modality.T2W: "axial T2W", Modality.ADC: "axial ADC", Modality.HBV: "axial high b-value"}[modality]
    if pool:
        worst = max(pool, key=lambda one: one.score)
        return f"The {kind} {worst.name} cannot be used: {worst.problem}; export the series again in full."
    return f"The folder holds no {kind} series; add it, or see what was found with `inspect`."


def _rank(candidate: Candidate, context: Context) -> tuple[object, ...]:
    """A common frame of reference, points, same grid as the ADC, b-value, slices, and the later series."""
    first = candidate.frames[0]
    t2w, adc = context.chosen.get(Modality.T2W), context.chosen.get(Modality.ADC)
    frames = context.diffusion_frames if t2w is None else {t2w.frames[0].frame_of_reference}
    return (
        first.frame_of_reference in frames,
        candidate.score,
        adc is None or (adc.stack and candidate.stack and adc.stack.grid.matches(candidate.stack.grid)),
        -abs((candidate.b_value or 0) - 1400) if candidate.kind in (Kind.HBV, Kind.DWI) else 0,
        len(candidate.frames),
        first.series_number or 0,
        first.time,
    )


def _reason(candidate: Candidate, pool: Sequence[Candidate]) -> str:
    others = [one.name for one in pool if one is not candidate]
    beside = f"; preferred to {', '.join(others)}" if others else ""
    return f"{candidate.name}: {candidate.reason}{beside}."


def _told(candidate: Candidate, modality: Modality) -> str:
    """That the user chose, and what speaks against it."""
    b_value = f", b = {candidate.b_value:g}" if modality is Modality.HBV and candidate.b_value is not None else ""
    doubts = [f"it is {candidate.orientation}"] if candidate.orientation != "axial" else []
    if candidate.kind != KINDS[modality]:
        doubts.append("nothing says so" if candidate.kind is Kind.OTHER else f"it looks like {candidate.kind.value}")
    return f"chosen by the user{b_value}" + (f", although {' and '.join(doubts)}" if doubts else "")
