"""Every script in docs/examples, run as its first line says."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ARGUMENTS = {
    "segment_a_folder": ("{study}", "{out}/result"),
    "move_the_gate": ("{study}",),
    "arrays": ("{study}", "{out}/mask.nii.gz"),
}
SAID = {"segment_a_folder": "Results are in", "move_the_gate": "tau 0.35, alpha 0.25", "arrays": ""}


def test_all_examples_are_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_example_does_what_it_says(name, a_study_folder, tmp_path):
    words = [word.format(study=a_study_folder, out=tmp_path) for word in ARGUMENTS[name]]
    run = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *words], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert SAID[name] in run.stdout
