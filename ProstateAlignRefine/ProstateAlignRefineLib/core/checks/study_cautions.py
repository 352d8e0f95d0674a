"""All that a reader must know of a study's images before a result is made of them, and of the result."""

from __future__ import annotations

from dataclasses import replace

from ..study import Study
from .acquisition import acquisition_cautions
from .content import Content, check_copies, content_cautions
from .coverage import region_cautions
from .displacement import displacement_cautions, measure_displacements, registered
from .study import prostate_region


def looked_at(study: Study, register: bool = False) -> Study:
    """The study with all that its images give reason for among its cautions, as it is segmented; about a second of
    computing. `register`: its ADC and HBV are moved onto the T2W first. InputError where two of the volumes are one."""
    if register:
        study = registered(study, prostate_region(study.grid))
    region = prostate_region(study.grid)
    content = Content.of(study, region)
    check_copies(content)
    cautions = (
        *study.cautions,
        *acquisition_cautions(study.headers),
        *region_cautions(study, region),
        *content_cautions(study, content),
        *displacement_cautions(measure_displacements(study, region), region),
    )
    return replace(study, cautions=cautions)
