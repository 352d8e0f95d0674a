"""Whose images a folder holds, where single slices name nobody."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.cautions import Caution
from ..read.frames import Frame
from .several import NAME_ONE, SeveralStudiesError


def check_one_patient(frames: Sequence[Frame]) -> tuple[Caution, ...]:
    """SeveralStudiesError where the images are of several patients; a caution where some name none.

    An image without Patient ID belongs to the patient of its study; where none has one, name and birth date count.
    """
    named = {frame.patient for frame in frames if frame.patient}
    nameless = [frame for frame in frames if not frame.patient]
    named_studies = {frame.study for frame in frames if frame.patient}
    strangers = {frame.person or frame.study for frame in nameless if frame.study not in named_studies}
    if named and not strangers and nameless and len(named) == 1:
        count = f"{len(nameless)} of {len(frames)} images"
        return (
            Caution("patient-id-missing", f"{count} have no Patient ID; the study's other images name the patient."),
        )
    if not named:
        strangers = {frame.person for frame in nameless}
    patients = len(named) + len(strangers)
    if patients > 1:
        raise SeveralStudiesError(f"The folder holds images of {patients} patients; {NAME_ONE}.")
    return ()
