"""What every room's tests share: where the reference data lies, and a skip with a reason where it does not."""

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


def _folder(path: Path) -> Path:
    if not path.is_dir():
        pytest.skip(f"reference data not on this machine: {path.relative_to(REPOSITORY.parent)}")
    return path


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def reference_vectors() -> Path:
    """Numbers computed with the authors' code."""
    return _folder(SHARED / "reference-vectors")


@pytest.fixture(scope="session")
def real_study() -> Path:
    """One real bp-MRI study: `dicom/`, `picai/images/`, `picai/labels/`."""
    return _folder(SHARED / "data" / "ProstateX-0000")


@pytest.fixture
def certificate(tmp_path) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, pem = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", pem]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    return pem, key
