"""Whether the three volumes hold what their names say: copies, inversions, exchanges, offsets, noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..cautions import Caution, caution
from ..errors import InputError
from ..geometry import Grid, to_array
from ..study import Modality, Study
from .alignment import sampled
from .slices import imaged, slice_cautions

# Measured on the prostate region of one real study (3 T, no coil) and of phantoms of both families, seeds from 100 on.
COPY = 0.97
"""Correlation, of values or of ranks, of a volume with itself on another grid; two volumes of one study reach 0.86, an
ADC and a b = 50 image 0.90."""
LIKE_T2W = 0.3
"""Correlation of HBV and T2W. High-b images reach -0.02, those of b = 800 0.16, of 400 0.49, of 50 0.64."""
EXCHANGED = -0.15
"""Correlation of T2W and ADC less that of T2W and HBV. Studies as they should be: -0.02 to 0.64."""
INVERTED = -0.2
"""Skewness of an HBV: 0.5 to 5.5 in studies; what is dark in most of the body turns bright and the sign with it."""
NOISE = 0.2
"""Correlation of neighbouring voxels in the middle slice: 0.44 to 0.99 in studies, 0 in noise."""
NEGATIVE_ADC, SOME_NEGATIVE_ADC = 0.2, 0.01
"""Share of the prostate region below zero. Fits leave a few; an offset of -1024 takes the sign of half the gland."""
NEGATIVE = -1.0
LEAST_ADC = 300.0
"""No ADC map without a lower value: air, cortical bone or masked background are in every field of view (0 to 30)."""
LEAST_SHOWN_ADC = 800.0
"""The same where background was masked to 0: bone, fat and muscle lie below."""
SATURATED = 0.15
"""Share of the region at the volume's largest value: 0.06 in most phantoms that clip fat, over 0.1 in one."""
EIGHT_BIT = 255.0


@dataclass(frozen=True)
class Content:
    """The three volumes in the prostate region: arrays [z, y, x], NaN outside a field of view."""

    t2w: NDArray[np.float32]
    adc: NDArray[np.float32]
    hbv: NDArray[np.float32]

    @classmethod
    def of(cls, study: Study, region: Grid) -> Content:
        """Padding of ADC and HBV counts as outside."""
        return cls(*(sampled(volume, region) for volume in (study.t2w, imaged(study.adc), imaged(study.hbv))))

    def volume(self, modality: Modality) -> NDArray[np.float32]:
        """[z, y, x] of the prostate region, NaN outside the field of view."""
        return {Modality.T2W: self.t2w, Modality.ADC: self.adc, Modality.HBV: self.hbv}[modality]

    @cached_property
    def looks_exchanged(self) -> bool:
        """Whether T2W resembles HBV more than ADC, as where ADC and HBV were given for each other."""
        return correlation(self.t2w, self.adc) - correlation(self.t2w, self.hbv) < EXCHANGED


def check_copies(content: Content) -> None:
    """InputError where one volume stands for two: there is no answer without all three contrasts."""
    for one, other in combinations(Modality, 2):
        if _likeness(content.volume(one), content.volume(other)) > COPY:
            raise InputError(
                f"The {one.name} and the {other.name} show the same image, perhaps on another grid, scaled, inverted "
                "or as an exponential; give three volumes with their own contrast."
            )


def check_exchanged(content: Content, adc_range: tuple[float, float]) -> None:
    """InputError where the ADC is an HBV and the HBV an ADC. `adc_range`: of a median ADC, 1e-6 mm2/s."""
    low, high = adc_range
    if not low <= _median(content.adc) <= high and low <= _median(content.hbv) <= high and content.looks_exchanged:
        raise InputError(
            "The ADC and the HBV look exchanged: the volume given as HBV has the values of an ADC map and its "
            "contrast, the one given as ADC those of a high-b image; give each as what it is."
        )


def check_adc(content: Content) -> None:
    """InputError where the ADC is mostly below zero."""
    negative = _share(content.adc < NEGATIVE, content.adc)
    if negative > NEGATIVE_ADC:
        raise InputError(
            f"The ADC is below zero in {negative:.0%} of the middle of the prostate region, which no diffusion is; an "
            "offset (rescale intercept) was lost or taken twice; export the map again."
        )


