"""The wheel, built and tried outside of the repository: what is in it, its first page, and a command that runs."""

import os
import re
import subprocess
import sys
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest

from ProstateAlignRefineLib import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_library_and_the_model_and_nothing_else(wheel):
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "ProstateAlignRefineLib",
        f"prostate_align_refine-{__version__}.dist-info",
    }
    starter = {name.rsplit("/", 1)[1] for name in names if "Models/starter/" in name}
    assert {"bundle.json", "weights.safetensors", "network.onnx", "MODEL_CARD.md"} <= starter
    assert "ProstateAlignRefineLib/py.typed" in names


def test_the_first_page_leads_to_the_repository(wheel):
    with ZipFile(wheel) as archive:
        text = archive.read(f"prostate_align_refine-{__version__}.dist-info/METADATA").decode("utf-8")
    told = message_from_string(text)
    page = told.get_payload()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 20
    assert all(link.startswith(("https://", "#")) for link in links)
    assert any(link.startswith("https://raw.githubusercontent.com/") and link.endswith(".png") for link in links)
    needed = [line for line in told.get_all("Requires-Dist") if "extra ==" not in line]
    assert not any(line.startswith("torch") for line in needed)


def test_it_runs_outside_the_repository(wheel, tmp_path):
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel]
    subprocess.run(command, check=True, timeout=300)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    asked = "import ProstateAlignRefineLib as p; print(p.__file__); print(p.load_model().facts.name)"
    ran = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == [str(target / "ProstateAlignRefineLib" / "__init__.py"), "starter"]
