"""A study from image files: three files, or a folder with PI-CAI names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import SimpleITK as sitk

from .cautions import caution
from .checks.study_entry import entered
from .errors import InputError
from .geometry import Grid
from .storage.volume_files import VolumeFile, read_volume_file
from .study import Modality, Study

UNPLACED = caution("position-unknown")

SUFFIXES = (".mha", ".nii.gz", ".nii", ".nrrd")
PLANES = {"sagittal": "sag", "coronal": "cor"}  # PI-CAI's names of T2W in other planes


def find_study_files(folder: Path) -> Mapping[Modality, Path] | None:
    """The files `*_t2w`, `*_adc`, `*_hbv` of a folder (PI-CAI names); None where there is none of them.

    InputError where a modality is missing or has several candidates.
    """
    return match_study_files([path for path in sorted(folder.iterdir()) if path.is_file()])


def match_study_files(paths: Sequence[Path]) -> Mapping[Modality, Path] | None:
    """The one file of each modality among `paths`, by PI-CAI name; None where no name ends on a modality."""
    found = {modality: [path for path in paths if _is_named(path, modality.value)] for modality in Modality}
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


def read_study_files(files: Mapping[Modality, Path], same_grid: bool = False) -> Study:
    """Reads and checks the three volumes; InputError says which file cannot be used and why.

    `same_grid`: files that do not say where they lie are taken as long as all three have the same grid.
    """
    read = {modality: _read(files[modality], modality) for modality in Modality}
    _check_placed(read, same_grid)
    t2w, adc, hbv = (read[modality].image for modality in (Modality.T2W, Modality.ADC, Modality.HBV))
    cautions = [told for file in read.values() for told in file.cautions]
    if not all(file.placed for file in read.values()):
        cautions.append(UNPLACED)
    reasons = MappingProxyType(dict.fromkeys(Modality, "a file given by name."))
    return entered(Study(t2w, adc, hbv, reasons=reasons, cautions=tuple(cautions)))


def read_plane_files(folder: Path) -> dict[str, sitk.Image]:
    """Sagittal and coronal T2W, by these names, of the files `*_sag` and `*_cor` (PI-CAI names), to look at.

    One that cannot be read, does not say where it lies, or is not the only one of its plane is left out.
    """
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    found = {plane: [path for path in paths if _is_named(path, name)] for plane, name in PLANES.items()}
    planes = {}
    for plane, (path, *others) in ((plane, candidates) for plane, candidates in found.items() if candidates):
        with suppress(InputError):
            file = read_volume_file(path, f"{plane} T2W file")
            if file.placed and not others:
                planes[plane] = file.image
    return planes


def suffix_of(path: Path) -> str:
    """Of `SUFFIXES`; empty where it is no image file."""
    return next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), "")


def is_hidden(path: Path, root: Path) -> bool:
    """Whether a file below `root` is none of the user's, such as `._1_t2w.mha`, which macOS leaves beside a copy."""
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _is_named(path: Path, ending: str) -> bool:
    name = path.name.lower()
    return not is_hidden(path, path.parent) and any(name.endswith(f"_{ending}{suffix}") for suffix in SUFFIXES)


def _read(path: Path, modality: Modality) -> VolumeFile:
    return read_volume_file(path, f"{modality.value.upper()} file")


def _check_placed(read: Mapping[Modality, VolumeFile], same_grid: bool) -> None:
    """Without a position each file lies at the same place, its first voxel: right only where the grids are equal."""
    lost = [modality.value.upper() for modality, file in read.items() if not file.placed]
    if not lost:
        return
    names = " and ".join(filter(None, (", ".join(lost[:-1]), lost[-1])))
    if not same_grid:
        raise InputError(
            f"The {names} {'file does' if len(lost) == 1 else 'files do'} not say where in the patient the image lies "
            "(in NIfTI, qform and sform both 0); convert the images again from DICOM, or, where all three have one "
            "grid, take it as common with --same-grid."
        )
    t2w, adc, hbv = (Grid.of(read[modality].image) for modality in (Modality.T2W, Modality.ADC, Modality.HBV))
    if len(lost) < len(read) or not (t2w.matches(adc) and t2w.matches(hbv)):
        raise InputError(
            f"The {names} {'file does' if len(lost) == 1 else 'files do'} not say where in the patient the image lies, "
            "and the three grids are not the same, so --same-grid does not help; convert the images again from DICOM."
        )
