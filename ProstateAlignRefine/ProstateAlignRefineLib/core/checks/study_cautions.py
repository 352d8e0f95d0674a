"""All that a reader must know of a study's images before a result is made of them, and of the result."""

from __future__ import annotations

from dataclasses import replace

from ..cautions import Caution
from ..study import Study
from .acquisition import acquisition_cautions
from .content import Content, check_copies, content_cautions
from .coverage import region_cautions
from .displacement import displacement_cautions, measure_displacements
from .study import prostate_region


def looked_at(study: Study) -> Study:
    """The study with all that its images give reason for among its cautions, as it is segmented; about a second of
    computing. InputError where two of the volumes are one."""
    content = Content.of(study, prostate_region(study.grid))
    check_copies(content)
    return replace(study, cautions=_cautions(study, content))


def image_cautions(study: Study) -> tuple[Caution, ...]:
    """Of the images alone, the study's own first; about a second of computing."""
    return _cautions(study, Content.of(study, prostate_region(study.grid)))


def _cautions(study: Study, content: Content) -> tuple[Caution, ...]:
    region = prostate_region(study.grid)
    return (
        *study.cautions,
        *acquisition_cautions(study.headers),
        *region_cautions(study, region),
        *content_cautions(study, content),
        *displacement_cautions(measure_displacements(study, region), region),
    )
