"""The same study in every form that archives hand out: enhanced multi-frame, compressed, deflated, implicit."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from Dicom.enhanced import enhance
from Dicom.making import INFO, change, dciodvfy_errors, read_by_dcmqi, small_study, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import load_headers, load_study, save_headers, write_segmentation
from ProstateAlignRefineLib.dicom.match.select import series_volumes
from ProstateAlignRefineLib.dicom.read import volume
from ProstateAlignRefineLib.dicom.read.folder import scan_folder

T2W_TYPE = ("ORIGINAL", "PRIMARY", "T2", "NONE")
ADC_TYPE = ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")
DWI_TYPE = ("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE")

EVERY_TRANSFER_SYNTAX = pytest.mark.parametrize(
    "transfer_syntax",
    [RLELossless, JPEGLSLossless, JPEG2000Lossless, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian],
    ids=lambda uid: uid.keyword,
)


@pytest.fixture
def t2w_folder(study_folder) -> Path:
    """The files of the T2W series: noise, which no compression finds easy."""
    return study_folder / "t2w"


@pytest.fixture
def values(t2w_folder) -> NDArray[np.float32]:
    """Its voxels, before anything is done to the files."""
    return values_of(t2w_folder)


def test_real_pixels_are_the_same_in_every_lossless_form(real_dicom, tmp_path):
    """Of a scanner's own files: private tags, sequences and all."""
    source = next(path for path in real_dicom.rglob("4.*") if path.is_dir())
    for transfer_syntax in (JPEGLSLossless, JPEG2000Lossless, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian):
        folder = Path(shutil.copytree(source, tmp_path / transfer_syntax.keyword))
        change(folder, recoded(transfer_syntax))
        assert np.array_equal(values_of(folder), values_of(source))
    enhance(Path(shutil.copytree(source, tmp_path / "enhanced")), T2W_TYPE)
    assert np.array_equal(values_of(tmp_path / "enhanced"), values_of(source))


def values_of(folder: Path) -> NDArray[np.float32]:
    (candidate,) = series_volumes(scan_folder(folder))
    return to_array(volume.read_volume(candidate.stack)[0])


def assert_same(found: Study) -> None:
    original = small_study()
    for modality in Modality:
        assert Grid.of(found.volume(modality)).matches(Grid.of(original.volume(modality)), 1e-6)
        assert np.abs(to_array(found.volume(modality)) - to_array(original.volume(modality))).max() < 0.01


def recoded(transfer_syntax):
    def edit(dataset: Dataset) -> None:
        if transfer_syntax.is_encapsulated:
            dataset.compress(transfer_syntax, generate_instance_uid=False)
        else:
            dataset.file_meta.TransferSyntaxUID = transfer_syntax

    return edit


@EVERY_TRANSFER_SYNTAX
def test_every_transfer_syntax_gives_the_same_study(study_folder, tmp_path, transfer_syntax):
    change(study_folder, recoded(transfer_syntax))
    assert dcmread(study_folder / "t2w" / "0001.dcm").file_meta.TransferSyntaxUID == transfer_syntax
    study = load_study(study_folder)
    assert_same(study)
    save_headers(study.headers, tmp_path / "headers")
    restored = load_headers(tmp_path / "headers")
    write_segmentation(two_lesions(study.grid), study.grid, restored, INFO, tmp_path / "lesions.seg.dcm")
    assert dciodvfy_errors(tmp_path / "lesions.seg.dcm") == []


@EVERY_TRANSFER_SYNTAX
def test_pixels_are_the_same_in_every_transfer_syntax(t2w_folder, values, transfer_syntax):
    change(t2w_folder, recoded(transfer_syntax))
    assert dcmread(next(t2w_folder.glob("*.dcm"))).file_meta.TransferSyntaxUID == transfer_syntax
    assert np.array_equal(values_of(t2w_folder), values)


