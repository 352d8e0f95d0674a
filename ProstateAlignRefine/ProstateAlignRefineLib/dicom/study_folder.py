"""The study of a folder, whichever way it is kept: image files with PI-CAI names, else DICOM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..core.cohort import Entry
from ..core.errors import InputError
from ..core.study import Modality, Study
from ..core.study_files import find_study_files, read_study_files
from .load import load_study
from .match.select import NO_CHOICES


def read_study_folder(
    source: Path,
    choices: Mapping[Modality, int] = NO_CHOICES,
    trust_positions: bool = False,
    same_grid: bool = False,
    study: str = "",
) -> Study:
    """Of a folder, or of a zip of DICOM files. `choices`: series numbers of DICOM. `trust_positions`, `study`: see
    `load_study`. `same_grid`: see `read_study_files`."""
    files = find_study_files(source) if source.is_dir() else None
    if files is not None and study:
        raise InputError("Image files name no study; leave out --study, or give a DICOM folder.")
    if files is not None and choices:
        raise InputError(
            "Image files have no series numbers; leave out the --*-series options, or give a DICOM folder."
        )
    if files is not None:
        return read_study_files(files, same_grid)
    return load_study(source, choices, trust_positions, study)


def read_entry(entry: Entry, trust_positions: bool = False) -> Study:
    """A study of a cohort; InputError where it cannot be used."""
    if not isinstance(entry.source, Path):
        return read_study_files(entry.source)
    if not entry.source.is_dir():
        raise InputError("The study folder does not exist; correct the list.")
    return read_study_folder(entry.source, trust_positions=trust_positions)
