"""What a volume tells of itself: name, geometry, and headers and values where they are at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..checks.study_geometry import PLANES
from ..geometry import Array, Grid

MOST_SAMPLES = 200_000
LONGER = 1.25
"""A voxel side is across the slices from this ratio to the next one on; pixels are seldom that oblong."""
# "b1400", "b=800", "b-value 50", Philips' "sb_1500", "bv1400"; and lists of them: "b 50 500 800", "b50_400_800"
_B_VALUE = re.compile(
    r"(?<![a-z])[sh]?b(?:v|-?val(?:ue)?s?)?[ _=-]{0,2}"
    r"((?:0|[1-9]\d{1,3})(?:[ _,;/+-]+(?:\d{1,3}0|0)(?![\d.a-z]))*)(?!\d)"
)
# "1400b"; and, right behind the word, numbers such as only b-values are: "DWI_1400", "FOCUS DWI 1500", "DWI 0 800"
_NUMBER_FIRST = re.compile(r"(?<![\d.])([1-9]\d{1,2}0)b(?![a-z0-9])")
_BARE = re.compile(
    r"(?:dwi|diff|diffusion)[ _=-]{1,2}((?:0|[1-9]\d?00|[1-9]?50)(?:[ _,;/+-]+(?:\d{1,3}0|0))*)(?! ?ms)(?![\d.a-z])"
)


@dataclass(frozen=True)
class SeriesHeader:
    """What DICOM says of a volume; whatever is None, empty or at its default is not known.

    `b_value` in s/mm2, and `b_source`, the words that say where it stood; `b_values_in_series`: how many the series of
    this volume holds. `directional`: weighted along one gradient direction alone. Times in ms; `seconds`: when the
    first slice was acquired, since the epoch of the scanner's clock. `volumes`: how many b-values, directions or echoes
    were put into this one volume.
    """

    number: int | None = None
    description: str = ""
    image_type: frozenset[str] = frozenset()
    scanning_sequence: frozenset[str] = frozenset()
    echo_time: float | None = None
    repetition_time: float | None = None
    b_value: float | None = None
    b_source: str = ""
    b_values_in_series: int = 1
    directional: bool = False
    frame_of_reference: str = ""
    seconds: float | None = None
    volumes: int = 1


@dataclass(frozen=True)
class Intensities:
    """Of the voxels: the lowest; of those above zero, the median and the 99.5th percentile."""

    lowest: float
    typical: float
    highest: float

    @classmethod
    def of(cls, array: Array) -> Intensities:
        """From at most `MOST_SAMPLES` of the voxels, which tells the kind of an image as well as all of them."""
        values = array.ravel()
        values = values[:: max(len(values) // MOST_SAMPLES, 1)]
        above = values[values > 0]
        typical, highest = np.percentile(above, (50, 99.5)) if above.size else (0.0, 0.0)
        return cls(float(values.min()), float(typical), float(highest))


@dataclass(frozen=True)
class SeriesEvidence:
    """What the rules look at. `name`: the series description, or a loaded volume's name and that.

    `plane`: of the slices, one of `PLANES`, or "mixed". `pixel_mm`: the longer side of a pixel; `step_mm`: from slice
    to slice, 0 where it is not regular. `intensities`: None where no voxels were read.
    """

    name: str
    header: SeriesHeader
    plane: str
    slices: int
    pixel_mm: float
    step_mm: float
    intensities: Intensities | None = None

    @classmethod
    def on_grid(
        cls, name: str, header: SeriesHeader, grid: Grid, intensities: Intensities | None = None
    ) -> SeriesEvidence:
        """Of a volume that is stored in any order of its axes."""
        across = slice_axis(grid)
        pixel = max(step for axis, step in enumerate(grid.spacing) if axis != across)
        plane = PLANES[int(np.abs(grid.axes[:, across]).argmax())]
        return cls(name, header, plane, grid.size[across], pixel, grid.spacing[across], intensities)

    @property
    def text(self) -> str:
        """The name in lower case, as the rules' patterns are."""
        return self.name.lower()

    @property
    def b_value(self) -> float | None:
        """s/mm2, of the headers, else of the name."""
        return named_b_value(self.name) if self.header.b_value is None else self.header.b_value

    @property
    def b_source(self) -> str:
        """Where the b-value was found: a DICOM attribute, or the name."""
        return "its name" if self.header.b_value is None else self.header.b_source


def named_b_value(name: str) -> float | None:
    """The one b-value that a name tells: 'DWI b1400', 'b=800', 'DWI_1400'; None where it tells none, or several."""
    text = name.lower()
    found = _B_VALUE.findall(text) + _NUMBER_FIRST.findall(text) or _BARE.findall(text)
    values = {float(value) for part in found for value in re.findall(r"\d+", part)}
    return values.pop() if len(values) == 1 else None


def slice_axis(grid: Grid) -> int:
    """The stored axis across the slices: that of longer voxels; where none is much longer, the last one."""
    _, second, longest = sorted(range(3), key=lambda axis: grid.spacing[axis])
    return longest if grid.spacing[longest] > LONGER * grid.spacing[second] else 2
