"""From stored values to what they measure: Rescale (0028,1052 / 1053) and Real World Value Mapping (0040,9096)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .values import first, number_of, value_of

RESCALE, MAPPING = "Rescale", "real-world value mapping"
_EVERYWHERE = (-math.inf, math.inf)
_ALIKE = 0.01  # share by which two scalings may differ and still say the same
_LENGTH = {"m": 1e12, "cm": 1e8, "mm": 1e6, "um": 1.0, "nm": 1e-6}  # squared, in um2
_TIME = {"s": 1.0, "ms": 1e3, "us": 1e6}  # per second
_POWER = r"10(?:\*\*|\*|\^)?(?P<exponent>[+-]?\d+)"
_UNIT = re.compile(
    rf"^x?(?:(?:{_POWER}|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?))[.*x]?)?"
    r"(?P<length>[munc]?m)2(?:/(?P<time>[mu]?s)|[.*]?(?P<inverse>[mu]?s)-1)$"
)


@dataclass(frozen=True)
class Scaling:
    """One way from stored to real values: `slope` x + `intercept`, or a `table`, for x from `low` to `high`.

    `unit`: as the file names it, empty where it names none; `factor`: from it to 1e-6 mm2/s, None where it is no
    diffusivity. `fault`: why it cannot be used, in the middle of a sentence.
    """

    source: str
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    factor: float | None = None
    low: float = -math.inf
    high: float = math.inf
    table: tuple[float, ...] = ()
    fault: str = ""

    def applied(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Real values, in the scaling's own unit; not a number where it says nothing of a stored value."""
        values = np.asarray(stored, np.float64)
        inside = (values >= self.low) & (values <= self.high)
        if self.table:
            index = np.clip(values - self.low, 0, len(self.table) - 1).astype(int)
            return np.where(inside, np.asarray(self.table)[index], np.nan)
        return np.where(inside, values * self.slope + self.intercept, np.nan)

    def agrees_with(self, other: Scaling) -> bool:
        """Whether both give the same, or differ by a power of ten, as the same values in another unit do."""
        if self.table or other.table or abs(self.intercept - other.intercept) > _ALIKE * max(1, abs(self.intercept)):
            return False
        power = math.log10(abs(self.slope / other.slope))
        return abs(power - round(power)) < _ALIKE / 2 and self.slope * other.slope > 0


@dataclass(frozen=True)
class AdcScaling:
    """How an ADC map is read. `used`: scalings of the same unit, by stored value; `words` say so, where there is a
    choice. `doubtful`: another scaling disagrees and no unit decides. `fault` as of a `Scaling`."""

    used: tuple[Scaling, ...]
    words: str = ""
    doubtful: bool = False
    fault: str = ""


def diffusivity(unit: str) -> float | None:
    """The factor from a unit to 1e-6 mm2/s: UCUM (`mm2/s`, `10*-6.mm2/s`) and what scanners write; None for others."""
    text = unit.lower().translate(str.maketrans("\u00b5\u03bc\u00b2\u00b7\u2212", "uu2.-", " "))
    text = re.sub(r"\{[^}]*\}", "", text).replace("m^2", "m2").replace("m**2", "m2").replace("s^-1", "s-1")
    found = _UNIT.match(text)
    if not found:
        return None
    number = float(found["number"] or 1) if not found["exponent"] else 1.0
    try:
        factor = number * 10.0 ** int(found["exponent"] or 0)
    except OverflowError:
        return None
    factor *= _LENGTH[found["length"]] * _TIME[found["time"] or found["inverse"]]
    return factor if math.isfinite(factor) and factor > 0 else None


def scalings_of(places: tuple[Dataset, ...]) -> tuple[Scaling, ...]:
    """Every scaling of one image or frame, Rescale first where it has one; faulty ones with their fault.

    Private scale slopes are never looked at: Philips' (2005,100E) turns back to what the receiver measured.
    """
    return (*_rescale(places), *_mappings(places))


def signal_scaling(scalings: Sequence[Scaling]) -> Scaling:
    """How an image in arbitrary units is read: by its Rescale, else as stored."""
    return next((one for one in scalings if one.source == RESCALE), Scaling(RESCALE))


def adc_scaling(scalings: Sequence[Scaling]) -> AdcScaling:
    """A mapping whose unit is a diffusivity, else a Rescale whose type is one, else Rescale, else a mapping."""
    rescale = [one for one in scalings if one.source == RESCALE]
    mappings = [one for one in scalings if one.source == MAPPING]
    measured = [one for one in mappings if one.factor is not None and not one.fault]
    if measured:
        return _by_mapping(measured, rescale)
    sound = [one for one in mappings if not one.fault and not one.unit]
    chosen = (rescale or sound or [Scaling(RESCALE)])[0]
    others = [one for one in sound if one is not chosen]
    if rescale and "normal" in rescale[0].unit.lower() and sound:
        chosen, others = sound[0], rescale
    if chosen.fault:
        return AdcScaling((chosen,), fault=chosen.fault)
    doubtful = chosen.factor is None and any(one.fault or not one.agrees_with(chosen) for one in others)
    named = f" in {chosen.unit}" if chosen.factor is not None else ", which names no unit of diffusivity,"
    words = f"values by its {chosen.source}{named} not by its {others[0].source}" if others else ""
    return AdcScaling((chosen,), words or _unit_words(chosen), doubtful)


