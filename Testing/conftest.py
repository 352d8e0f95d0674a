"""What every room's tests share: where the reference data lies, and a skip with a reason where it does not."""

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