def content_cautions(study: Study, content: Content) -> tuple[Caution, ...]:
    """What may be wrong with the images although a result can still be right."""
    found = [*_adc_cautions(study.adc, content.adc), *_hbv_cautions(study.hbv, content)]
    for modality in Modality:
        name = modality.name
        found += slice_cautions(study.volume(modality), name)
        found += _noise_cautions(study.volume(modality), name)
        found += _depth_cautions(study.volume(modality), content.volume(modality), name)
    return tuple(found)


def correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Pearson's, over what both show; 0 where one of them does not vary."""
    both = np.isfinite(first) & np.isfinite(second)
    if np.count_nonzero(both) < 100:
        return 0.0
    return _pearson(first[both], second[both])


def _pearson(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    a, b = (values.astype(float) - values.mean(dtype=float) for values in (first, second))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else 0.0


def _likeness(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The larger correlation, of values or of ranks, without sign: windows, gamma and inversion do not count."""
    both = np.isfinite(first) & np.isfinite(second)
    if np.count_nonzero(both) < 100:
        return 0.0
    a, b = first[both], second[both]
    ranks = [np.argsort(np.argsort(values)).astype(np.float32) for values in (a, b)]
    return max(abs(_pearson(a, b)), abs(_pearson(*ranks)))


def _noise_cautions(image: sitk.Image, name: str) -> list[Caution]:
    values = sitk.GetArrayViewFromImage(image)
    middle = values[len(values) // 2].astype(np.float32)
    if not _varies(middle) or _pearson(middle[:, :-1].ravel(), middle[:, 1:].ravel()) >= NOISE:
        return []
    return [caution("noise", volume=name)]


def _varies(values: NDArray[np.float32]) -> bool:
    return bool(values.max() > values.min())


def _adc_cautions(adc: sitk.Image, region: NDArray[np.float32]) -> list[Caution]:
    found = []
    values = sitk.GetArrayViewFromImage(adc)
    lowest, shown = float(values.min()), values[values != 0]
    if shown.size and float(shown.min()) >= LEAST_SHOWN_ADC:
        lowest = float(shown.min())
    negative = _share(region < NEGATIVE, region)
    if lowest >= LEAST_ADC:
        found.append(caution("adc-offset", lowest=f"{lowest:.0f}"))
    if negative > SOME_NEGATIVE_ADC:
        found.append(caution("adc-negative", share=f"{negative:.0%}"))
    return found


def _hbv_cautions(hbv: sitk.Image, content: Content) -> list[Caution]:
    found = []
    skewness, likeness = _skewness(to_array(hbv)), correlation(content.t2w, content.hbv)
    if skewness < INVERTED:
        found.append(caution("hbv-inverted"))
    elif likeness > LIKE_T2W:
        found.append(caution("hbv-like-t2w", correlation=f"{likeness:.2f}"))
    if content.looks_exchanged and skewness >= INVERTED:
        found.append(caution("adc-hbv-exchanged"))
    return found


def _depth_cautions(image: sitk.Image, region: NDArray[np.float32], name: str) -> list[Caution]:
    values = sitk.GetArrayViewFromImage(image)
    low, high = float(values.min()), float(values.max())
    finite = region[np.isfinite(region)]
    saturated = float(np.mean(finite >= high - (high - low) * 1e-3)) if finite.size else 0.0
    found = []
    if high == EIGHT_BIT and low >= 0 and bool((values[::2, ::4, ::4] % 1 == 0).all()):
        found.append(caution("eight-bit", volume=name, lowest=f"{low:.0f}"))
    if saturated > SATURATED:
        found.append(caution("saturated", volume=name, share=f"{saturated:.0%}"))
    return found


def _median(region: NDArray[np.float32]) -> float:
    tissue = region[region > 0]
    return float(np.median(tissue)) if tissue.size else 0.0


def _share(mask: NDArray[np.bool_], region: NDArray[np.float32]) -> float:
    return float(np.count_nonzero(mask)) / max(int(np.count_nonzero(np.isfinite(region))), 1)


def _skewness(values: NDArray[np.generic]) -> float:
    centred = values[:, ::2, ::2].astype(np.float64)
    centred -= centred.mean()
    deviation = float(np.sqrt((centred**2).mean()))
    return float((centred**3).mean()) / deviation**3 if deviation > 0 else 0.0
