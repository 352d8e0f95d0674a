"""What is said of a choice of series: repeats, doubts about scaling and time, files that were passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...core.cautions import Caution
from ...core.errors import InputError
from ...core.match.high_b import high_b_cautions
from ...core.match.ranking import Ranked, minutes_apart
from ...core.match.rules import KINDS, Kind
from ...core.study import Modality
from ..read.folder import DamagedFile, FolderContents
from ..read.scaling import adc_scaling
from ..read.volume import INVERTED
from .classify import SeriesVolume

LONG_MINUTES = 45.0  # longer than an examination of the prostate takes
_MOST_NAMES = 3
REPEATS = ((Modality.T2W, "repeated-t2w", "T2W series"), (Modality.ADC, "repeated-adc", "ADC maps"))
Chosen = Mapping[Modality, Sequence[SeriesVolume]]


def choice_cautions(
    ranked: Ranked[SeriesVolume], chosen: Chosen, contents: FolderContents, choices: Mapping[Modality, int]
) -> tuple[Caution, ...]:
    """What a reader must know of the series that were chosen, from their headers. `choices`: what the user set."""
    return (
        *_repeats(ranked, chosen, choices),
        *_scaling(chosen),
        *_inverted(chosen),
        *_time(chosen),
        *_low_b(chosen),
        *_unlike(chosen, choices),
        *_damage(chosen, contents),
    )


def with_scaling(reason: str, volume: SeriesVolume, modality: Modality) -> str:
    """The reason of a choice, and which scaling gives the values, where an ADC map has several or names its unit."""
    words = adc_scaling(volume.frames[0].scalings).words if modality is Modality.ADC else ""
    return f"{reason.removesuffix('.')}; {words}." if words else reason


def check_swapped(adc: SeriesVolume, hbv: SeriesVolume, choices: Mapping[Modality, int]) -> None:
    """InputError where the user sets as ADC what the headers call HBV, and the other way round."""
    if choices and adc.kind in (Kind.HBV, Kind.DWI) and hbv.kind is Kind.ADC:
        raise InputError(
            f"ADC and HBV are swapped: {adc.name}, set as ADC, is a diffusion-weighted image by its headers, and "
            f"{hbv.name}, set as HBV, an ADC map; set them the other way round."
        )


def passed_over(contents: FolderContents, series: str = "") -> str:
    """Which damaged files there are, of all or of one series, as a further sentence; empty where there are none."""
    files = [one for one in contents.damaged if not series or one.series in (series, "")]
    return f" Passed over: {'; '.join(_told_files(files))}." if files else ""


def _told_files(files: Sequence[DamagedFile]) -> Iterator[str]:
    groups: dict[tuple[str, int | None], list[DamagedFile]] = {}
    for one in files:
        groups.setdefault((one.reason, one.series_number), []).append(one)
    for (reason, number), members in groups.items():
        names = [one.name for one in members if one.name][:_MOST_NAMES]
        where = "" if number is None else f" of series {number}"
        named = f" ({', '.join(names)}{' and others' if len(members) > len(names) else ''})" if names else ""
        yield f"{len(members)} file{'s' * (len(members) > 1)}{where}{named} with {reason}"


def _repeats(ranked: Ranked[SeriesVolume], chosen: Chosen, choices: Mapping[Modality, int]) -> Iterator[Caution]:
    decided = f": {'; '.join(ranked.words)}" if ranked.words else ""
    for modality, code, kind in REPEATS:
        rivals = {id(one): one for trio in ranked.rivals if (one := trio.volumes.get(modality))}
        taken = chosen[modality][0]
        others = ", ".join(one.name for one in rivals.values() if one is not taken)
        if modality in choices or id(taken) not in rivals or not others:
            continue
        yield Caution(code, f"The study holds {len(rivals)} {kind}: {taken.name} was taken, not {others}{decided}.")


def _scaling(chosen: Chosen) -> Iterator[Caution]:
    adc = chosen[Modality.ADC]
    found = adc_scaling(adc[0].frames[0].scalings)
    if adc[0].kind is not Kind.ADC or not found.doubtful:
        return
    yield Caution(
        "scalings-disagree",
        f"The ADC {adc[0].name} holds two scalings that disagree, Rescale and real-world value mapping, and their "
        f"units do not tell which is right; {found.words} were taken. ADC values, and what follows from them, may be "
        "wrong by their ratio.",
    )


def _inverted(chosen: Chosen) -> Iterator[Caution]:
    for modality, volumes in chosen.items():
        if any(one.frames[0].photometric == INVERTED for one in volumes):
            what = "its values were taken as stored" if modality is Modality.ADC else "it was read as it is shown"
            yield Caution(
                "monochrome1",
                f"The {modality.name} {volumes[0].name} is marked as stored inverted (MONOCHROME1): {what}; compare "
                "it with what your viewer shows.",
            )


def _time(chosen: Chosen) -> Iterator[Caution]:
    apart = minutes_apart(chosen[Modality.ADC][0], chosen[Modality.HBV][0])
    if apart is not None and apart > LONG_MINUTES:
        duration = f"{apart:.0f} min" if apart < 120 else f"{apart / 60:.0f} h"
        yield Caution(
            "adc-hbv-other-time",
            f"ADC and HBV were acquired {duration} apart, so one voxel of them may show two places.",
        )


def _low_b(chosen: Chosen) -> tuple[Caution, ...]:
    """An image computed of several volumes is at a b-value of our own."""
    hbv = chosen[Modality.HBV]
    return high_b_cautions(hbv[0].b_value) if len(hbv) == 1 else ()


def _unlike(chosen: Chosen, choices: Mapping[Modality, int]) -> Iterator[Caution]:
    for modality in choices:
        one = chosen[modality][0]
        if one.kind not in (KINDS[modality], Kind.OTHER):
            yield Caution(
                "series-looks-different",
                f"{one.name[0].upper()}{one.name[1:]} was set as {modality.name}, although by its headers it looks "
                f"like {one.kind.value}.",
            )


def _damage(chosen: Chosen, contents: FolderContents) -> Iterator[Caution]:
    series = {one.series for volumes in chosen.values() for one in volumes}
    files = [one for one in contents.damaged if one.series in series or not one.series]
    if files:
        counted = Counter(one.reason for one in files)
        yield Caution(
            "files-passed-over",
            f"{sum(counted.values())} damaged files were passed over: {'; '.join(_told_files(files))}. "
            "Slices at the end of a series may be missing.",
        )
