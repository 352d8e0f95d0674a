"""A real archive takes, finds and returns what we write, unchanged. Needs Orthanc, and is skipped without it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from Dicom.making import INFO, LESIONS, small_study, two_lesions
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import (
    SegType,
    load_study,
    write_map,
    write_measurements,
    write_pdf_report,
    write_research_study,
    write_segmentation,
    write_study,
)

# Processes of its own too, which end with the first of them: a test that is stopped leaves no archive behind.
PRIVATE = ("unshare", "--map-root-user", "--net", "--pid", "--fork", "--kill-child")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture
def orthanc() -> str:
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None or not PLUGIN.is_file():
        pytest.skip("Orthanc is not installed (Debian packages orthanc and orthanc-dicomweb)")
    if subprocess.run([*PRIVATE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no private network namespace, without which Orthanc listens to all")
    return program


def test_archive_returns_identical_objects(real_dicom, tmp_path, orthanc, repository):
    study = load_study(real_dicom)
    results = tmp_path / "results"
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, results / "a.seg.dcm")
    labelmap = results / "c.labelmap.dcm"
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, labelmap, seg_type=SegType.LABELMAP)
    write_measurements(LESIONS, results / "a.seg.dcm", study.headers, INFO, results / "b.sr.dcm")
    write_pdf_report(b"%PDF-1.4 odd in length", study.headers, INFO, results / "c.pdf.dcm")
    write_map(two_lesions(study.grid) / 2, study.grid, study.headers, INFO, results / "similarity")
    write_research_study(small_study(), results / "research")
    write_study(small_study(), results / "synthetic", seed=1)
    t2w = next(path for path in real_dicom.rglob("4.*") if path.is_dir())
    script = [repository / "Testing" / "Dicom" / "orthanc_round_trip.py", t2w, results, tmp_path / "orthanc"]
    search = os.pathsep.join(str(repository / name) for name in ("Testing", "ProstateAlignRefine"))
    ran = subprocess.run(
        [*PRIVATE, sys.executable, *map(str, script), orthanc, str(PLUGIN)],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    slices = len(study.headers[Modality.T2W])
    assert report["sent"] == slices + 4 + 2 * 30
    assert report["found"] == {"MR": 2 * slices, "SEG": 2, "SR": 1, "DOC": 1}
    assert all(report["identical"].values()), report["identical"]
    assert report["labelmap"].startswith("The server"), report["labelmap"]  # refused by C-STORE, and said
