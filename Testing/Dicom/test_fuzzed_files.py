"""Damaged files of a study: `load_study` reads on, or says in one sentence why not; it never fails otherwise."""

import random
import shutil
from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom import load_study
from ProstateAlignRefineLib.dicom.read.folder import scan_folder

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of damaged values
HEADERS, CUTS, STUDIES = 300, 60, 30


def outcome(folder: Path) -> str:
    """What is said of the study, empty where it is read; every other exception fails the test."""
    try:
        load_study(folder)
    except InputError as error:
        return str(error)
    return ""


def damaged(sound: bytes, generator: random.Random, reach: int) -> bytes:
    copy = bytearray(sound)
    for _ in range(generator.randrange(1, 13)):
        copy[generator.randrange(132, reach)] = generator.randrange(256)
    return bytes(copy)


def pixels_at(content: bytes) -> int:
    return content.rindex(b"\xe0\x7f\x10\x00")


@pytest.fixture
def slice_file(study_folder: Path) -> Path:
    return study_folder / "t2w" / "0001.dcm"


@pytest.mark.fault("300 DICOM files with damaged headers beside a study", "a result, or one sentence")
def test_fuzzed_headers_beside_a_sound_study_end_in_one_sentence(study_folder, slice_file):
    generator, sound = random.Random(5), slice_file.read_bytes()
    folder = study_folder / "fuzz"
    folder.mkdir()
    for number in range(HEADERS):
        (folder / f"{number}.dcm").write_bytes(damaged(sound[: pixels_at(sound)], generator, pixels_at(sound)))
    scan = scan_folder(study_folder)
    assert len(scan.frames) + sum(scan.skipped.values()) == 30 + HEADERS
    assert outcome(study_folder).count("\n") == 0


@pytest.mark.fault("a study with a damaged slice", "a result, or one sentence")
def test_a_study_with_a_fuzzed_slice_is_read_or_refused_in_one_sentence(study_folder, tmp_path):
    generator = random.Random(6)
    said = set()
    for number in range(STUDIES):
        folder = tmp_path / str(number)
        shutil.copytree(study_folder, folder)
        path = folder / generator.choice(("t2w", "adc", "hbv")) / "0005.dcm"
        content = path.read_bytes()
        path.write_bytes(damaged(content, generator, pixels_at(content)))
        said.add(outcome(folder))
    assert len(said) > 2, "too little was damaged to show anything"
    assert all(len(sentence) < 400 and sentence.count("\n") == 0 for sentence in said)


@pytest.mark.fault("DICOM files cut off anywhere", "a result, or one sentence")
def test_a_file_cut_anywhere_is_passed_over_or_refused(study_folder, slice_file):
    generator, sound = random.Random(7), slice_file.read_bytes()
    for _ in range(CUTS // 6):
        slice_file.write_bytes(sound[: generator.randrange(len(sound) - 1)])
        assert outcome(study_folder)
    (study_folder / "cuts").mkdir()
    slice_file.write_bytes(sound)
    for number in range(CUTS):
        cut = sound[: generator.randrange(pixels_at(sound))]
        (study_folder / "cuts" / f"{number}.dcm").write_bytes(cut)
    assert outcome(study_folder).count("\n") == 0
