"""What a prepared dataset is: every case, its files and their hashes, its label's source, its fold."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import schema
from ..core.errors import InputError
from ..core.plain_data import read_json
from ..core.storage.files import replacing_file
from ..core.study import Modality
from .layout import GLAND, ZONES

MANIFEST_NAME, REPORT_NAME = "manifest.json", "report.csv"
FORMAT_VERSION = 2
LABEL, T2W = "label", Modality.T2W.value
MASKS = (LABEL, ZONES, GLAND)


@dataclass(frozen=True)
class ManifestCase:
    """One study that can be used.

    `files`: path of `t2w`, `adc`, `hbv` under the images' folder and of `label` under the labels', and, where there
    are masks of them, of `zones` and `gland`, which may lie elsewhere (then absolute). `sha256`: of each.
    `label_source`: the label set; `anatomy_sources`: that of `zones` and of `gland`. `isup`: highest grade group of the
    study, None where the marksheet has none.
    """

    name: str
    patient: str
    files: dict[str, str]
    sha256: dict[str, str]
    label_source: str
    anatomy_sources: dict[str, str]
    positive: bool
    isup: int | None
    fold: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ExcludedCase:
    """One study that cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """`images`, `labels`: absolute folders. `split`: where the folds come from, with the split's SHA-256.

    `licence`: of images and labels, empty where nobody said it. `marksheet`: whether there was one.
    """

    format_version: int
    images: str
    labels: str
    folds: int
    split: str
    split_sha256: str
    licence: str
    marksheet: bool
    cases: tuple[ManifestCase, ...]
    excluded: tuple[ExcludedCase, ...]

    def path(self, case: ManifestCase, name: str) -> Path:
        """Of `t2w`, `adc`, `hbv`, `label`, and `zones` or `gland` where the case has them."""
        return Path(self.labels if name in MASKS else self.images) / case.files[name]


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """`manifest.json`, and `report.csv` with a row for every case that was found, used or not."""
    with replacing_file(folder / MANIFEST_NAME) as path:
        path.write_text(json.dumps(schema.to_dict(manifest), indent=1) + "\n", encoding="utf-8")
    with replacing_file(folder / REPORT_NAME) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("case", "used", "fold", "label_source", ZONES, GLAND, "positive", "isup", "notes"))
        for case in manifest.cases:
            isup = "" if case.isup is None else case.isup
            sources = (case.label_source, *(case.anatomy_sources.get(kind, "") for kind in (ZONES, GLAND)))
            writer.writerow((case.name, "yes", case.fold, *sources, _yes(case.positive), isup, "; ".join(case.notes)))
        writer.writerows((case.name, "no", "", "", "", "", "", "", case.reason) for case in manifest.excluded)


def read_manifest(folder: Path) -> Manifest:
    """InputError where the folder is no prepared dataset."""
    remedy = "prepare the dataset again"
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise InputError(f"'{folder.name}' holds no {MANIFEST_NAME}; name a folder that prepare made.")
    data = read_json(path, f"{MANIFEST_NAME} of '{folder.name}'", remedy)
    manifest = schema.from_dict(Manifest, data, MANIFEST_NAME, remedy)
    if manifest.format_version != FORMAT_VERSION:
        raise InputError(
            f"{MANIFEST_NAME} has format version {manifest.format_version}, not {FORMAT_VERSION}; {remedy}."
        )
    return manifest


def split_digest(folds: Mapping[str, int]) -> str:
    """SHA-256 of which case lies in which fold, so that two reports can be seen to share a split."""
    return hashlib.sha256(json.dumps(sorted(folds.items())).encode()).hexdigest()


def dataset_digest(cases: Sequence[ManifestCase]) -> str:
    """Of all files and folds."""
    kept = [(case.name, case.fold, sorted(case.sha256.items())) for case in cases]
    return hashlib.sha256(json.dumps(sorted(kept)).encode()).hexdigest()


def _yes(value: bool) -> str:
    return "yes" if value else "no"
