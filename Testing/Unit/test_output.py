"""Folders that commands write: nothing of others is lost, nothing of ours is half there."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage.output import check_output, output_folder, require_apart, writing_folder
from ProstateAlignRefineLib.core.storage.signature import SIGNATURE_NAME, read_signature
from ProstateAlignRefineLib.core.storage.staging import STAGING_NAME, finish_interrupted

NAMES = ("report.json", "mask.nii", "study")


def write(folder: Path, text: str = "1", names=("report.json", "study/a.txt"), kept=None) -> bool:
    with writing_folder(folder, "test", NAMES, kept) as draft:
        for name in names:
            (draft.folder / name).parent.mkdir(exist_ok=True)
            (draft.folder / name).write_text(f"{name} {text}")
    return draft.replaces


def write_while(folder: Path, other: Path, text: str) -> None:
    """A result is made while somebody writes another file."""
    with writing_folder(folder, "test", NAMES) as draft:
        for name in ("report.json", "mask.nii"):
            (draft.folder / name).write_text("new")
        other.write_text(text)


def content(folder: Path) -> dict[str, str]:
    """Everything below a folder, but for the signature."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in sorted(files.items()) if name != SIGNATURE_NAME}


def test_a_result_replaces_an_earlier_one_file_by_file(tmp_path):
    out = tmp_path / "out"
    assert not write(out, "1", ("report.json", "mask.nii", "study/a.txt"))
    inode = out.stat().st_ino
    assert write(out, "2", ("report.json",))
    assert content(out) == {"report.json": "report.json 2"}
    assert not (out / "study").exists()
    assert out.stat().st_ino == inode
    assert list(tmp_path.iterdir()) == [out]


def test_the_signature_names_the_program_and_every_file(tmp_path):
    write(tmp_path)
    stored = json.loads((tmp_path / SIGNATURE_NAME).read_text())
    assert (stored["program"], stored["kind"], stored["format"]) == ("ProstateAlignRefine", "test", 1)
    assert set(stored["files"]) == {"report.json", "study/a.txt"}
    assert all(len(digest) == 64 for digest in stored["files"].values())


@pytest.mark.fault("notes and other folders lie in an earlier result", "they stay, whatever is written beside them")
def test_what_others_put_beside_an_earlier_result_stays(tmp_path):
    write(tmp_path)
    (tmp_path / "thesis.docx").write_text("years of work")
    (tmp_path / "study" / "note.txt").write_text("mine")
    write(tmp_path, "2", ("mask.nii",))
    assert content(tmp_path) == {"mask.nii": "mask.nii 2", "study/note.txt": "mine", "thesis.docx": "years of work"}


@pytest.mark.fault("OUT holds a report.json of another program", "it is named, and nothing is touched")
@pytest.mark.parametrize("name", ["report.json", "study", SIGNATURE_NAME])
@pytest.mark.parametrize("beside", [[], ["thesis.docx"]])
def test_a_file_of_the_same_name_is_not_ours(tmp_path, name, beside):
    for one in (name, *beside):
        (tmp_path / one).write_text("theirs")
    with pytest.raises(InputError, match=f"'{name}', which this program did not write"):
        write(tmp_path)
    with pytest.raises(InputError, match="did not write"):
        check_output(tmp_path, "test", NAMES)
    assert set(content(tmp_path) | {SIGNATURE_NAME: ""}) == {name, SIGNATURE_NAME, *beside}
    assert not (tmp_path / STAGING_NAME).exists()


@pytest.mark.fault("OUT is a folder full of other things", "it is refused before anything is computed")
def test_a_folder_of_others_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_text("sun")
    with pytest.raises(InputError, match="holds other files"):
        write(tmp_path)
    assert content(tmp_path) == {"holiday.jpg": "sun"}


@pytest.mark.fault("a mask was corrected in an earlier result", "it is named, and the result is not replaced")
@pytest.mark.parametrize("name", ["report.json", "study/a.txt"])
def test_a_file_of_ours_that_was_edited_is_refused(tmp_path, name):
    write(tmp_path)
    (tmp_path / name).write_text("corrected by hand")
    before = content(tmp_path)
    with pytest.raises(InputError, match=f"'{Path(name).name}' in the output folder was changed") as refused:
        write(tmp_path, "2")
    assert str(tmp_path) not in str(refused.value)
    assert content(tmp_path) == before


def test_an_edit_during_the_computation_is_noticed(tmp_path):
    write(tmp_path)
    with pytest.raises(InputError, match="was changed"):
        write_while(tmp_path, tmp_path / "study" / "a.txt", "corrected meanwhile")
    assert content(tmp_path)["study/a.txt"] == "corrected meanwhile"
    assert content(tmp_path)["report.json"] == "report.json 1"


def test_a_file_that_appears_during_the_computation_is_not_replaced(tmp_path):
    with pytest.raises(InputError, match="did not write"):
        write_while(tmp_path, tmp_path / "mask.nii", "theirs")
    assert content(tmp_path) == {"mask.nii": "theirs"}


