import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.commands import segment_cohort
from ProstateAlignRefineLib.commands.sharing import among_processes
from ProstateAlignRefineLib.core.cohort import Entry, read_cohort
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage.staging import STAGING_NAME
from ProstateAlignRefineLib.dicom.study_folder import read_entry
from ProstateAlignRefineLib.inference.shard import Shard


def run(*options: str | Path) -> int:
    return run_command(segment_cohort, *options)


def table(path: Path) -> dict[str, dict[str, str]]:
    with path.open() as file:
        return {row["case"]: row for row in csv.DictReader(file)}


@pytest.fixture
def a_cohort(a_study_folder: Path, tmp_path: Path) -> Path:
    """PI-CAI's layout: two patients, the second with two studies, one of which lacks its ADC."""
    cohort = tmp_path / "images"
    for patient, study in (("1", "10"), ("2", "20"), ("2", "21")):
        for name in ("t2w", "adc", "hbv"):
            (cohort / patient).mkdir(parents=True, exist_ok=True)
            shutil.copy(a_study_folder / f"a_{name}.mha", cohort / patient / f"{patient}_{study}_{name}.mha")
    (cohort / "2" / "2_21_adc.mha").unlink()
    return cohort


def test_one_bad_study_does_not_stop_the_others(a_cohort, a_bundle, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert run(a_cohort, "-o", out, "--model", a_bundle) == 1
    states = {case: row["state"] for case, row in table(out / "cohort.csv").items()}
    assert states == {"1_10": "done", "2_20": "done", "2_21": "failed"}
    assert "ADC file does not exist" in table(out / "cohort.csv")["2_21"]["why"]
    assert "2_21: The ADC file" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == [
        "1_10",
        "2_20",
        "cohort-lesions.csv",
        "cohort.csv",
    ]


def test_a_second_run_does_only_what_is_missing(a_cohort, a_bundle, a_study_folder, tmp_path) -> None:
    out = tmp_path / "out"
    run(a_cohort, "-o", out, "--model", a_bundle)
    made = (out / "1_10" / "report.json").stat().st_mtime_ns
    (out / "2_21" / STAGING_NAME / "new").mkdir(parents=True)  # what a killed run left
    shutil.copy(a_study_folder / "a_adc.mha", a_cohort / "2" / "2_21_adc.mha")
    assert run(a_cohort, "-o", out, "--model", a_bundle) == 0
    states = {case: row["state"] for case, row in table(out / "cohort.csv").items()}
    assert states == {"1_10": "skipped", "2_20": "skipped", "2_21": "done"}
    assert (out / "1_10" / "report.json").stat().st_mtime_ns == made
    assert not (out / "2_21" / STAGING_NAME).exists()


def test_a_study_of_a_cohort_is_segmented_as_alone(a_cohort, a_bundle, a_study_folder, tmp_path) -> None:
    run(a_cohort, "-o", tmp_path / "out", "--model", a_bundle, "--tau", "0.2")
    assert (
        main(["segment", str(a_study_folder), "-o", str(tmp_path / "alone"), "--model", str(a_bundle), "--tau", "0.2"])
        == 0
    )
    for name in ("lesions", "confidence", "base_margin"):
        together, alone = (
            sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz")))
            for folder in (tmp_path / "out" / "1_10", tmp_path / "alone")
        )
        np.testing.assert_array_equal(together, alone)
    assert int(table(tmp_path / "out" / "cohort.csv")["1_10"]["lesions"]) > 0


@pytest.mark.fault(
    "the report of one finished study of a cohort was damaged or deleted", "which study; all others are done"
)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("{}"),
        lambda path: path.write_text(path.read_text().replace('"volume_ml"', '"v"')),
        lambda path: path.unlink(),
    ],
    ids=["emptied", "edited", "deleted"],
)
def test_one_damaged_report_stops_no_other_study(a_cohort, a_bundle, tmp_path, capsys, spoil) -> None:
    out = tmp_path / "out"
    run(a_cohort, "-o", out, "--model", a_bundle)
    shutil.rmtree(out / "2_20")
    spoil(out / "1_10" / "report.json")
    state = "failed" if (out / "1_10" / "report.json").exists() else "done"
    capsys.readouterr()
    assert run(a_cohort, "-o", out, "--model", a_bundle) == 1
    assert {case: row["state"] for case, row in table(out / "cohort.csv").items()} == {
        "1_10": state,
        "2_20": "done",
        "2_21": "failed",
    }
    assert ("1_10: 'report.json'" in capsys.readouterr().out) == (state == "failed")
    assert ("1_10" in table(out / "cohort-lesions.csv")) == (state == "done")


def test_results_of_another_gate_are_not_mixed_in(a_cohort, a_bundle, tmp_path) -> None:
    out = tmp_path / "out"
    run(a_cohort, "-o", out, "--model", a_bundle)
    with pytest.raises(InputError, match="another model, gate, prompt or sensitivity"):
        run(a_cohort, "-o", out, "--model", a_bundle, "--tau", "0.2")


