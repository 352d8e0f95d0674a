"""Which three series a study is read from: ranking, the user's own choice, and refusal where neither decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...core.cautions import Caution
from ...core.diffusion_fit import DEFAULT_HIGH_B
from ...core.errors import InputError
from ...core.study import Modality
from ..read.folder import Scan
from .classify import Candidate, Kind, classify_series
from .diffusion_sources import b_values_for_fit, diffusion_sources
from .identity import check_one_patient
from .positions import check_positions
from .ranking import Ranked, Trio, rank
from .remarks import check_swapped, choice_cautions, passed_over, with_scaling

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
class Selection:
    """The choice of each modality, every volume that was looked at, in series order, and what a reader must know."""

    choices: Mapping[Modality, Choice]
    candidates: tuple[Candidate, ...]
    cautions: tuple[Caution, ...] = ()


def candidates_of(scan: Scan) -> tuple[Candidate, ...]:
    """Every volume of every series, by series number."""
    found = [candidate for frames in scan.series.values() for candidate in classify_series(frames)]
    return tuple(sorted(found, key=_series_order))


def select(scan: Scan, choices: Mapping[Modality, int] = NO_CHOICES, trust_positions: bool = False) -> Selection:
    """T2W, ADC and HBV of one patient's study; `choices`: series numbers that the user sets instead.

    `trust_positions`: series of different studies or frames of reference are taken as they lie.
    InputError where the folder holds no MR images, several patients or several complete studies, where a modality is
    missing or its slices make no volume, where positions cannot be compared, where two candidates cannot be ranked, or
    where the user sets one twice. Pixels are read only where several series fit and their position decides.
    """
    if not scan.series:
        raise InputError(
            "The folder holds no MR images in DICOM form; give the folder of one MRI study." + passed_over(scan)
        )
    cautions = check_one_patient(scan.frames)
    candidates = _of_one_study(candidates_of(scan), trust_positions)
    pools = {modality: _pool(candidates, modality, choices) for modality in Modality}
    ranked = _rank(pools, candidates, scan)
    best = ranked.best[0]
    made = {Modality.T2W: _chosen(best.t2w, Modality.T2W, pools, choices)}
    for modality, one in ((Modality.ADC, best.adc), (Modality.HBV, best.hbv)):
        made[modality] = (
            _chosen(one, modality, pools, choices) if one else _computed(candidates, modality, best.t2w, scan)
        )
    _check_distinct(made)
    check_swapped(made[Modality.ADC].candidates[0], made[Modality.HBV].candidates[0], choices)
    for modality in (Modality.ADC, Modality.HBV):
        cautions += check_positions(best.t2w, modality, made[modality].candidates[0], trust_positions)
    chosen = {modality: choice.candidates for modality, choice in made.items()}
    return Selection(made, candidates, (*cautions, *choice_cautions(ranked, chosen, scan, choices)))


def _rank(pools: Mapping[Modality, Sequence[Candidate]], candidates: Sequence[Candidate], scan: Scan) -> Ranked:
    """InputError where a series cannot be used, or two fit equally well."""
    sound = {modality: [one for one in pool if one.stack] for modality, pool in pools.items()}
    for modality, pool in pools.items():
        if not sound[modality] and (pool or modality is Modality.T2W):
            raise InputError(_missing(pool, modality, scan))
    nothing: list[Candidate | None] = [None]
    trios = [
        Trio(t2w, adc, hbv)
        for t2w in sound[Modality.T2W]
        for adc in sound[Modality.ADC] or nothing
        for hbv in sound[Modality.HBV] or nothing
    ]
    frames = frozenset(one.frames[0].frame_of_reference for one in candidates if one.kind in _DIFFUSION)
    ranked = rank(trios, frames)
    for modality in Modality:
        equal = {id(one): one for trio in ranked.best if (one := getattr(trio, modality.value)) is not None}
        if len(equal) > 1:
            names = ", ".join(one.name for one in equal.values())
            raise InputError(
                f"{len(equal)} series fit as {modality.name} equally well, {names}; keep one of them in the folder."
            )
    return ranked


def _chosen(
    one: Candidate, modality: Modality, pools: Mapping[Modality, Sequence[Candidate]], choices: Mapping[Modality, int]
) -> Choice:
    reason = f"{one.name}: {_told(one, modality)}." if modality in choices else _reason(one, pools[modality])
    return Choice((one,), with_scaling(reason, one, modality))


def _computed(candidates: Sequence[Candidate], modality: Modality, t2w: Candidate, scan: Scan) -> Choice:
    sources = diffusion_sources(candidates, t2w)
    if not sources:
        raise InputError(_missing((), modality, scan))
    return Choice(sources, _computed_reason(modality, sources), computed=True)


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


def _of_one_study(candidates: Sequence[Candidate], trust_positions: bool) -> tuple[Candidate, ...]:
    """The study that holds T2W, ADC and HBV, or what the latter two are computed from."""
    studies: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        studies.setdefault(candidate.frames[0].study, []).append(candidate)
    if len(studies) == 1:
        return tuple(candidates)
    complete = [study for study in studies.values() if _complete({one.kind for one in study})]
    if not complete and trust_positions:
        return tuple(candidates)
    if len(complete) != 1:
        raise InputError(
            f"The folder holds {len(studies)} studies, {len(complete)} of them with T2W, ADC and high b-value series; "
            "give the folder of one study."
        )
    return tuple(complete[0])


def _complete(kinds: set[Kind]) -> bool:
    return all(kind in kinds or (kind is not Kind.T2W and Kind.DWI in kinds) for kind in KINDS.values())


def _pool(candidates: Sequence[Candidate], modality: Modality, choices: Mapping[Modality, int]) -> list[Candidate]:
    if modality in choices:
        number = choices[modality]
        pool = [one for one in candidates if one.frames[0].series_number == number]
        if not pool:
            raise InputError(f"There is no series {number} to take as {modality.name}; see the series of `inspect`.")
        return [one for one in pool if one.kind == KINDS[modality]] or pool
    return [one for one in candidates if one.kind == KINDS[modality] and one.orientation in ("axial", "mixed")]


def _missing(pool: Sequence[Candidate], modality: Modality, scan: Scan) -> str:
    kind = {Modality.T2W: "axial T2W", Modality.ADC: "axial ADC", Modality.HBV: "axial high b-value"}[modality]
    if pool:
        worst = max(pool, key=lambda one: one.score)
        told = passed_over(scan, worst.frames[0].series)
        return f"The {kind} {worst.name} cannot be used: {worst.problem}; export the series again in full.{told}"
    return f"The folder holds no {kind} series; add it, or see what was found with `inspect`.{passed_over(scan)}"


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
