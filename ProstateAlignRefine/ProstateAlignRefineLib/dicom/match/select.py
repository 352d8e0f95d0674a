"""Which three series a study is read from: ranking, the user's own choice, and refusal where neither decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...core.cautions import Caution
from ...core.diffusion_fit import DEFAULT_HIGH_B
from ...core.errors import InputError
from ...core.match.ranking import Ranked, Trio, fits, rank, reason_of
from ...core.match.rules import KINDS, Kind
from ...core.study import Modality
from ..read.folder import FolderContents
from .classify import SeriesVolume, classify_series
from .completeness import is_complete
from .diffusion_sources import b_values_for_fit, diffusion_sources
from .identity import check_one_patient
from .positions import check_positions
from .remarks import check_swapped, choice_cautions, passed_over, with_scaling
from .several import NAME_ONE, SeveralStudiesError

NO_CHOICES: Mapping[Modality, int] = MappingProxyType({})


@dataclass(frozen=True)
class Choice:
    """What one modality is read from: a volume, or the diffusion-weighted volumes that it is `computed` from."""

    volumes: tuple[SeriesVolume, ...]
    reason: str
    computed: bool = False

    @property
    def frame_of_reference(self) -> str:
        """Frame of Reference UID (0020,0052), without which positions of two series cannot be compared."""
        return self.volumes[0].frames[0].frame_of_reference

    @property
    def name(self) -> str:
        """How the user is told of the series; several where a map is computed from them."""
        return ", ".join(dict.fromkeys(one.name for one in self.volumes))


@dataclass(frozen=True)
class Selection:
    """The choice of each modality, every volume that was looked at, in series order, and what a reader must know."""

    choices: Mapping[Modality, Choice]
    volumes: tuple[SeriesVolume, ...]
    cautions: tuple[Caution, ...] = ()


def series_volumes(contents: FolderContents) -> tuple[SeriesVolume, ...]:
    """Every volume of every series, by series number."""
    found = [volume for frames in contents.series.values() for volume in classify_series(frames)]
    return tuple(sorted(found, key=_series_order))


def select(
    contents: FolderContents, choices: Mapping[Modality, int] = NO_CHOICES, trust_positions: bool = False
) -> Selection:
    """T2W, ADC and HBV of one patient's study; `choices`: series numbers that the user sets instead.

    `trust_positions`: series of different studies or frames of reference are taken as they lie.
    InputError where the folder holds no MR images, several patients or several complete studies, where a modality is
    missing or its slices make no volume, where positions cannot be compared, where two candidates cannot be ranked, or
    where the user sets one twice. Pixels are read only where several series fit and their position decides.
    """
    if not contents.series:
        raise InputError(
            "The folder holds no MR images in DICOM form; give the folder of one MRI study." + passed_over(contents)
        )
    cautions = check_one_patient(contents.frames)
    volumes = _of_one_study(series_volumes(contents), trust_positions)
    pools = {modality: _pool(volumes, modality, choices) for modality in Modality}
    ranked = _rank(pools, volumes, contents)
    best = ranked.best[0]
    t2w = best.volumes[Modality.T2W]
    made = {
        modality: _chosen(best, modality, pools, choices)
        if modality in best.volumes
        else _computed(volumes, modality, t2w, contents)
        for modality in Modality
    }
    _check_distinct(made)
    check_swapped(made[Modality.ADC].volumes[0], made[Modality.HBV].volumes[0], choices)
    for modality in (Modality.ADC, Modality.HBV):
        cautions += check_positions(t2w, modality, made[modality].volumes[0], trust_positions)
    chosen = {modality: choice.volumes for modality, choice in made.items()}
    return Selection(made, volumes, (*cautions, *choice_cautions(ranked, chosen, contents, choices)))


def _rank(
    pools: Mapping[Modality, Sequence[SeriesVolume]], volumes: Sequence[SeriesVolume], contents: FolderContents
) -> Ranked[SeriesVolume]:
    """InputError where a series cannot be used, or two fit equally well."""
    sound = {modality: [one for one in pool if one.stack] for modality, pool in pools.items()}
    for modality, pool in pools.items():
        if not sound[modality] and (pool or modality is Modality.T2W):
            raise InputError(_missing(pool, modality, contents))
    ranked = rank(sound, volumes)
    for modality in Modality:
        equal = {id(one): one for trio in ranked.best if (one := trio.volumes.get(modality))}
        if len(equal) > 1:
            names = ", ".join(one.name for one in equal.values())
            raise InputError(
                f"{len(equal)} series fit as {modality.name} equally well, {names}; keep one of them in the folder."
            )
    return ranked


def _chosen(
    best: Trio[SeriesVolume],
    modality: Modality,
    pools: Mapping[Modality, Sequence[SeriesVolume]],
    choices: Mapping[Modality, int],
) -> Choice:
    one = best.volumes[modality]
    by_user = f"{one.name}: {_told(one, modality)}."
    reason = by_user if modality in choices else reason_of(best, modality, pools[modality])
    return Choice((one,), with_scaling(reason, one, modality))


def _computed(
    volumes: Sequence[SeriesVolume], modality: Modality, t2w: SeriesVolume, contents: FolderContents
) -> Choice:
    sources = diffusion_sources(volumes, t2w)
    if not sources:
        raise InputError(_missing((), modality, contents))
    return Choice(sources, _computed_reason(modality, sources), computed=True)


def _check_distinct(made: Mapping[Modality, Choice]) -> None:
    readers: dict[int, list[Modality]] = {}
    for modality, choice in made.items():
        if not choice.computed:
            readers.setdefault(id(choice.volumes[0]), []).append(modality)
    for modalities in readers.values():
        if len(modalities) > 1:
            names = " and as ".join(modality.name for modality in modalities)
            raise InputError(
                f"{made[modalities[0]].name} would be read as {names}; set another series for one of them."
            )


def _computed_reason(modality: Modality, sources: Sequence[SeriesVolume]) -> str:
    b_values = [one.b_value for one in sources if one.b_value is not None]
    names = ", ".join(dict.fromkeys(one.name for one in sources))
    fitted = ", ".join(f"{b:g}" for b in b_values_for_fit(b_values))
    if modality is Modality.ADC:
        return f"computed: log-linear fit over b = {fitted} of {names}; the study holds no ADC map."
    high = f"computed: b = {DEFAULT_HIGH_B:g} from the log-linear fit over b = {fitted} of {names}"
    return f"{high}; the study holds no high b-value series."


def _series_order(volume: SeriesVolume) -> tuple[object, ...]:
    number = volume.frames[0].series_number
    return (number is None, number or 0, volume.series, volume.b_value or 0)


def _of_one_study(volumes: Sequence[SeriesVolume], trust_positions: bool) -> tuple[SeriesVolume, ...]:
    """The study that holds T2W, ADC and HBV, or what the latter two are computed from."""
    studies: dict[str, list[SeriesVolume]] = {}
    for volume in volumes:
        studies.setdefault(volume.frames[0].study, []).append(volume)
    if len(studies) == 1:
        return tuple(volumes)
    complete = [study for study in studies.values() if is_complete({one.kind for one in study})]
    if not complete and trust_positions:
        return tuple(volumes)
    if len(complete) != 1:
        raise SeveralStudiesError(
            f"The folder holds {len(studies)} studies, {len(complete)} of them with T2W, ADC and high b-value series; "
            f"{NAME_ONE}."
        )
    return tuple(complete[0])


def _pool(volumes: Sequence[SeriesVolume], modality: Modality, choices: Mapping[Modality, int]) -> list[SeriesVolume]:
    if modality in choices:
        number = choices[modality]
        pool = [one for one in volumes if one.frames[0].series_number == number]
        if not pool:
            raise InputError(f"There is no series {number} to take as {modality.name}; see the series of `inspect`.")
        return [one for one in pool if one.kind == KINDS[modality]] or pool
    return [one for one in volumes if fits(one, modality)]


def _missing(pool: Sequence[SeriesVolume], modality: Modality, contents: FolderContents) -> str:
    kind = {Modality.T2W: "axial T2W", Modality.ADC: "axial ADC", Modality.HBV: "axial high b-value"}[modality]
    if pool:
        worst = max(pool, key=lambda one: one.judgement.score)
        told = passed_over(contents, worst.frames[0].series)
        return f"The {kind} {worst.name} cannot be used: {worst.problem}; export the series again in full.{told}"
    return f"The folder holds no {kind} series; add it, or see what was found with `inspect`.{passed_over(contents)}"


def _told(volume: SeriesVolume, modality: Modality) -> str:
    """That the user chose, and what speaks against it."""
    b_value = f", b = {volume.b_value:g}" if modality is Modality.HBV and volume.b_value is not None else ""
    doubts = [f"it is {volume.evidence.plane}"] if volume.evidence.plane != "axial" else []
    if volume.kind != KINDS[modality]:
        doubts.append("nothing says so" if volume.kind is Kind.OTHER else f"it looks like {volume.kind.value}")
    return f"chosen by the user{b_value}" + (f", although {' and '.join(doubts)}" if doubts else "")