def test_registered_results_and_others_are_not_mixed(a_cohort, a_bundle, tmp_path) -> None:
    plain, moved = tmp_path / "plain", tmp_path / "moved"
    run(a_cohort, "-o", plain, "--model", a_bundle)
    with pytest.raises(InputError, match="was made without --register; name another"):
        run(a_cohort, "-o", plain, "--model", a_bundle, "--register")
    run(a_cohort, "-o", moved, "--model", a_bundle, "--register")
    with pytest.raises(InputError, match="was made with --register; name another"):
        run(a_cohort, "-o", moved, "--model", a_bundle)
    run(a_cohort, "-o", moved, "--model", a_bundle, "--register")
    assert table(moved / "cohort.csv")["1_10"]["state"] == "skipped"


def test_processes_of_torchrun_share_the_studies(a_cohort, a_bundle, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    for rank in (0, 1):
        for name, value in (("RANK", rank), ("WORLD_SIZE", 2), ("LOCAL_RANK", rank)):
            monkeypatch.setenv(name, str(value))
        run(a_cohort, "-o", out, "--model", a_bundle)
    shares = [set(table(out / f"cohort-{rank}-of-2.csv")) for rank in (1, 2)]
    assert shares == [{"1_10", "2_21"}, {"2_20"}]
    assert (out / "2_20" / "report.json").is_file()


def test_an_unforeseen_error_is_named_without_its_message(a_cohort, a_bundle, tmp_path, monkeypatch) -> None:
    def fail(folder: Path, result: object) -> None:
        raise KeyError("Doe^John")

    monkeypatch.setattr(segment_cohort, "write_gated", fail)
    out = tmp_path / "out"
    assert run(a_cohort, "-o", out, "--model", a_bundle) == 1
    why = table(out / "cohort.csv")["1_10"]["why"]
    assert why.startswith("KeyError at segment_cohort.py:")
    assert [path.name for path in out.iterdir() if path.name.startswith("cohort")] != []
    assert not (out / "1_10").exists()


def test_lists_name_folders_or_files(a_cohort, a_study_folder, tmp_path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("study\nimages/1\n")
    assert read_cohort(plain) == (Entry("1", tmp_path / "images/1"), Entry("study", tmp_path / "study"))
    named = tmp_path / "named.csv"
    named.write_text("case,study\nfirst,study\n")
    assert read_entry(read_cohort(named)[0]).grid.size == (64, 64, 12)
    files = tmp_path / "files.csv"
    files.write_text("case,t2w,adc,hbv\nfirst,study/a_t2w.mha,study/a_adc.mha,study/a_hbv.mha\n")
    assert read_entry(read_cohort(files)[0]).grid.size == (64, 64, 12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no study"),
        ("case,study\n../up,study\n", "cannot name folders"),
        ("case,study\na,study\na,study\n", "case names twice"),
        ("case,t2w,adc,hbv\na,x,,y\n", "names neither a study nor"),
    ],
)
def test_lists_that_cannot_be_used_are_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_cohort(tmp_path / "list.csv")


def test_folders_of_dicom_are_studies_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    assert [entry.case for entry in read_cohort(tmp_path)] == ["a", "b"]


def test_every_study_is_in_one_share() -> None:
    entries = [Entry(str(number), Path()) for number in range(7)]
    shares = [Shard(rank, 3, rank).share(entries) for rank in range(3)]
    assert sorted(entry.case for share in shares for entry in share) == [entry.case for entry in entries]


def test_processes_share_the_studies_and_say_the_same(a_cohort, a_bundle, tmp_path, capsys) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert run(a_cohort, "-o", alone, "--model", a_bundle) == 1
    assert run(a_cohort, "-o", shared, "--model", a_bundle, "--workers", "2") == 1
    assert "2_21: The ADC file" in capsys.readouterr().out
    rows = table(shared / "cohort.csv")
    assert list(rows) == list(table(alone / "cohort.csv"))
    assert {case: row["state"] for case, row in rows.items()} == {"1_10": "done", "2_20": "done", "2_21": "failed"}
    for case in ("1_10", "2_20"):
        one, other = (sitk.ReadImage(str(folder / case / "base_margin.nii.gz")) for folder in (alone, shared))
        np.testing.assert_allclose(sitk.GetArrayFromImage(one), sitk.GetArrayFromImage(other), atol=1e-4)
    assert run(a_cohort, "-o", shared, "--model", a_bundle, "--workers", "2") == 1
    assert {row["state"] for row in table(shared / "cohort.csv").values()} == {"skipped", "failed"}


def test_ways_to_share_that_exclude_each_other_are_refused(a_cohort, a_bundle, tmp_path, monkeypatch) -> None:
    with pytest.raises(InputError, match="leaves no process"):
        run(a_cohort, "-o", tmp_path / "out", "--model", a_bundle, "--workers", "0")
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="torchrun shares"):
        run(a_cohort, "-o", tmp_path / "out", "--model", a_bundle, "--workers", "2")


