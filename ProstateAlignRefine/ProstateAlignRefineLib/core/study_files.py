"""A study from image files: three files, or a folder with PI-CAI names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import SimpleITK as sitk

from .errors import InputError
from .study import Modality, Study
from .study_checks import check_study

SUFFIXES = (".mha", ".nii.gz", ".nii", ".nrrd")


def find_study_files(folder: Path) -> Mapping[Modality, Path] | None:
    """The files `*_t2w`, `*_adc`, `*_hbv` of a folder (PI-CAI names); None where there is none of them.

    InputError where a modality is missing or has several candidates.
    """
    return match_study_files([path for path in sorted(folder.iterdir()) if path.is_file()])


def match_study_files(paths: Sequence[Path]) -> Mapping[Modality, Path] | None:
    """The one file of each modality among `paths`, by PI-CAI name; None where no name ends on a modality."""
    found = {modality: [path for path in paths if _is_named(path, modality)] for modality in Modality}
    if not any(found.values()):
        return None
    for modality, candidates in found.items():
        name = modality.value
        if not candidates:
            raise InputError(
                f"No {name.upper()} file (*_{name}{SUFFIXES[0]} or *_{name}{SUFFIXES[1]}) lies in the folder; "
                f"add it, or name the three files with --t2w, --adc and --hbv."
            )
        if len(candidates) > 1:
            raise InputError(
                f"{len(candidates)} files of the folder end on _{name}, so the {name.upper()} is not clear; "
                f"name the three files of one study with --t2w, --adc and --hbv."
            )
    return {modality: candidates[0] for modality, candidates in found.items()}


def read_study_files(files: Mapping[Modality, Path]) -> Study:
    """Reads and checks the three volumes; InputError says which file cannot be used and why."""
    t2w, adc, hbv = (_read(files[modality], modality) for modality in (Modality.T2W, Modality.ADC, Modality.HBV))
    study = Study(t2w, adc, hbv, reasons=MappingProxyType(dict.fromkeys(Modality, "a file given by name")))
    check_study(study)
    return study


def _is_named(path: Path, modality: Modality) -> bool:
    name = path.name.lower()
    return any(name.endswith(f"_{modality.value}{suffix}") for suffix in SUFFIXES)


def _read(path: Path, modality: Modality) -> sitk.Image:
    name = modality.value.upper()
    if not path.is_file():
        raise InputError(f"The {name} file does not exist; check the path given for it.")
    try:
        return sitk.ReadImage(str(path))
    except RuntimeError:
        kinds = ", ".join(SUFFIXES)
        raise InputError(f"The {name} file cannot be read as an image; give a {kinds} file.") from None
