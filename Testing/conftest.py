"""What every room's tests share: where reference data lies, and the one thing that is not in the repository."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "Testing" / "reference"
REAL_STUDY = REPOSITORY.parent / "shared" / "data" / "ProstateX-0000"
NO_REAL_STUDY = "needs the real study PROSTATEx-0000, which may not be passed on (no ../shared/data/ProstateX-0000)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`pytest -m real_study` names the tests that an outsider cannot run, `-m "not real_study"` all others."""
    for item in items:
        if "real_study" in getattr(item, "fixturenames", ()):
            item.add_marker("real_study")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a program keeps for its user between runs is not touched."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def reference_vectors() -> Path:
    """Numbers computed with the authors' code; `reference/README.md` says how."""
    return REFERENCE


@pytest.fixture(scope="session")
def real_study() -> Path:
    """One real bp-MRI study: `dicom/`, `picai/images/`, `picai/labels/`."""
    if not REAL_STUDY.is_dir():
        pytest.skip(NO_REAL_STUDY)
    return REAL_STUDY


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[[int], Path]]:
    """A file system of so many KiB, mounted as an empty folder."""
    folder = tmp_path / "disk"

    def mounted(kib: int) -> Path:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder]
        if subprocess.run(command, check=False).returncode != 0:
            pytest.skip("file systems can be mounted by root alone")
        return folder

    yield mounted
    if folder.is_mount():
        subprocess.run(["umount", folder], check=True)


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