def test_a_link_in_place_of_ours_is_not_followed(tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    write(out)
    other.mkdir()
    (out / "study" / "a.txt").rename(other / "a.txt")
    (out / "study").rmdir()
    (out / "study").symlink_to(other)
    with pytest.raises(InputError, match=r"a\.txt"):
        write(out, "2")
    assert content(other) == {"a.txt": "study/a.txt 1"}


def test_another_kind_of_result_is_refused(tmp_path):
    write(tmp_path)
    with (
        pytest.raises(InputError, match=r"another kind of result of this program \(test\)"),
        writing_folder(tmp_path, "evaluation", ("evaluation.json",)),
    ):
        pass
    assert set(content(tmp_path)) == {"report.json", "study/a.txt"}


@pytest.mark.parametrize("spoilt", [{}, {"program": "other"}, {"format": 99}, {"files": {"../../x": "0" * 64}}, []])
def test_a_signature_that_is_not_ours_proves_nothing(tmp_path, spoilt):
    write(tmp_path)
    stored = json.loads((tmp_path / SIGNATURE_NAME).read_text())
    (tmp_path / SIGNATURE_NAME).write_text(json.dumps({**stored, **spoilt} if spoilt else spoilt))
    assert read_signature(tmp_path) is None
    with pytest.raises(InputError, match="did not write"):
        write(tmp_path, "2")


def test_kept_files_stay_and_must_be_as_they_were_read(tmp_path):
    write(tmp_path)
    kept = {"study/a.txt": read_signature(tmp_path).files["study/a.txt"]}
    write(tmp_path, "2", ("report.json",), kept)
    assert content(tmp_path) == {"report.json": "report.json 2", "study/a.txt": "study/a.txt 1"}
    write(tmp_path, "3")
    with pytest.raises(InputError, match=r"'a\.txt'"):
        write(tmp_path, "4", ("report.json",), kept)


@pytest.mark.fault("a command fails before it wrote anything", "the folders it made are removed again")
def test_folders_that_were_made_for_a_failure_go(tmp_path):
    with pytest.raises(ZeroDivisionError), writing_folder(tmp_path / "a" / "b", "test", NAMES) as draft:
        (draft.folder / "x").write_text(f"half {1 / 0}")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_stays_after_a_failure(tmp_path):
    with pytest.raises(ZeroDivisionError), writing_folder(tmp_path, "test", NAMES):
        _ = 1 / 0
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault("OUT is a device, a pipe, a socket or a file", "it is refused and stays what it is")
@pytest.mark.parametrize("kind", ["device", "pipe", "file", "linked device", "socket"])
def test_what_is_no_folder_stays_what_it_is(tmp_path, kind):
    import socket

    path = tmp_path / "out"
    match kind:
        case "device" | "linked device":
            real = tmp_path / "real" if kind == "linked device" else path
            try:
                os.mknod(real, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            except PermissionError:
                pytest.skip("devices can be made by root alone")
            if real != path:
                path.symlink_to(real)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))
        case _:
            path.write_text("a file")
    mode = os.stat(path).st_mode
    with pytest.raises(InputError, match="file, device or pipe"):
        write(path)
    assert os.stat(path).st_mode == mode


@pytest.mark.fault("OUT is a link to a folder", "the folder it leads to is meant, and the link stays")
def test_a_links_target_is_meant(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "not yet")
    for text in ("1", "2"):
        write(tmp_path / "link", text)
    assert (tmp_path / "link").is_symlink()
    assert content(tmp_path / "not yet")["report.json"] == "report.json 2"
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(InputError, match="leads to itself"):
        write(tmp_path / "round")


def test_the_working_folder_may_be_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path())
    assert write(Path())
    assert set(content(tmp_path)) == {"report.json", "study/a.txt"}


@pytest.mark.fault("OUT lies in a folder that may not be written", "an empty folder there will do")
def test_an_empty_folder_under_a_read_only_parent_will_do(tmp_path):
    out = tmp_path / "parent" / "out"
    out.mkdir(parents=True)
    out.parent.chmod(0o555)
    try:
        write(out)
        assert write(out, "2")
    finally:
        out.parent.chmod(0o755)


def test_files_and_folders_have_the_rights_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        with writing_folder(tmp_path / "out", "test", NAMES) as draft:
            (draft.folder / "study").mkdir()
            for name in ("report.json", "study/a"):
                (draft.folder / name).touch(mode=0o600)
    finally:
        os.umask(before)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*")}
    assert rights == {"report.json": 0o640, "a": 0o640, "study": 0o750, SIGNATURE_NAME: 0o640}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750


@pytest.mark.fault("two runs write into one folder", "the second is refused")
def test_two_runs_at_once_are_refused(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from ProstateAlignRefineLib.core.storage.output import writing_folder\n"
        "with writing_folder(Path(sys.argv[1]), 'test', ['report.json']) as draft:\n"
        "    (draft.folder / 'report.json').write_text('first')\n"
        "    print('in', flush=True); sys.stdin.read()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout.readline() == b"in\n"
    with pytest.raises(InputError, match="Another run is writing"):
        write(tmp_path)
    finish_interrupted(tmp_path)  # a reader neither waits nor disturbs
    first.communicate()
    assert content(tmp_path) == {"report.json": "first"}


@pytest.mark.parametrize(
    ("inside", "out", "refused"),
    [
        ("study", "study", True),
        ("study", ".", True),
        ("study/series", "study", True),
        ("study", "link", True),
        ("link", "study", True),
        ("study", "study/series/../../study", True),
        ("study", "study/out", False),
        ("study", "other", False),
    ],
)
@pytest.mark.fault("OUT is the study's folder or above it", "it is refused, also behind links and '..'")
def test_an_input_in_the_output_is_refused(tmp_path, inside, out, refused):
    (tmp_path / "study" / "series").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "study")
    if refused:
        with pytest.raises(InputError, match="would mix"):
            require_apart(tmp_path / out, [tmp_path / inside])
    else:
        require_apart(tmp_path / out, [tmp_path / inside])
    assert output_folder(tmp_path / out).is_absolute()
