"""Which three series a study is read from: ranking, the user's own choice, and refusal where neither decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..core.errors import InputError
from ..core.study import Modality
from .classify import Candidate, Kind, classify_series
from .scan import Scan

KINDS = {Modality.T2W: Kind.T2W, Modality.ADC: Kind.ADC, Modality.HBV: Kind.HBV}
NO_CHOICES: Mapping[Modality, int] = MappingProxyType({})


@dataclass(frozen=True)
class Selection:
    """The chosen volume of each modality, why, and every volume that was looked at, in series order."""

    chosen: Mapping[Modality, Candidate]
    reasons: Mapping[Modality, str]
    candidates: tuple[Candidate, ...]


def candidates_of(scan: Scan) -> tuple[Candidate, ...]:
    """Every volume of every series, by series number."""
    found = [candidate for frames in scan.series.values() for candidate in classify_series(frames)]
    return tuple(sorted(found, key=_series_order))


def select(scan: Scan, choices: Mapping[Modality, int] = NO_CHOICES) -> Selection:
    """T2W, ADC and HBV of one patient's study; `choices`: series numbers that the user sets instead.

    InputError where the folder holds no MR images, several patients or several complete studies, where a modality is
    missing or its slices make no volume, or where two candidates cannot be ranked.
    """
    if not scan.series:
        raise InputError("The folder holds no MR images in DICOM form; give the folder of one MRI study.")
    patients = {frame.patient for frame in scan.frames}
    if len(patients) > 1:
        raise InputError(
            f"The folder holds images of {len(patients)} patients; give the folder of one patient's study."
        )
    candidates = _of_one_study(candidates_of(scan))
    chosen: dict[Modality, Candidate] = {}
    reasons: dict[Modality, str] = {}
    for modality in Modality:
        pool, told = _pool(candidates, modality, choices)
        chosen[modality] = _best(pool, modality, chosen)
        reasons[modality] = _reason(chosen[modality], pool, told)
    return Selection(chosen, reasons, candidates)


def _series_order(candidate: Candidate) -> tuple[object, ...]:
    number = candidate.frames[0].series_number
    return (number is None, number or 0, candidate.series, candidate.b_value or 0)


def _of_one_study(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The study that holds a T2W, an ADC and an HBV volume."""
    studies: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        studies.setdefault(candidate.frames[0].study, []).append(candidate)
    if len(studies) == 1:
        return tuple(candidates)
    complete = [study for study in studies.values() if set(KINDS.values()) <= {one.kind for one in study}]
    if len(complete) != 1:
        raise InputError(
            f"The folder holds {len(studies)} studies, {len(complete)} of them with T2W, ADC and high b-value series; "
            "give the folder of one study."
        )
    return tuple(complete[0])


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


def _best(pool: Sequence[Candidate], modality: Modality, chosen: Mapping[Modality, Candidate]) -> Candidate:
    sound = [one for one in pool if one.stack]
    if not sound:
        raise InputError(_missing(pool, modality))
    ranked = sorted(sound, key=lambda one: _rank(one, chosen), reverse=True)
    equal = [one for one in ranked if _rank(one, chosen) == _rank(ranked[0], chosen)]
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


def _rank(candidate: Candidate, chosen: Mapping[Modality, Candidate]) -> tuple[object, ...]:
    """Same frame of reference as the T2W, same grid as the ADC, then points, b-value, slices, and the later series."""
    first = candidate.frames[0]
    t2w, adc = chosen.get(Modality.T2W), chosen.get(Modality.ADC)
    return (
        t2w is None or first.frame_of_reference == t2w.frames[0].frame_of_reference,
        candidate.score,
        adc is None or (adc.stack and candidate.stack and adc.stack.grid.matches(candidate.stack.grid)),
        -abs((candidate.b_value or 0) - 1400) if candidate.kind == Kind.HBV else 0,
        len(candidate.frames),
        first.series_number or 0,
        first.time,
    )


def _reason(candidate: Candidate, pool: Sequence[Candidate], told: bool) -> str:
    others = [one.name for one in pool if one is not candidate]
    beside = f"; preferred to {', '.join(others)}" if others and not told else ""
    return f"{candidate.name}: {'chosen by the user' if told else candidate.reason}{beside}."
