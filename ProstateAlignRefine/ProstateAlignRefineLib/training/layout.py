"""Where a dataset's files lie: PI-CAI's layout, or any folder of its shape."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..core.study import Modality
from ..core.study_files import SUFFIXES, is_hidden, suffix_of
from ..core.tables import read_table

LESION_FOLDER = "csPCa_lesion_delineations"
LABEL_SETS = ("human_expert/resampled", "human_expert/Pooch25")
ANATOMY_FOLDER = "anatomical_delineations"
ZONES, GLAND = "zones", "gland"
ANATOMY_SETS = {ZONES: ("AI/Yuan23", "AI/HeviAI23"), GLAND: ("AI/Bosma22b", "AI/Guerbet23")}
_ANATOMY_PARTS = {ZONES: "zonal_pz_tz", GLAND: "whole_gland"}
MOST_NAMED = 12
ABOVE = 3  # PI-CAI's label sets lie so many folders below the copy of picai_labels
ISUP_GRADES = ("0", "1", "2", "3", "4", "5")
MARKSHEETS = ("clinical_information/marksheet.csv", "marksheet.csv")
_ENDS = "|".join(re.escape(suffix) for suffix in SUFFIXES)
_IMAGE = re.compile(rf"(.+)_({'|'.join(modality.value for modality in Modality)})({_ENDS})", re.IGNORECASE)


@dataclass(frozen=True)
class LabelFile:
    """A mask and the label set it belongs to."""

    path: Path
    source: str


@dataclass(frozen=True)
class Grade:
    """What the marksheet says of a study; None where it says nothing."""

    isup: int | None
    positive: bool | None


def find_images(folder: Path) -> dict[str, dict[Modality, list[Path]]]:
    """By study name, every file `NAME_t2w`, `NAME_adc`, `NAME_hbv` in the folder or below it."""
    found: dict[str, dict[Modality, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(_folder(folder, "images").rglob("*")):
        match = _IMAGE.fullmatch(path.name)
        if match and path.is_file() and not is_hidden(path, folder):
            found[match[1]][Modality(match[2].lower())].append(path)
    if not found:
        raise InputError("The images' folder holds no file named *_t2w, *_adc or *_hbv; name another folder.")
    return {name: dict(found[name]) for name in sorted(found)}


def find_labels(folder: Path, sets: Sequence[str]) -> dict[str, LabelFile]:
    """By study name, the mask of the first of the label sets that has one.

    A set is a folder under the labels' folder, or under its csPCa_lesion_delineations; without `sets`, PI-CAI's human
    ones where they are there, else the folder itself.
    """
    root = _folder(folder, "labels")
    places = {name: _set_folder(root, name) for name in sets or LABEL_SETS}
    missing = [name for name, place in places.items() if place is None]
    if sets and missing:
        raise InputError(f"The labels' folder has no label set {', '.join(missing)}; {_sets_there(root)}.")
    if len(missing) == len(places):
        places = {root.name: root}
    found = _masks(places)
    if not found:
        raise InputError(f"The labels' folder holds no label in it; {_sets_there(root)}.")
    return found


def find_anatomy(labels: Path, kind: str, sets: Sequence[str]) -> dict[str, LabelFile]:
    """By study name, the `zones` or the `gland` mask of the first of the sets that has one; the sets may be partial.

    A set is PI-CAI's, by its name, in the copy of picai_labels that the labels' folder is or lies in, or any folder.
    Without `sets`, PI-CAI's own where they are there.
    """
    root = nearest(labels, (ANATOMY_FOLDER,)) or labels / ANATOMY_FOLDER
    places = {name: _anatomy_folder(labels, root / _ANATOMY_PARTS[kind], name) for name in sets or ANATOMY_SETS[kind]}
    missing = [name for name, place in places.items() if place is None]
    if sets and missing:
        raise InputError(f"There is no set of {kind} masks {', '.join(missing)}; {_sets_there(root)}.")
    found = _masks(places)
    if sets and not found:
        raise InputError(f"The sets of {kind} masks hold no mask; {_sets_there(root)}.")
    return found


def nearest(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of `names` that is in the folder or, PI-CAI's layout being so deep, in one of the three above it."""
    places = (folder, *folder.parents[:ABOVE])
    return next((place / name for place in places for name in names if (place / name).exists()), None)


def _masks(places: Mapping[str, Path | None]) -> dict[str, LabelFile]:
    """`places`: by the sets' names as they were given, of which two may be of one folder, or end alike."""
    found: dict[str, LabelFile] = {}
    there = {place: name for name, place in places.items() if place}
    for place, given in there.items():
        source = _said(given)
        here: dict[str, LabelFile] = {}
        for path in sorted(place.iterdir()):
            suffix = suffix_of(path)
            if suffix and path.is_file() and not is_hidden(path, path.parent):
                name = path.name[: -len(suffix)]
                if name in here:
                    raise InputError(f"The label set {source} holds two files for the case {name}; keep one of them.")
                here[name] = LabelFile(path, source)
        found = here | found
    return found


def read_marksheet(path: Path | None) -> dict[str, Grade]:
    """By study name, from PI-CAI's marksheet.csv; nothing without one."""
    if path is None:
        return {}
    rows = read_table(path, path.name)
    if rows and not {"patient_id", "study_id"} <= set(rows[0]):
        raise InputError("marksheet.csv lacks the columns patient_id and study_id; give PI-CAI's marksheet.")
    return {f"{row['patient_id']}_{row['study_id']}": _grade(row) for row in rows}


def _grade(row: Mapping[str, str | None]) -> Grade:
    isup = (row.get("case_ISUP") or "").strip()
    cancer = (row.get("case_csPCa") or "").strip().upper()
    return Grade(int(isup) if isup in ISUP_GRADES else None, {"YES": True, "NO": False}.get(cancer))


def _set_folder(root: Path, name: str) -> Path | None:
    return next((place for place in (root / name, root / LESION_FOLDER / name) if place.is_dir()), None)


def _anatomy_folder(labels: Path, part: Path, name: str) -> Path | None:
    places = (part / name, part / "AI" / name, labels / name, Path(name).resolve())
    return next((place for place in places if place.is_dir()), None)


def _said(name: str) -> str:
    """A set's name for manifests and model cards, which shall not tell how folders of this machine are named."""
    path = Path(name)
    return path.name if path.is_absolute() or ".." in path.parts else name


def _sets_there(root: Path) -> str:
    """What may be named instead: folders below that hold files with an image's ending."""
    above = root / LESION_FOLDER if (root / LESION_FOLDER).is_dir() else root
    folders = sorted({path.parent for path in above.rglob("*") if suffix_of(path) and path.parent != above})
    if not folders:
        return "name the folder of the masks"
    return f"it has {', '.join(folder.relative_to(above).as_posix() for folder in folders[:MOST_NAMED])}"


def _folder(path: Path, what: str) -> Path:
    if not path.is_dir():
        raise InputError(f"The {what}' folder does not exist; check the path given for it.")
    return path
