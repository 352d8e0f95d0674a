"""How the one entry ends where a command cannot go on: one sentence, a code, and a log without patient data."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.commands import inspect
from ProstateAlignRefineLib.core.error_log import FIRST_LINE
from ProstateAlignRefineLib.core.errors import InputError

STORAGE = [
    errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT, errno.ENAMETOOLONG, errno.EFBIG, errno.ENOTEMPTY,
    errno.EBUSY, errno.ELOOP, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT,
]  # fmt: skip


def run(*arguments, **options):
    """The console command in a process of its own."""
    command = [sys.executable, "-m", "ProstateAlignRefineLib", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **options)


@pytest.fixture
def failing(monkeypatch):
    """`inspect` raises what is given, and the exit code is returned."""

    def fail_with(error, *options):
        def fail(_arguments):
            raise error

        monkeypatch.setattr(inspect, "run", fail)
        return cli.main([*options, "inspect", "x"])

    return fail_with


def test_a_result_is_not_written_below_a_file_and_the_path_is_not_quoted(tmp_path, capsys):
    (tmp_path / "DOE_JANE").touch()
    assert cli.main(["phantom", "-o", str(tmp_path / "DOE_JANE" / "a" / "out")]) == 2
    said = capsys.readouterr().err
    assert "Not a directory" in said
    assert "DOE" not in said


@pytest.mark.fault("a disk that is full, broken, read-only or over quota; a lost share", "what failed, what to do")
@pytest.mark.parametrize("number", STORAGE, ids=lambda number: errno.errorcode[number])
def test_what_disk_and_rights_refuse_is_one_sentence(failing, capsys, number):
    assert failing(OSError(number, "of DOE_JANE", "/data/DOE_JANE")) == 2
    said = capsys.readouterr().err
    assert os.strerror(number) in said
    assert "DOE" not in said
    assert said.count("\n") == 1


@pytest.mark.fault("too little memory", "that the memory did not suffice")
@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), RuntimeError("std::bad_alloc")],
)
def test_too_little_memory_is_one_sentence(failing, capsys, error):
    assert failing(error) == 2
    assert "memory did not suffice" in capsys.readouterr().err


@pytest.mark.fault("a fault of this program", "that it is one, and how to report it; exit code 70")
@pytest.mark.parametrize(
    "error", [ValueError("DOE^JANE"), KeyError("DOE"), OSError(errno.EBADF, "DOE"), AssertionError()], ids=repr
)
def test_a_fault_of_ours_is_one_sentence_with_a_code_of_its_own(failing, capsys, error):
    assert failing(error) == 70
    said = capsys.readouterr()
    assert "--log FILE" in said.err
    assert "DOE" not in said.err + said.out
    assert said.err.count("\n") == 1


@pytest.mark.fault("an error whose text quotes a patient, with --log", "a log of places in programs, without the text")
def test_the_log_tells_places_and_no_values(failing, capsys, tmp_path):
    error, log = KeyError("/data/DOE_JANE/t2w"), tmp_path / "log.txt"
    error.__cause__ = ValueError("DOE^JANE 1957-03-04")
    assert failing(error, "--log", str(log)) == 70
    text = log.read_text()
    assert text.startswith(FIRST_LINE)
    assert "cli.py" in text
    assert "KeyError" in text
    assert "ValueError" in text
    assert "exit code 70" in text
    assert not {"DOE", "JANE", "1957", "/data"} & set(text.replace("^", " ").replace("/", " /").split())
    assert "DOE" not in text
    assert str(Path.home()) not in text
    assert capsys.readouterr().err.count("\n") == 1


def test_a_log_is_written_wherever_the_option_stands_and_goes_on(tmp_path):
    log = tmp_path / "log.txt"
    assert cli.main(["--log", str(log), "gate", str(tmp_path / "none")]) == 2
    assert cli.main(["gate", str(tmp_path / "none"), "--log", str(log)]) == 2
    assert log.read_text().count("ended with exit code 2") == 2
    assert log.read_text().count(FIRST_LINE) == 1
    assert str(tmp_path) not in log.read_text()


@pytest.mark.fault("--log names a file of the user", "a refusal; the file stays as it is")
def test_a_log_never_changes_another_file(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert cli.main(["gate", str(tmp_path), "--log", str(tmp_path / "thesis.txt")]) == 2
    assert "no log of this program" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.fault("a name of 250 or 300 characters", "that the name is too long")
@pytest.mark.parametrize("length", [250, 300])
@pytest.mark.parametrize("command", ["inspect", "gate", "segment-cohort", "export"])
def test_long_names_are_one_sentence(tmp_path, capsys, length, command):
    output = ["-o", str(tmp_path / "out")] if command in ("segment-cohort", "export") else []
    assert cli.main([command, str(tmp_path / ("a" * length)), *output]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.fault("the output is piped into a program that stops reading (`| head`)", "nothing; exit code 141")
@pytest.mark.parametrize("times", [1, 5000], ids=["a line", "more than a pipe holds"])
def test_a_reader_that_goes_away_ends_the_command_silently(tmp_path, times):
    for name in ("t2w", "adc", "hbv"):
        sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkInt16), str(tmp_path / f"a_{name}.mha"))
    code = "import sys; from ProstateAlignRefineLib import cli; from ProstateAlignRefineLib.commands import inspect\n"
    code += f"say = inspect.run; inspect.run = lambda given: [say(given) for _ in range({times})][0]\n"
    code += "sys.exit(cli.main(sys.argv[1:]))"
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", code, "inspect", str(tmp_path)]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=120)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
@pytest.mark.fault("the output goes to a full disk (`> file`)", "that there is no space left; exit code 2")
def test_output_that_cannot_be_written_is_one_sentence(tmp_path):
    sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkInt16), str(tmp_path / "a_t2w.mha"))
    for name in ("adc", "hbv"):
        sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkInt16), str(tmp_path / f"a_{name}.mha"))
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ProstateAlignRefineLib", "inspect", str(tmp_path)]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.decode() == "A file or folder cannot be used (No space left on device); free some space.\n"


@pytest.mark.fault("a Japanese file name or series description where the output knows ASCII only", "it, as \\u escapes")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_output_encoding_will_do(tmp_path, encoding):
    for name in ("t2w", "adc", "hbv"):
        sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkInt16), str(tmp_path / f"a_{name}.mha"))
    (tmp_path / "a_t2w.mha").rename(tmp_path / "前立腺\x1b[31m_t2w.mha")
    ended = run("inspect", tmp_path, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ("前立腺" in ended.stdout.decode()) == (encoding == "utf-8")
    assert b"\x1b" not in ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
@pytest.mark.fault("an output folder whose name is not valid UTF-8", "a refusal before anything is computed")
def test_a_name_that_is_no_text_is_refused(tmp_path):
    command = [sys.executable, "-m", "ProstateAlignRefineLib", "phantom", "-o", os.fsencode(tmp_path) + b"/\xff\xfe"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert ended.returncode == 2
    assert b"UTF-8" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("a negative, infinite or absurd number for an option", "its bounds and unit")
@pytest.mark.parametrize(
    "line",
    [
        "phantom -o x --seed -1", "phantom -o x --seed 1e3", f"phantom -o x --seed {'9' * 5000}",
        "evaluate --predictions x --references x -o x --threshold nan",
        "evaluate --predictions x --references x -o x --minimum-ml inf",
        "evaluate --predictions x --references x -o x --resamples 0",
        "prepare --images x --labels x -o x --folds 1", "prepare --images x --labels x -o x --seed -3",
        "prepare --images x --labels x -o x --workers 100000", "benchmark -o x --cache x --count 0",
        "benchmark -o x --cache x --degraded -1", "benchmark -o x --cache x --workers -1",
        "inspect x --t2w-series -4", "train --config ours -o x --workers 0",
    ],
)  # fmt: skip
def test_numbers_out_of_bounds_are_refused_with_the_bounds(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert " from " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.fault("tau or alpha that is no number between 0 and 1", "its bounds")
@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "1e9"])
def test_a_gate_out_of_bounds_is_refused(tmp_path, capsys, value):
    for name in ("tau", "alpha"):
        assert cli.main(["segment", str(tmp_path), "-o", str(tmp_path / "out"), f"--{name}={value}"]) == 2
        assert "between 0 and 1" in capsys.readouterr().err


@pytest.mark.fault("a torchrun variable that is no number", "which ones, and what to do")
@pytest.mark.parametrize(("rank", "count"), [("x", "2"), ("-1", "2"), ("2", "2"), ("0", "0"), ("9" * 5000, "2")])
def test_absurd_torchrun_variables_are_refused(tmp_path, capsys, monkeypatch, rank, count):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", count)
    assert cli.main(["segment-cohort", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "torchrun" in capsys.readouterr().err


@pytest.mark.fault("`runs compare` with a folder that is not there", "which one, and what to name")
@pytest.mark.parametrize("there", [False, True], ids=["neither", "the first"])
def test_runs_that_are_not_there_are_one_sentence(tmp_path, capsys, there):
    run = tmp_path / "run"
    for name in ("predictions", "references") if there else ():
        (run / "test" / name).mkdir(parents=True)
        (run / "config.toml").write_text("seed = 0\n")
        (run / "log.csv").write_text("epoch\n0\n")
    assert cli.main(["runs", "compare", str(run if there else tmp_path / "none"), str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == (
        "There is no folder 'none'; name the folders of two runs, as train wrote them.\n"
    )


@pytest.mark.fault("references or predictions of two axes, or of colours", "which file, and what size it has")
@pytest.mark.parametrize("shape", [(8, 8), (3, 4, 8, 8)], ids=["2D", "4D"])
@pytest.mark.parametrize("wrong", ["references", "predictions"])
def test_evaluate_refuses_what_is_no_volume(tmp_path, capsys, shape, wrong):
    for name in ("references", "predictions"):
        (tmp_path / name).mkdir()
        values = np.zeros(shape if name == wrong else (4, 8, 8), np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(values, isVector=False), str(tmp_path / name / "1_1.nii.gz"))
    folders = [f"--{name}={tmp_path / name}" for name in ("references", "predictions")]
    assert cli.main(["evaluate", *folders, "-o", str(tmp_path / "out")]) == 2
    size = " x ".join(map(str, reversed(shape)))
    assert f"not a three-dimensional scalar image, but {size} voxels" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.fault("links that lead nowhere or to themselves, as input and output", "that there is nothing")
def test_dangling_links_are_one_sentence(tmp_path, capsys):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for name in ("loop", "gone"):
        for command in ("inspect", "gate"):
            assert cli.main([command, str(tmp_path / name)]) == 2
    (tmp_path / "study").mkdir()
    for name in ("t2w", "adc", "hbv"):
        (tmp_path / "study" / f"a_{name}.mha").symlink_to(tmp_path / "nowhere")
    assert cli.main(["segment", str(tmp_path / "study"), "-o", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_an_input_error_is_said_without_what_a_terminal_obeys(failing, capsys):
    assert failing(InputError("bad\x1b[2J name\nsecond line")) == 2
    assert capsys.readouterr().err == "bad name second line\n"


@pytest.mark.fault("a NIfTI file that the image library warns of", "no path of it on screen")
def test_warnings_of_the_image_library_name_no_path(tmp_path):
    folder = tmp_path / "DOE_JANE"
    for name in ("references", "predictions"):
        (folder / name).mkdir(parents=True)
        path = folder / name / "1_1.nii"
        sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkUInt8), str(path))
        content = bytearray(path.read_bytes())
        content[344:348] = b"\0\0\0\0"  # an Analyze file, by its mark
        path.write_bytes(content)
    folders = [f"--{name}={folder / name}" for name in ("references", "predictions")]
    ended = run("evaluate", *folders, "-o", tmp_path / "out")
    assert b"DOE" not in ended.stderr
    assert b"Traceback" not in ended.stderr