@pytest.mark.parametrize("process", ["+e1", "+el"])
def test_pixels_in_lossless_jpeg_are_the_same(t2w_folder, values, process):
    if shutil.which("dcmcjpeg") is None:
        pytest.skip("dcmcjpeg is not installed (Debian package dcmtk)")
    for path in sorted(t2w_folder.glob("*.dcm")):
        subprocess.run(["dcmcjpeg", process, str(path), str(path)], check=True, capture_output=True)
    written = dcmread(next(t2w_folder.glob("*.dcm"))).file_meta.TransferSyntaxUID
    assert written in (JPEGLossless, JPEGLosslessSV1)
    assert np.array_equal(values_of(t2w_folder), values)


def test_pixels_in_an_enhanced_image_are_the_same(t2w_folder, values):
    enhance(t2w_folder, T2W_TYPE)
    assert len(list(t2w_folder.iterdir())) == 1
    assert np.array_equal(values_of(t2w_folder), values)


def test_simpleitk_decodes_what_pydicom_cannot(study_folder, monkeypatch):
    def no_decoder(*_, **__):
        raise RuntimeError("no decoder")

    change(study_folder, recoded(JPEG2000Lossless))
    monkeypatch.setattr(volume, "pixel_array", no_decoder)
    assert_same(load_study(study_folder))


def test_unknown_compression_is_one_sentence(study_folder, monkeypatch):
    change(study_folder / "hbv", lambda dataset: dataset.compress(RLELossless, generate_instance_uid=False))

    def broken(dataset: Dataset) -> None:
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"  # MPEG2

    change(study_folder / "hbv", broken)
    with pytest.raises(InputError, match="compression that no installed decoder reads"):
        load_study(study_folder)


def test_enhanced_study_gives_the_same_volumes(study_folder):
    enhance(study_folder / "t2w", T2W_TYPE)
    enhance(study_folder / "adc", ADC_TYPE)
    enhance(study_folder / "hbv", DWI_TYPE, b_values=(1400,))
    study = load_study(study_folder)
    original = small_study()
    assert np.abs(to_array(study.t2w) - to_array(original.t2w)).max() < 0.01
    assert np.abs(to_array(study.adc) - to_array(original.adc)).max() < 0.01
    for modality in Modality:
        assert Grid.of(study.volume(modality)).matches(Grid.of(original.volume(modality)), 1e-6)


def test_high_b_frames_are_picked_out_of_an_enhanced_multi_b_series(study_folder):
    stored = dcmread(study_folder / "hbv" / "0001.dcm").pixel_array
    enhance(study_folder / "hbv", DWI_TYPE, b_values=(0, 800, 1500))
    study = load_study(study_folder)
    assert "b = 1500 from DiffusionBValue" in study.reasons[Modality.HBV]
    header = study.headers[Modality.HBV][0]
    slope = float(header.PerFrameFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleSlope)
    intercept = float(header.PerFrameFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleIntercept)
    assert np.allclose(to_array(study.hbv)[0], (stored + 1500.0) * slope + intercept, rtol=1e-5)


def test_segmentation_of_an_enhanced_study_is_valid_and_identical(study_folder, tmp_path):
    enhance(study_folder / "t2w", T2W_TYPE)
    enhance(study_folder / "adc", ADC_TYPE)
    enhance(study_folder / "hbv", DWI_TYPE, b_values=(1400,))
    study = load_study(study_folder)
    save_headers(study.headers, tmp_path / "headers")
    labels, path = two_lesions(study.grid), tmp_path / "lesions.seg.dcm"
    for headers in (study.headers, load_headers(tmp_path / "headers")):
        write_segmentation(labels, study.grid, headers, INFO, path)
        assert dciodvfy_errors(path) == []
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)


def test_enhanced_file_with_a_wrong_frame_count_is_passed_over(study_folder):
    path = enhance(study_folder / "adc", ADC_TYPE)
    change(path.parent, lambda dataset: setattr(dataset, "NumberOfFrames", 4))
    with pytest.raises(InputError, match="no axial ADC"):
        load_study(study_folder)


def test_big_endian_files_are_read(study_folder):
    for path in (study_folder / "adc").glob("*.dcm"):
        read = dcmread(path)
        fresh = Dataset({**read})
        fresh.PixelData = read.pixel_array.astype(">u2").tobytes()
        fresh.file_meta = read.file_meta
        fresh.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        fresh.save_as(path, little_endian=False, implicit_vr=False, enforce_file_format=True)
    assert_same(load_study(study_folder))
