"""One harness a reader: any bytes end in a result or in an InputError; every other exception is a fault of ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ProstateAlignRefineLib.bundle.archive import look_into, unpack
from ProstateAlignRefineLib.bundle.config import read_config
from ProstateAlignRefineLib.bundle.summary import read_summary
from ProstateAlignRefineLib.core.cohort import read_cohort
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.exchange import read_exchange
from ProstateAlignRefineLib.core.maps import read_volume
from ProstateAlignRefineLib.core.protocol import ProtocolError, decode
from ProstateAlignRefineLib.dicom.quiet import silent
from ProstateAlignRefineLib.dicom.read.folder import scan_folder
from ProstateAlignRefineLib.results.report import read_run, read_setting
from ProstateAlignRefineLib.training.layout import read_marksheet
from ProstateAlignRefineLib.training.splits import read_folds


def _as_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    def harness(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, suppress(InputError):
            path = Path(folder) / name
            path.write_bytes(content)
            read(path)

    return harness


def _archive(path: Path) -> None:
    with suppress(InputError):
        look_into(path)
    unpack(path, path.parent / "out")


def _panel_bundle(path: Path) -> None:
    read_summary(path.parent)


def _message(path: Path) -> None:
    with suppress(ProtocolError):
        decode(path.read_bytes())


@silent()
def _dicom(path: Path) -> None:
    scan_folder(path.parent)


READERS: dict[str, Callable[[bytes], None]] = {
    "report": _as_file("report.json", lambda path: (read_run(path.parent), read_setting(path.parent))),
    "bundle": _as_file("bundle.json", lambda path: read_config(path.parent)),
    "panel-bundle": _as_file("bundle.json", _panel_bundle),
    "cohort": _as_file("list.csv", read_cohort),
    "folds-json": _as_file("splits.json", read_folds),
    "folds-csv": _as_file("folds.csv", read_folds),
    "marksheet": _as_file("marksheet.csv", read_marksheet),
    "message": _as_file("line", _message),
    "exchange": _as_file("grid.json", lambda path: read_exchange(path.parent)),
    "zip": _as_file("bundle.zip", _archive),
    "dicom": _as_file("0001.dcm", _dicom),
    "nifti": _as_file("volume.nii", read_volume),
    "nifti-gz": _as_file("volume.nii.gz", read_volume),
    "metaimage": _as_file("volume.mha", read_volume),
}
