"""Displacement of the diffusion images against the T2W: measured, told, and taken back where asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import SimpleITK as sitk

from ..cautions import Caution, caution
from ..geometry import Grid, to_image
from ..study import Modality, Study
from .alignment import REACH_MM, Alignment, align, mutual_information, sampled
from .slices import imaged

# Measured on one real study and on phantoms of both families, seeds from 100 on; docs/cautions.md has the figures.
DISPLACED_MM = 4.0
"""Studies as acquired measure up to 3.4 mm (distortion and breathing, which phantoms have too)."""
SURE_GAIN = 0.15
"""By which share the information must grow where the displacement is taken back."""
RELATED = 0.18
"""Nats between ADC and HBV, at their best fit: 0.22 to 1.2 in studies. Another patient's ADC reaches 0.38, but then
fits best where it is shifted by centimetres."""
SAME_BODY = 0.27
"""Nats of T2W with ADC and HBV together, at their best fit: 0.29 and more in studies; another
patient's reach 0.6, most of them shifted."""
MENDED = "A rigid registration can correct it (--register; in Slicer under Advanced)."
OTHER = (
    "Images of another patient, mirrored or in a wrong order fit like this, too, and no registration corrects them; "
    "check the series."
)
REGISTERED = "dwi-registered"
"""Code of the caution that every registered study has."""
MOST_DEGREES = 6.0
"""A registration that turns further has found something else."""


@dataclass(frozen=True)
class Displacements:
    """Of ADC and HBV against the T2W; `between`: of the ADC against the HBV. One and the same where both lie alike."""

    of: Mapping[Modality, Alignment]
    between: Alignment

    @property
    def together(self) -> bool:
        """Whether ADC and HBV lie alike, so that one displacement holds for both."""
        return self.of[Modality.ADC] is self.of[Modality.HBV]


def measure_displacements(study: Study, region: Grid) -> Displacements:
    """ADC and HBV of one acquisition are aligned together, which is surer; each alone where they lie apart."""
    adc, hbv = imaged(study.adc), imaged(study.hbv)
    between = align(hbv, [adc], region)
    if between.distance_mm < DISPLACED_MM:
        both = align(study.t2w, [adc, hbv], region)
        return Displacements({Modality.ADC: both, Modality.HBV: both}, between)
    each = {Modality.ADC: align(study.t2w, [adc], region), Modality.HBV: align(study.t2w, [hbv], region)}
    return Displacements(each, between)


def displacement_cautions(found: Displacements, region: Grid) -> tuple[Caution, ...]:
    """Where the volumes lie apart, hardly fit each other, or seem to be of several patients; `region`: where that was
    measured."""
    cautions = []
    if found.between.information < RELATED or not found.together:
        cautions.append(caution("adc-hbv-unrelated", how=_apart(found.between)))
    elif found.together and found.of[Modality.ADC].information < SAME_BODY:
        cautions.append(caution("diffusion-unlike-t2w", information=f"{found.of[Modality.ADC].information:.2f}"))
    doubtful = bool(cautions)
    names = (
        {"ADC and HBV lie": found.of[Modality.ADC]}
        if found.together
        else {f"{modality.name} lies": alignment for modality, alignment in found.of.items()}
    )
    cautions += [
        caution(
            "dwi-displaced",
            who=name,
            displacement=displacement_text(alignment, region),
            advice=OTHER if doubtful or _at_reach(alignment, region) else MENDED,
        )
        for name, alignment in names.items()
        if alignment.distance_mm >= DISPLACED_MM and alignment.gain >= SURE_GAIN
    ]
    return tuple(cautions)


def _apart(between: Alignment) -> str:
    if between.information < RELATED:
        return "they have little in common wherever they are laid over each other"
    return f"they fit best {between.distance_mm:.0f} mm apart"


def _at_reach(alignment: Alignment, region: Grid) -> bool:
    """Whether the best fit lies at the edge of what was searched: then it is no measurement."""
    shift = np.abs(region.axes.T @ np.asarray(alignment.displacement_mm))
    return bool((shift >= np.asarray(REACH_MM) - np.asarray(region.spacing)).any())


