"""A study full of private words through whole commands: none is printed, logged, or written where it may not be."""

import logging
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest
from pydicom import Dataset, dcmread

from Dicom.enhanced import enhance
from Dicom.making import change
from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib.cli import main

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # the test itself writes invalid values
SECRET = "SENTINEL"
ALLOWED = {"PatientName", "PatientID", "AccessionNumber", "StudyID", "StudyDescription"}
OTHERS = (
    "InstitutionName",
    "InstitutionAddress",
    "StationName",
    "DeviceSerialNumber",
    "ReferringPhysicianName",
    "PhysiciansOfRecord",
    "OperatorsName",
    "AdmissionID",
    "AdditionalPatientHistory",
    "PatientComments",
    "ImageComments",
    "IssuerOfPatientID",
    "ProtocolName",
    "RequestedProcedureDescription",
)


def mark(dataset: Dataset) -> None:
    for keyword in (*sorted(ALLOWED), *OTHERS):
        setattr(dataset, keyword, SECRET)
    dataset.private_block(0x0099, "MAKER", create=True).add_new(1, "LO", SECRET)


@pytest.fixture
def marked(study_folder: Path) -> Path:
    """In a folder that is named after the patient, as archives do."""
    change(study_folder, mark)
    return Path(shutil.move(study_folder, study_folder.parent / SECRET))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_bundle(tmp_path_factory.mktemp("models") / "random")


def keywords_with_secret(dataset: Dataset) -> set[str]:
    return {element.keyword for element in dataset.iterall() if element.VR != "SQ" and SECRET in str(element.value)}


@pytest.mark.fault("private words in every attribute of a study", "none of them on screen, in logs, names or results")
def test_no_command_tells_or_keeps_private_words(marked, bundle, tmp_path, capfd, caplog):
    out, objects = tmp_path / "out", tmp_path / "objects"
    with caplog.at_level(logging.DEBUG):
        assert main(["inspect", str(marked)]) == 0
        assert main(["segment", str(marked), "-o", str(out), "--model", str(bundle), "--tau", "0.2"]) == 0
        assert main(["export", str(out), "-o", str(objects), "--measurements", "--similarity"]) == 0
        assert main(["gate", str(out), "--alpha", "0"]) == 0
    shown = capfd.readouterr()
    assert SECRET not in shown.out + shown.err + caplog.text
    written = [path for folder in (out, objects) for path in folder.rglob("*") if path.is_file()]
    for packed in [path for path in written if path.suffix == ".zip"]:
        with ZipFile(packed) as headers:
            headers.extractall(tmp_path / packed.stem)
        written.extend(path for path in (tmp_path / packed.stem).rglob("*") if path.is_file())
    assert len([path for path in written if path.suffix == ".dcm"]) > 30
    for path in written:
        assert SECRET not in path.relative_to(tmp_path).as_posix()
        if path.suffix == ".dcm":
            assert keywords_with_secret(dcmread(path)) <= ALLOWED, path.name
        else:
            assert SECRET.encode() not in path.read_bytes(), path.name


def test_nothing_private_is_kept_of_what_enhanced_images_say_of_their_frames(study_folder, bundle, tmp_path):
    """Converted files carry the whole header of each classic slice along, comments and staff among it."""
    enhance(study_folder / "t2w", ("ORIGINAL", "PRIMARY", "T2", "NONE"))
    change(study_folder / "t2w", mark_frames)
    out, objects = tmp_path / "out", tmp_path / "objects"
    assert main(["segment", str(study_folder), "-o", str(out), "--model", str(bundle), "--tau", "0.2"]) == 0
    assert main(["export", str(out), "-o", str(objects), "--measurements", "--similarity"]) == 0
    with ZipFile(out / "study/headers/headers.zip") as headers:
        headers.extractall(objects)
    for path in (*objects.rglob("*.dcm"), out / "lesions.seg.dcm"):
        assert not keywords_with_secret(dcmread(path)), path.name


def mark_frames(dataset: Dataset) -> None:
    dimension, content, converted = Dataset(), Dataset(), Dataset()
    dimension.DimensionDescriptionLabel = content.FrameComments = content.StackID = SECRET
    mark(converted)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.UnassignedSharedConvertedAttributesSequence = [converted]
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.FrameContentSequence, frame.UnassignedPerFrameConvertedAttributesSequence = [content], [converted]
        frame.PlanePositionSequence[0].private_block(0x0099, "MAKER", create=True).add_new(1, "LO", SECRET)
    dataset.DimensionIndexSequence = [dimension]


def fault_no_slice(folder: Path) -> None:
    (folder / "t2w" / "0005.dcm").unlink()


def fault_two_patients(folder: Path) -> None:
    change(folder / "adc", lambda dataset: setattr(dataset, "PatientID", f"{SECRET}2"))


def fault_no_frame_of_reference(folder: Path) -> None:
    change(folder, lambda dataset: delattr(dataset, "FrameOfReferenceUID"))


def fault_cut_pixels(folder: Path) -> None:
    path = folder / "hbv" / "0003.dcm"
    path.write_bytes(path.read_bytes()[:-900])


def fault_values(folder: Path) -> None:
    change(folder / "adc", lambda dataset: setattr(dataset, "RescaleSlope", "1e-15"))


FAULTS = (fault_no_slice, fault_two_patients, fault_no_frame_of_reference, fault_cut_pixels, fault_values)


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.__name__.removeprefix("fault_"))
def faulty(marked: Path, request: pytest.FixtureRequest) -> Path:
    request.param(marked)
    return marked


@pytest.mark.fault("private words in a study that is refused", "none of them in the refusal")
def test_refusals_quote_nothing_private(faulty, bundle, tmp_path, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        assert main(["segment", str(faulty), "-o", str(tmp_path / "out"), "--model", str(bundle)]) != 0
    shown = capfd.readouterr()
    assert shown.err.strip()
    assert SECRET not in shown.out + shown.err + caplog.text
    assert not (tmp_path / "out").exists()
