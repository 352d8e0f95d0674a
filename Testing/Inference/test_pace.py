"""The time that a run is expected to take is that of the last one like it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ProstateAlignRefineLib.inference.pace import MOST_KEPT, NAME, expected_seconds, note_seconds

BUNDLE, OTHER = "a" * 64, "b" * 64


def test_the_last_run_of_the_same_model_on_the_same_device_tells(tmp_path: Path) -> None:
    note_seconds(BUNDLE, "CPU: 2 threads, fp32", (10, 100, 100), 4.0, tmp_path)
    note_seconds(BUNDLE, "CPU: 2 threads, fp32", (10, 100, 100), 2.0, tmp_path)
    note_seconds(BUNDLE, "GPU: X, 3.1 GB free, bf16", (10, 100, 100), 0.1, tmp_path)
    assert expected_seconds(BUNDLE, "CPU: 2 threads, fp32", (20, 100, 100), tmp_path) == pytest.approx(4.0)
    assert expected_seconds(BUNDLE, "GPU: X, 9.0 GB free, bf16", (10, 100, 100), tmp_path) == pytest.approx(0.1)
    assert expected_seconds(BUNDLE, "CPU: 1 threads, fp32", (10, 100, 100), tmp_path) == 0
    assert expected_seconds(OTHER, "CPU: 2 threads, fp32", (10, 100, 100), tmp_path) == 0


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": "b", "c": 1e400}', b"\xff", b"{"])
def test_a_damaged_file_counts_as_nothing_told_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert expected_seconds(BUNDLE, "CPU", (1, 1, 1), tmp_path) == 0
    note_seconds(BUNDLE, "CPU", (1, 1, 10), 1.0, tmp_path)
    assert expected_seconds(BUNDLE, "CPU", (1, 1, 10), tmp_path) == pytest.approx(1.0)


def test_where_nothing_can_be_written_nothing_is_kept_and_the_file_does_not_grow(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    note_seconds(BUNDLE, "CPU", (1, 1, 10), 1.0, tmp_path / "taken" / "below")
    for number in range(MOST_KEPT + 3):
        note_seconds(f"{number:064}"[::-1], "CPU", (1, 1, 10), 1.0, tmp_path)
    assert (tmp_path / NAME).read_text().count("CPU") == MOST_KEPT


@pytest.mark.fault("the system knows no home of the user, as in some containers", "nothing: the run goes on")
def test_a_user_without_a_home_is_told_no_time(tmp_path: Path) -> None:
    program = (
        "import os; os.setuid(54321); os.environ.pop('HOME', None); os.environ.pop('XDG_CACHE_HOME', None)\n"
        f"note_seconds('{BUNDLE}', 'CPU', (1, 1, 10), 1.0)\n"
        f"print(expected_seconds('{BUNDLE}', 'CPU', (1, 1, 10)))"
    )
    if not hasattr(os, "setuid") or os.getuid() != 0:
        pytest.skip("only root can become a user whom the system does not know")
    imports = "from ProstateAlignRefineLib.inference.pace import expected_seconds, note_seconds\n"
    ended = subprocess.run([sys.executable, "-c", imports + program], capture_output=True, text=True, check=False)
    assert ended.stdout == "0.0\n", ended.stderr