def test_where_there_is_no_cluster_it_is_said(a_cohort, a_bundle, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r'pip install "\.\[ray\]"'):
        run(a_cohort, "-o", tmp_path / "out", "--model", a_bundle, "--cluster", "127.0.0.1:1")


def _number_or_end(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number


@pytest.mark.fault("a process of segment-cohort ends, as for lack of memory", "the other studies are done by others")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_that_ends_takes_no_other_study_with_it(workers: int) -> None:
    told = dict(among_processes(_number_or_end, range(6), workers))
    assert "ended before its time" in str(told.pop(1))
    assert told == {number: number for number in (0, 2, 3, 4, 5)}


WORKING = """
import os, sys, time
from pathlib import Path
from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.commands import inspect
from ProstateAlignRefineLib.commands.sharing import among_processes
from ProstateAlignRefineLib.core.storage.output import writing_folder
def act(number):
    with writing_folder(Path(sys.argv[1], str(number)), "test", ["a.txt"]) as draft:
        (draft.folder / "a.txt").write_text("half")
        Path(sys.argv[1], f"at-{number}").write_text(str(os.getpid()))
        time.sleep(20 if number < 2 else 0)
def run(_options):
    list(among_processes(act, range(6), 2))
inspect.run = run
if __name__ == "__main__":
    sys.exit(main(["inspect", "x"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking them")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_ended_half_way_ends_with_all_its_processes(number: int, tmp_path: Path) -> None:
    """Killed outright, the processes end by themselves: nothing goes on into folders that a second run writes."""
    program, out = tmp_path / "working.py", tmp_path / "out"
    program.write_text(WORKING)
    out.mkdir()
    running = subprocess.Popen([sys.executable, program, out], stderr=subprocess.PIPE, text=True)
    marks = [out / "at-0", out / "at-1"]
    wait_until(lambda: all(mark.is_file() and mark.read_text() for mark in marks))
    running.send_signal(number)
    _, said = running.communicate(timeout=15)
    assert running.returncode == (143 if number == signal.SIGTERM else -number)
    wait_until(lambda: not any(psutil.pid_exists(int(mark.read_text())) for mark in marks))
    assert not (out / "at-2").exists()
    if number == signal.SIGTERM:
        assert said.splitlines() == ["Stopped before the end; nothing half-written was kept."]
        assert sorted(out.iterdir()) == marks


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_row_a_lesion_with_psa_from_the_list_and_from_finished_studies(a_study_folder, a_bundle, tmp_path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("case,study,psa\none,study,6.2\ntwo,study,\n", encoding="utf-8")
    out = tmp_path / "out"
    for _ in range(2):  # the second time both are finished, and the table is the same
        assert run(listed, "-o", out, "--model", a_bundle) == 0
        with (out / "cohort-lesions.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        report = json.loads((out / "one" / "report.json").read_text(encoding="utf-8"))
        assert [row["case"] for row in rows].count("one") == max(len(report["lesions"]), 1)
        first = next(row for row in rows if row["case"] == "one")
        assert first["psa_ng/ml"] == "6.2"
        assert all(row["psa_ng/ml"] == "" for row in rows if row["case"] == "two")
        if report["lesions"]:
            assert float(first["volume_ml"]) == report["lesions"][0]["volume_ml"]
            assert first["slices"] == report["lesions"][0]["slices_shown"]


@pytest.mark.fault("a PSA comes into a cohort's list, or is corrected, when its study is finished", "it, everywhere")
def test_a_psa_told_later_is_taken_up_without_the_network(a_study_folder, a_bundle, tmp_path, capsys) -> None:
    listed, out = tmp_path / "list.csv", tmp_path / "out"
    made, said = set(), []
    for psa, kept in (("", ""), ("6.2", "6.2"), ("26", "26.0"), ("", "26.0")):
        listed.write_text(f"case,study,psa\none,study,{psa}\n", encoding="utf-8")
        assert run(listed, "-o", out, "--model", a_bundle) == 0
        with (out / "cohort-lesions.csv").open(encoding="utf-8") as file:
            assert {row["psa_ng/ml"] for row in csv.DictReader(file)} == {kept}
        page = (out / "one" / "report.html").read_text(encoding="utf-8")
        assert f"PSA {float(kept):g} ng/mL" in page if kept else "PSA" not in page
        made.add((out / "one" / "confidence.nii.gz").stat().st_mtime_ns)
        said.append(capsys.readouterr().out)
    assert len(made) == 1
    assert all("1 finished earlier, 0 failed" in words for words in said[1:])


def test_a_psa_that_is_none_is_refused_without_quoting_it(tmp_path) -> None:
    (tmp_path / "list.csv").write_text("case,study,psa\none,study,high\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a positive number") as told:
        read_cohort(tmp_path / "list.csv")
    assert "high" not in str(told.value)
