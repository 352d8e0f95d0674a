import os
import stat
import subprocess
import sys

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage.files import new_folder, replacing_file
from ProstateAlignRefineLib.core.storage.signed_file import require_replaceable, signed_file


@pytest.mark.fault("a file that cannot be written to the end", "the earlier one, unchanged")
def test_a_file_takes_its_name_only_when_written_to_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing_file(path) as temporary:
        temporary.write_text(f"half {1 / 0}")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    with replacing_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["a.nii.gz", "b" * 240 + ".seg.dcm", "é" * 120 + ".csv"])
def test_a_temporary_name_keeps_the_suffix_and_fits_where_the_name_fits(tmp_path, name):
    with replacing_file(tmp_path / name) as temporary:
        assert temporary.name.endswith(name[-6:])
        temporary.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_folders_made_for_a_file_go_where_it_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing_file(tmp_path / "a" / "b" / "c.txt"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("a file is to be written where a device, pipe or folder is", "it is refused and stays what it is")
@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_nothing_but_a_plain_file_is_replaced(tmp_path, kind):
    path = tmp_path / "a.txt"
    if kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("devices can be made by root alone")
    else:
        os.mkfifo(path) if kind == "pipe" else path.mkdir()
    mode = path.stat().st_mode
    with pytest.raises(InputError, match="no plain file"), replacing_file(path) as temporary:
        temporary.write_text("new")
    assert path.stat().st_mode == mode
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "folder" / "real.txt")
    with replacing_file(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "folder" / "real.txt").read_text() == "new"


def test_a_file_has_the_rights_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing_file(tmp_path / "a" / "b.txt") as temporary:
            temporary.touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


@pytest.mark.fault("a run is killed while it writes a file", "the next writing of the file removes what it left")
def test_remains_of_a_killed_process_go_and_those_of_a_living_one_stay(tmp_path):
    program = (
        "import os, sys; from pathlib import Path\n"
        "from ProstateAlignRefineLib.core.storage.files import replacing_file\n"
        "with replacing_file(Path(sys.argv[1])) as path:\n"
        "    path.write_text('patient'); os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with replacing_file(path) as outer:
        outer.write_text("outer")
        assert list(tmp_path.iterdir()) == [outer]
    assert path.read_text() == "outer"


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "out"
    with pytest.raises(ZeroDivisionError), new_folder(folder) as temporary:
        (temporary / "b").write_text(f"2 {1 / 0}")
    assert list(tmp_path.iterdir()) == []
    with new_folder(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(InputError, match="there already"), new_folder(folder) as temporary:
        pass
    assert [path.name for path in folder.iterdir()] == ["a"]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.fault("OUT holds a log.csv or cohort.csv of somebody else", "it is named, and not replaced")
def test_a_signed_file_replaces_nothing_but_itself(tmp_path):
    path = tmp_path / "log.csv"
    for text in ("1", "2"):
        require_replaceable(path)
        with signed_file(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "2"
    path.write_text("2, with my remarks")
    with pytest.raises(InputError, match=r"'log\.csv'"), signed_file(path) as temporary:
        temporary.write_text("3")
    assert path.read_text() == "2, with my remarks"
    (tmp_path / "other.csv").write_text("theirs")
    with pytest.raises(InputError, match=r"'other\.csv'"):
        require_replaceable(tmp_path / "other.csv")


def test_a_signed_file_is_known_again_after_a_kill(tmp_path):
    path = tmp_path / "log.csv"
    with signed_file(path) as temporary:
        temporary.write_text("1")
    program = (
        "import os, sys; from pathlib import Path\n"
        "from ProstateAlignRefineLib.core.storage.signed_file import signed_file\n"
        "names = []\n"
        "def watch(event, arguments):\n"
        "    if event == 'os.rename':\n"
        "        names.append(arguments)\n"
        "        if len(names) == int(sys.argv[2]): os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(watch)\n"
        "with signed_file(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('2')\n"
    )
    for moment in (1, 2, 3):
        subprocess.run([sys.executable, "-c", program, str(path), str(moment)], check=False)
        require_replaceable(path)
    assert path.read_text() == "2"
