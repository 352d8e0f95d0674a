"""What a loaded volume tells about itself, and the rules that weigh it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.checks.study_geometry import is_thick
from ..core.geometry import Grid
from ..core.orientation import axial_order
from ..core.study import Modality
from .volumes import Node, grid_of, voxels_of

Attributes = Mapping[str, str]

MOST_SAMPLES = 200_000
HIGH_B = 800.0  # s/mm2


@dataclass(frozen=True)
class Evidence:
    """`text`: name and series description, lower case. `typical`, `highest`: median and 99.5th percentile of the
    voxels above zero. `b_value` in s/mm2, of a DICOM attribute or the name."""

    text: str
    image_type: frozenset[str]
    b_value: float | None
    echo_time: float | None
    grid: Grid
    lowest: float
    typical: float
    highest: float

    @property
    def axial(self) -> Grid:
        """The grid in axial order: how a volume is stored says nothing about what it shows."""
        return axial_order(self.grid).of_grid(self.grid)

    @property
    def is_axial(self) -> bool:
        """Of slices as thick as they are wide, the storage is all that tells the plane."""
        return is_thick(self.axial, 2) or axial_order(self.grid).axes[2] == 2

    @property
    def in_plane_mm(self) -> float:
        return max(self.axial.spacing[:2])


@dataclass(frozen=True)
class Rule:
    """`points` for (or, where negative, against) `modality` when `holds`."""

    modality: Modality
    points: float
    words: str
    holds: Callable[[Evidence], bool]


def evidence_of(volume: Node, attributes: Attributes) -> Evidence:
    """InputError where the volume's axes are sheared."""
    text = f"{volume.GetName() or ''} {attributes.get('SeriesDescription', '')}".lower()
    values = voxels_of(volume).ravel()
    values = values[:: max(len(values) // MOST_SAMPLES, 1)]
    above = values[values > 0]
    typical, highest = (float(v) for v in np.percentile(above, (50, 99.5))) if above.size else (0.0, 0.0)
    return Evidence(
        text=text,
        image_type=frozenset(part.strip().upper() for part in attributes.get("ImageType", "").split("\\")),
        b_value=_number(attributes.get("DiffusionBValue", "")) or _named_b_value(text),
        echo_time=_number(attributes.get("EchoTime", "")),
        grid=grid_of(volume),
        lowest=float(values.min()),
        typical=typical,
        highest=highest,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named_b_value(text: str) -> float | None:
    """The highest b-value that the name tells: "b1400", "b=800", "b_50_400_800"."""
    found = re.findall(r"(?<![a-z0-9])b[ =_-]?(\d{2,4})(?!\d)", text)
    return max(map(float, found)) if found else None


def _named(pattern: str) -> Callable[[Evidence], bool]:
    compiled = re.compile(pattern)
    return lambda seen: bool(compiled.search(seen.text))


def _looks_like_adc(seen: Evidence) -> bool:
    """Soft tissue lies at 0.5 to 2.5, free water near 3 (1e-3 mm2/s), stored in 1e-6 mm2/s."""
    return seen.lowest >= 0 and 500 <= seen.typical <= 2500 and 1500 <= seen.highest <= 5000


_ADC_NAME = _named(r"adc(?![a-z])|apparent.?diff")
_DIFFUSION_NAME = _named(r"dwi|diff|ep2d|(?<![a-z])dw(?![a-z])|hbv|trace")
_HIGH_B_NAME = _named(r"(?<![a-z])hbv|high.?b|calc.?b|cdwi|syn.{0,8}b\d|b.?val")
_T2_NAME = _named(r"(?<![a-z0-9])t2(?!\*|.?map|.?star)")
_NOT_A_SCAN = _named(r"(?<![a-z])loc(?![a-z])|locali[sz]er|scout|survey|topogram|subtract|(?<![a-z])mip(?![a-z])")
_OTHER_PLANE = _named(r"(?<![a-z])(sag|cor|coronal|sagittal)(?![a-z])|t2tse(sag|cor)")

_T, _A, _H = Modality.T2W, Modality.ADC, Modality.HBV

RULES: tuple[Rule, ...] = (
    Rule(_T, 3, "its name says T2", _T2_NAME),
    Rule(_T, 1, "axial", lambda seen: seen.is_axial),
    Rule(_T, 1, "pixels under 1 mm", lambda seen: seen.in_plane_mm < 1.0),
    Rule(_T, 1, "at least 10 slices", lambda seen: seen.axial.size[2] >= 10),
    Rule(_T, 1, "echo time of at least 70 ms", lambda seen: (seen.echo_time or 0) >= 70),
    Rule(_T, -8, "diffusion", lambda seen: _ADC_NAME(seen) or _DIFFUSION_NAME(seen) or "DIFFUSION" in seen.image_type),
    Rule(_A, 6, "its image type says ADC", lambda seen: "ADC" in seen.image_type),
    Rule(_A, 4, "its name says ADC", _ADC_NAME),
    Rule(_A, 1, "its values are those of tissue in 1e-6 mm2/s", _looks_like_adc),
    Rule(_A, -8, "another map", _named(r"e?xp.?adc|eadc|(?<![a-z])fa(?![a-z])|colou?r")),
    Rule(_H, 5, "high b-value", lambda seen: (seen.b_value or 0) >= HIGH_B),
    Rule(_H, 4, "its name says high b-value", _HIGH_B_NAME),
    Rule(_H, 1, "b-value of 1400 to 2000", lambda seen: 1400 <= (seen.b_value or 0) <= 2000),
    Rule(_H, 1, "its name says diffusion", _DIFFUSION_NAME),
    Rule(_H, -4, "low b-value", lambda seen: seen.b_value is not None and seen.b_value < HIGH_B),
    Rule(_H, -8, "ADC", lambda seen: _ADC_NAME(seen) or "ADC" in seen.image_type),
    *(Rule(m, -8, "not axial", lambda seen: not seen.is_axial or _OTHER_PLANE(seen)) for m in Modality),
    *(Rule(m, -20, "not a scan of the gland", _NOT_A_SCAN) for m in Modality),
    *(Rule(m, -20, "mosaic", lambda seen: "MOSAIC" in seen.image_type) for m in Modality),
    *(Rule(m, -4, "fewer than 5 slices", lambda seen: seen.axial.size[2] < 5) for m in Modality),
)