def displacement_text(alignment: Alignment, region: Grid) -> str:
    """Whole, in the plane and through it."""
    x, y, z = region.axes.T @ np.asarray(alignment.displacement_mm)
    return f"{alignment.distance_mm:.1f} mm ({np.hypot(x, y):.1f} mm in plane, {abs(z):.1f} mm through plane)"


def registered(study: Study, region: Grid) -> Study:
    """ADC and HBV moved rigidly onto the T2W; no voxel is interpolated, only positions and axes change.

    A translation by mutual information, then a rotation and translation around it (Mattes mutual information). The
    rotation is kept where it is small and tells more. `cautions` gains one sentence with displacement before and after.
    """
    before = measure_displacements(study, region)
    groups = [(Modality.ADC, Modality.HBV)] if before.together else [(Modality.ADC,), (Modality.HBV,)]
    moved: dict[Modality, sitk.Image] = {}
    for group in groups:
        back = _rigid(study.t2w, [study.volume(modality) for modality in group], before.of[group[0]], region)
        moved.update({modality: _placed(study.volume(modality), back) for modality in group})
    result = replace(study, adc=moved[Modality.ADC], hbv=moved[Modality.HBV])
    after = measure_displacements(result, region)
    displacements = " ".join(
        f"{' and '.join(modality.name for modality in group)}: displaced by "
        f"{displacement_text(before.of[group[0]], region)} before, {after.of[group[0]].distance_mm:.1f} mm after."
        for group in groups
    )
    return replace(result, cautions=(*study.cautions, caution(REGISTERED, displacements=displacements)))


def _rigid(fixed: sitk.Image, moving: Sequence[sitk.Image], start: Alignment, region: Grid) -> sitk.Euler3DTransform:
    """From points of the T2W to where `moving` shows them."""
    translation = sitk.Euler3DTransform()
    translation.SetCenter(tuple(region.centre))
    translation.SetTranslation(start.displacement_mm)
    turned = _optimized(fixed, moving[0], translation, region)
    if _turn(turned) > np.deg2rad(MOST_DEGREES):
        return translation
    tells = partial(_information, fixed, moving, region)
    stay = sitk.Euler3DTransform()
    stay.SetCenter(tuple(region.centre))
    return max((stay, translation, turned), key=tells)


def _optimized(
    fixed: sitk.Image, moving: sitk.Image, start: sitk.Euler3DTransform, region: Grid
) -> sitk.Euler3DTransform:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 0.02, 40)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(sitk.Euler3DTransform(start), inPlace=False)
    where = to_image(np.nan_to_num(sampled(fixed, region)), region)
    try:
        found = method.Execute(where, sitk.Cast(moving, sitk.sitkFloat32))
    except RuntimeError:  # the optimizer left the volumes' overlap
        return start
    rigid = sitk.Euler3DTransform(found.GetNthTransform(0)) if hasattr(found, "GetNthTransform") else found
    return rigid if isinstance(rigid, sitk.Euler3DTransform) else sitk.Euler3DTransform(rigid)


def _information(
    fixed: sitk.Image, moving: Sequence[sitk.Image], region: Grid, transform: sitk.Euler3DTransform
) -> float:
    return sum(mutual_information(fixed, _placed(volume, transform), region) for volume in moving)


def _turn(transform: sitk.Euler3DTransform) -> float:
    """Radians of the whole rotation."""
    matrix = np.asarray(transform.GetMatrix()).reshape(3, 3)
    return float(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1)))


def _placed(volume: sitk.Image, transform: sitk.Euler3DTransform) -> sitk.Image:
    """The volume moved back by the transform: its axes and origin are carried along, its voxels stay."""
    back = transform.GetInverse()
    placed = sitk.Image(volume)
    turn = np.asarray(back.GetMatrix()).reshape(3, 3)
    placed.SetOrigin(back.TransformPoint(volume.GetOrigin()))
    placed.SetDirection(tuple((turn @ np.asarray(volume.GetDirection()).reshape(3, 3)).ravel()))
    return placed
