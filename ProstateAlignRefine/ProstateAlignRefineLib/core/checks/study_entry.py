"""The gate through which every study goes before a network sees it, whoever read it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from ..study import Modality, Study
from .adc_units import MICROMETRES, adc_in_micrometres
from .content import Content, check_adc, check_exchanged
from .study import ADC_RANGE, check_together, check_volumes, prostate_region
from .study_geometry import geometry_cautions


def entered(study: Study) -> Study:
    """The study with its ADC in 1e-6 mm2/s, checked, and with what its geometry asks a reader to know.

    A study that has been here stays as it is. InputError where it cannot be used.
    """
    check_volumes(study)
    region = prostate_region(study.grid)
    content = Content.of(study, region)
    check_exchanged(content, ADC_RANGE)  # first: values of an HBV are in no unit of an ADC
    check_adc(content)
    adc, unit = adc_in_micrometres(study.adc, region)
    if unit != MICROMETRES:
        said = f"{study.reasons.get(Modality.ADC, '')} Its values, in {unit}, were converted to {MICROMETRES}.".strip()
        study = replace(study, adc=adc, reasons=MappingProxyType({**study.reasons, Modality.ADC: said}))
        check_volumes(study)
        check_adc(Content.of(study, region))
    check_together(study)
    new = tuple(caution for caution in geometry_cautions(study) if caution not in study.cautions)
    return replace(study, cautions=(*study.cautions, *new)) if new else study
