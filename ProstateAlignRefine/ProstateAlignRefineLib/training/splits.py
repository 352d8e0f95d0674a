"""Which fold a patient lies in: dealt from a seed, or read from a file. All studies of a patient share one fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..core.case_names import patient_of
from ..core.errors import InputError
from ..core.plain_data import read_json
from ..core.tables import read_table


def deal_folds(positive: Mapping[str, bool], folds: int, seed: int) -> dict[str, int]:
    """Fold of every study. `positive`: by study name, whether it has a lesion; patients with one are dealt evenly."""
    patients: dict[str, bool] = defaultdict(bool)
    for name, has_lesion in positive.items():
        patients[patient_of(name)] |= has_lesion
    if len(patients) < folds:
        raise InputError(f"{len(patients)} patients cannot be dealt to {folds} folds; give more cases or fewer folds.")
    order = np.random.default_rng(seed).permutation(sorted(patients)).tolist()
    # Those with a lesion first, then the others going on where they stopped: both are dealt evenly.
    dealt = sorted(order, key=lambda patient: not patients[patient])
    fold = {patient: place % folds for place, patient in enumerate(dealt)}
    return {name: fold[patient_of(name)] for name in positive}


def pick_patients(names: Mapping[str, bool], share: float, seed: int) -> set[str]:
    """About `share` of the studies, whole patients, with and without lesions (the values) alike; at least one of each.

    The same names, share and seed give the same patients.
    """
    folds = max(2, round(1 / share))
    folds = min(folds, len({patient_of(name) for name in names}))
    fold = deal_folds(names, folds, seed)
    return {name for name in names if fold[name] == 0}


def read_folds(path: Path) -> dict[str, int]:
    """Fold of every study named in a file or folder of folds.

    Taken are nnU-Net's splits.json (a list with `train` and `val` for each fold), picai_baseline's folder of
    ds-config-valid-fold-N.json (`subject_list`), and a CSV table with the columns `case` and `fold`.
    """
    if path.is_dir():
        folds = _subject_lists(path)
    elif path.suffix.lower() == ".csv":
        folds = _table(path)
    else:
        folds = _nnunet(path)
    _check_patients(folds)
    return folds


def _subject_lists(folder: Path) -> dict[str, int]:
    files = sorted(folder.glob("*valid-fold-*.json"))
    if not files:
        raise InputError("The folder of folds holds no *valid-fold-N.json; name picai_baseline's folder or a file.")
    folds: dict[str, int] = {}
    for path in files:
        number = path.stem.rpartition("-")[2]
        data = _json(path)
        if not _is_number(number) or not isinstance(data, dict) or not isinstance(data.get("subject_list"), list):
            raise InputError(f"'{path.name}' is no list of subjects of a fold; get it again.")
        _add(folds, data["subject_list"], int(number))
    return folds


def _nnunet(path: Path) -> dict[str, int]:
    data = _json(path)
    folds_given = isinstance(data, list) and all(isinstance(f, dict) and isinstance(f.get("val"), list) for f in data)
    if not isinstance(data, list) or not folds_given:
        raise InputError(f"'{path.name}' is no list of folds with train and val; give nnU-Net's splits file.")
    folds: dict[str, int] = {}
    for number, fold in enumerate(data):
        _add(folds, fold["val"], number)
    return folds


def _table(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise InputError(f"The file of folds '{path.name}' does not exist; check its path.")
    rows = read_table(path, f"The file of folds '{path.name}'")
    folds: dict[str, int] = {}
    for row in rows:
        fold = row.get("fold") or ""
        if not row.get("case") or not _is_number(fold):
            raise InputError(f"'{path.name}' needs the columns case and fold (a whole number) in every row; mend it.")
        _add(folds, [row["case"]], int(fold))
    return folds


def _add(folds: dict[str, int], names: Sequence[object], number: int) -> None:
    for name in map(str, names):
        if folds.setdefault(name, number) != number:
            raise InputError(f"Case {name} lies in folds {folds[name]} and {number}; a case may lie in one only.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _json(path: Path) -> object:
    if not path.is_file():
        raise InputError(f"The file of folds '{path.name}' does not exist; check its path.")
    return read_json(path, f"The file of folds '{path.name}'", "get it again")


def _check_patients(folds: Mapping[str, int]) -> None:
    seen: dict[str, int] = {}
    for name, fold in folds.items():
        if seen.setdefault(patient_of(name), fold) != fold:
            patient = patient_of(name)
            raise InputError(f"Patient {patient} lies in several folds, so tests would know patients; mend the folds.")