def read_adc(scaling: AdcScaling, stored: NDArray[Any]) -> NDArray[np.float64]:
    """In 1e-6 mm2/s where the scaling names a unit, else as they are; 0 where no scaling covers a stored value."""
    values = np.full(np.shape(stored), np.nan)
    for one in scaling.used:
        values = np.where(np.isnan(values), one.applied(stored) * (one.factor or 1.0), values)
    numbers: NDArray[np.float64] = np.nan_to_num(values, nan=0.0)
    return numbers


def _by_mapping(measured: Sequence[Scaling], rescale: Sequence[Scaling]) -> AdcScaling:
    words = f"values by its {MAPPING} in {measured[0].unit}"
    if rescale:
        words += f", not by its {RESCALE}"
    rival = [one for one in rescale if one.factor is not None and not one.fault]
    unlike = any(
        abs(one.slope * (one.factor or 1) / (measured[0].slope * (measured[0].factor or 1)) - 1) > _ALIKE
        for one in rival
        if not measured[0].table
    )
    return AdcScaling(tuple(measured), words, doubtful=unlike)


def _unit_words(chosen: Scaling) -> str:
    return f"values by its {chosen.source} in {chosen.unit}" if chosen.factor is not None else ""


def _rescale(places: tuple[Dataset, ...]) -> Iterator[Scaling]:
    slope, intercept = (first(places, keyword) for keyword in ("RescaleSlope", "RescaleIntercept"))
    if slope is None and intercept is None:
        return
    unit = str(first(places, "RescaleType") or "")
    unit = unit if diffusivity(unit) or "normal" in unit.lower() else ""
    yield _linear(RESCALE, 1.0 if slope is None else slope, intercept or 0.0, unit, _EVERYWHERE)


def _mappings(places: tuple[Dataset, ...]) -> Iterator[Scaling]:
    """The items of the mapping sequence, which also is a functional group of its own."""
    for place in places:
        items = [place] if "RealWorldValueSlope" in place or "RealWorldValueLUTData" in place else []
        nested = value_of(place, "RealWorldValueMappingSequence") or []
        for item in [*items, *nested]:
            yield _mapping(item)


def _mapping(item: Dataset) -> Scaling:
    codes = value_of(item, "MeasurementUnitsCodeSequence") or []
    names = (
        [str(value_of(codes[0], key) or "") for key in ("CodeValue", "LongCodeValue", "CodeMeaning")] if codes else []
    )
    unit = next((name for name in names if diffusivity(name)), next((name for name in names if name), ""))
    low, high = _range(item)
    table = value_of(item, "RealWorldValueLUTData")
    if table is not None:
        values = tuple(float(value) for value in np.atleast_1d(table))
        if not math.isfinite(low) or not np.isfinite(values).all():
            return Scaling(MAPPING, fault="its real-world value table is damaged")
        return Scaling(MAPPING, unit=unit, factor=diffusivity(unit), low=low, high=low + len(values) - 1, table=values)
    slope, intercept = (value_of(item, f"RealWorldValue{name}") for name in ("Slope", "Intercept"))
    return _linear(MAPPING, slope, intercept or 0.0, unit, (low, high))


def _range(item: Dataset) -> tuple[float, float]:
    ends = []
    for end in ("First", "Last"):
        names = (f"RealWorldValue{end}ValueMapped", f"DoubleFloatRealWorldValue{end}ValueMapped")
        ends.append(next((n for name in names if (n := number_of(value_of(item, name))) is not None), None))
    low = -math.inf if ends[0] is None else ends[0]
    high = math.inf if ends[1] is None else ends[1]
    return (low - 65536 if low > high and low >= 32768 else low), high  # a signed value that was written as unsigned


def _linear(source: str, slope: object, intercept: object, unit: str, ends: tuple[float, float]) -> Scaling:
    a, b = number_of(slope), number_of(intercept)
    name = "Rescale Slope or Intercept" if source == RESCALE else "real-world value slope or intercept"
    if a is None or b is None:
        return Scaling(source, fault=f"its {name} is no number")
    if a == 0:
        return Scaling(source, fault=f"its {name.partition(' or ')[0]} is 0")
    return Scaling(source, a, b, unit, diffusivity(unit), *ends)
