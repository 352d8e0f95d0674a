"""Folders and zips of several patients and studies: the table to choose from, the choice, and what is refused."""

import json
import logging
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread

from Dicom.making import small_study
from host.commands import run_command
from ProstateAlignRefineLib.commands import inspect as command
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage import scratch
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import SeveralStudiesError, list_studies, load_study, write_study
from ProstateAlignRefineLib.dicom.read import source as zips
from ProstateAlignRefineLib.dicom.write.series import StudyLabel


def add_study(folder: Path, name: str, patient: str, date: str) -> str:
    label = StudyLabel(name, patient, patient[:3], "MR prostate", "test", False, 1400.0)
    write_study(small_study(), folder / name, label)
    for path in (folder / name).rglob("*.dcm"):
        dataset = dcmread(path)
        dataset.StudyDate, dataset.StudyTime = date, "101500"
        dataset.save_as(path)
    return str(dataset.StudyInstanceUID)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """Two patients, one of them with two studies; the newest stands first in the folder."""
    folder = tmp_path_factory.mktemp("archive")
    add_study(folder, "a", "Zebra^Zoe", "20240301")
    add_study(folder, "b", "Zebra^Zoe", "20230105")
    add_study(folder, "c", "Quagga^Quentin", "20220607")
    return folder


@pytest.fixture(scope="module")
def zipped(archive, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(archive.rglob("*.dcm")):
            target.write(file, Path("Zebra Zoe", "deep", "er", file.relative_to(archive)))
        target.writestr("__MACOSX/._0001.dcm", b"left by another system")
        target.writestr("README.txt", b"no image")
    return path


@pytest.fixture
def scratch_in(tmp_path, monkeypatch) -> Path:
    """The one place where temporary folders are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def zip_of(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)
    return path


def test_the_table_names_patients_dates_and_series_the_oldest_first(archive):
    studies = list_studies(archive)
    assert [study.date for study in studies] == ["2022-06-07", "2023-01-05", "2024-03-01"]
    assert [study.patient for study in studies] == ["Quagga Quentin (Qua)", "Zebra Zoe (Zeb)", "Zebra Zoe (Zeb)"]
    assert [study.number for study in studies] == [1, 2, 3]
    assert all(study.complete for study in studies)
    assert studies[0].series == ("1 (T2W axial)", "2 (ADC axial, 1e-6 mm2/s)", "3 (DWI axial high b-value)")
    assert "Zebra" not in repr(studies)


def test_without_a_choice_it_is_refused_without_names(archive):
    with pytest.raises(SeveralStudiesError, match=r"^The folder holds images of 2 patients; see .* --study") as found:
        load_study(archive)
    assert "Zebra" not in str(found.value)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_one_is_read_by_its_number_or_its_uid(kind, archive, zipped, scratch_in):
    source = archive if kind == "folder" else zipped
    second = list_studies(source)[1]
    by_number, by_uid = load_study(source, study="2"), load_study(source, study=second.uid)
    for study in (by_number, by_uid):
        assert {str(header.StudyInstanceUID) for slices in study.headers.values() for header in slices} == {second.uid}
        assert study.headers[Modality.T2W][0].StudyDate == "20230105"
    assert list(scratch_in.iterdir()) == []


def test_a_study_that_is_not_there_is_refused(archive):
    with pytest.raises(InputError, match=r"no study of this number or Study Instance UID, but 3 others"):
        load_study(archive, study="4")


def test_inspect_shows_patients_only_where_the_table_was_asked_for(zipped, capsys, caplog, scratch_in):
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(InputError, match="2 patients"):
            run_command(command, zipped)
        assert "Zebra" not in capsys.readouterr().out
        assert run_command(command, zipped, "--studies") == 0
        table = capsys.readouterr().out
        assert run_command(command, zipped, "--studies", "--json") == 0
        listed = json.loads(capsys.readouterr().out)
        assert run_command(command, zipped, "--study", 3) == 0
        assert "T2W: series 1 (T2W axial)" in capsys.readouterr().out
    assert table.splitlines()[1].split() == ["1", "Quagga", "Quentin", "(Qua)", "2022-06-07", "MR", "prostate", "yes"]
    assert [one["date"] for one in listed] == ["2022-06-07", "2023-01-05", "2024-03-01"]
    assert "Zebra" not in caplog.text


def test_files_of_a_zip_get_no_names_of_its_own(zipped, scratch_in):
    with zips.dicom_folder(zipped) as folder:
        assert folder.parent == scratch_in
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 or os.name == "nt"
        names = {path.name for path in folder.iterdir()} - {scratch._LOCK}
    assert all(name.startswith("entry-") for name in names)
    assert len(names) == 91  # three studies of thirty slices, and the text file
    assert not folder.exists()


def test_paths_that_lead_out_and_links_write_nothing_outside(zipped, scratch_in):
    hostile = scratch_in.parent / "hostile.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(hostile, "w") as target:
        for name in ("../../escaped.dcm", "/absolute.dcm", "C:\\windows.dcm", "con.dcm", "x" * 300 + ".dcm"):
            target.writestr(name, b"content")
        target.writestr(link, "/etc/passwd")
    with zips.dicom_folder(hostile) as folder:
        assert len([path for path in folder.iterdir() if path.read_bytes() == b"content"]) == 5
        assert not any(path.is_symlink() for path in folder.iterdir())
    assert sorted(path.name for path in scratch_in.parent.iterdir()) == ["hostile.zip", "scratch"]


def test_a_bomb_is_refused_before_anything_is_written(tmp_path, scratch_in, monkeypatch):
    monkeypatch.setattr(zips, "SMALL", 2**20)
    bomb = zip_of(tmp_path / "bomb.zip", zeros=bytes(2**24))
    with pytest.raises(InputError, match=r"more than .* GiB: the limit is 16 GiB, 200 times its own"):
        load_study(bomb)
    assert list(scratch_in.iterdir()) == []


def test_a_zip_whose_directory_lies_is_stopped_as_it_grows(tmp_path, scratch_in):
    lying = zip_of(tmp_path / "lying.zip", zeros=bytes(2**22))
    content = lying.read_bytes()
    size = (2**22).to_bytes(4, "little")
    lying.write_bytes(content.replace(size, (100).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"The zip is damaged; send it again\."):
        load_study(lying)
    assert list(scratch_in.iterdir()) == []


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "MOST_FILES", 2)
    with pytest.raises(InputError, match="holds 3 files, at most 2 are read"):
        load_study(zip_of(tmp_path / "many.zip", a=b"1", b=b"2", c=b"3"))


def test_an_encrypted_zip_gives_one_sentence(tmp_path, scratch_in):
    plain = zip_of(tmp_path / "plain.zip", a=b"1234")
    content = bytearray(plain.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    plain.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"^The zip is encrypted; unpack it with its password and give the folder\.$"):
        load_study(plain)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"no zip"])
def test_what_is_no_zip_gives_one_sentence(content, tmp_path):
    (tmp_path / "file.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"^The input is neither a folder nor a zip; give the folder"):
        load_study(tmp_path / "file.zip")
