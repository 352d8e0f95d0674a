"""Image files as they come: whole, cut short, damaged, mislabelled, askew; written with SimpleITK, spoilt by hand."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.storage.volume_files import read_image, read_volume_file

ANGLE = np.deg2rad(20)
OBLIQUE = (1, 0, 0, 0, np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE))
GRID = Grid((11, 12, 13), (0.5, 0.6, 3.0), (-3.0, 4.0, 5.0), OBLIQUE)
VALUES = np.random.default_rng(0).integers(0, 900, GRID.shape).astype(np.int16)
ONE_FILE = ("a.nii", "a.nii.gz", "a.mha", "packed.mha", "a.nrrd", "packed.nrrd")


def written(folder: Path, name: str, image: sitk.Image | None = None) -> Path:
    path = folder / name
    packed = "packed" in name or name.endswith(".gz")
    sitk.WriteImage(to_image(VALUES, GRID) if image is None else image, str(path), useCompression=packed)
    return path


def spoilt(path: Path, *fields: tuple[int, str, tuple]) -> Path:
    """Fields of a NIfTI-1 header overwritten: offset, struct code, values."""
    raw = bytearray(path.read_bytes())
    for offset, code, values in fields:
        struct.pack_into("<" + code, raw, offset, *values)
    path.write_bytes(raw)
    return path


def affine_rows(matrix: np.ndarray) -> tuple:
    """An LPS affine as the sform's three rows, codes told apart: qform off, sform on."""
    rows = (np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix)[:3].ravel()
    return (252, "2h", (0, 1)), (280, "12f", tuple(rows))


def refused(path: Path, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_image(path, "T2W file")
    text = str(caught.value)
    assert text.startswith("The T2W file ")
    assert str(path.parent) not in text
    assert path.name not in text
    assert len(re.findall(r"\.(?=\s|$)", text)) == 1


@pytest.mark.parametrize("name", [*ONE_FILE, "a.mhd", "packed.mhd", "a.nhdr", "packed.nhdr"])
def test_a_whole_file_is_read_where_it_lies(tmp_path, name):
    read = read_volume_file(written(tmp_path, name), "T2W file")
    assert Grid.of(read.image).matches(GRID, 1e-2 if ".nii" in name else 1e-3)
    assert np.array_equal(to_array(read.image), VALUES)
    assert read.placed
    assert not read.cautions


@pytest.mark.fault("an unpacked .nii of other content lies beside a .nii.gz", "nothing: each is read as itself")
@pytest.mark.parametrize("name", ["a.nii.gz", "A.NII.GZ"])
def test_a_packed_file_is_read_whatever_lies_beside_it_unpacked(tmp_path, name):
    written(tmp_path, "a.nii.gz").rename(tmp_path / name)
    written(tmp_path, "a.nii", to_image(VALUES + 7, GRID)).rename(tmp_path / name[:-3])
    assert np.array_equal(to_array(read_image(tmp_path / name, "T2W file")), VALUES)
    assert np.array_equal(to_array(read_image(tmp_path / name[:-3], "T2W file")), VALUES + 7)


@pytest.mark.fault("an image file was cut short in copying", "refused, with the share of voxels that is there")
@pytest.mark.parametrize("share", [0.2, 0.6, 0.999])
@pytest.mark.parametrize("name", ONE_FILE)
def test_a_file_cut_short_is_refused(tmp_path, name, share):
    path = written(tmp_path, name)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    refused(path, "cut short|cannot be read")


@pytest.mark.fault("the voxel file beside a .mhd or .nhdr is cut short or missing", "refused, and said which")
@pytest.mark.parametrize(("name", "data"), [("a.mhd", "a.raw"), ("packed.mhd", "packed.zraw"), ("a.nhdr", "a.raw")])
def test_detached_voxels_must_be_whole(tmp_path, name, data):
    path = written(tmp_path, name)
    raw = (tmp_path / data).read_bytes()
    (tmp_path / data).write_bytes(raw[: len(raw) // 2])
    refused(path, "cut short")
    (tmp_path / data).unlink()
    refused(path, "another file, which is missing")


@pytest.mark.fault("bytes of a compressed file are damaged", "refused: checksums are compared")
@pytest.mark.parametrize("name", ["a.nii.gz", "packed.mha", "packed.nrrd"])
def test_a_damaged_checksum_is_seen(tmp_path, name):
    path = written(tmp_path, name)
    raw = bytearray(path.read_bytes())
    raw[-6 if name != "packed.mha" else -2] ^= 0xFF  # within CRC-32, or Adler-32
    path.write_bytes(raw)
    refused(path, "damaged")


def test_zeros_behind_the_break_do_not_count_as_voxels(tmp_path):
    """A copy that stopped, in a file of the right size."""
    path = written(tmp_path, "a.nii.gz")
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2))
    refused(path, "damaged")


@pytest.mark.fault("a file is empty, a folder, or something else under an image's name", "one sentence says so")
def test_what_is_no_image_is_named(tmp_path):
    for name in ONE_FILE:
        (tmp_path / name).write_bytes(b"")
        refused(tmp_path / name, "is empty")
        (tmp_path / name).write_text("not an image\n" * 40)
        refused(tmp_path / name, "cannot be read as an image")
        (tmp_path / name).unlink()
    (tmp_path / "a.mha").mkdir()
    refused(tmp_path / "a.mha", "is a folder")
    refused(tmp_path / "b.mha", "does not exist")
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    refused(tmp_path / "a.tif", r"give a \.mha")


@pytest.mark.parametrize(("name", "other"), [("a.nii", "a.mha"), ("a.mha", "a.nrrd"), ("a.nrrd", "a.nii.gz")])
def test_a_wrong_suffix_is_no_image_of_that_kind(tmp_path, name, other):
    refused(written(tmp_path, name).rename(tmp_path / other), "cannot be read as an image")


def test_a_nifti_is_known_by_its_bytes_whether_packed_or_not(tmp_path):
    path = written(tmp_path, "a.nii").rename(tmp_path / "b.nii.gz")
    assert np.array_equal(to_array(read_image(path, "T2W file")), VALUES)


@pytest.mark.fault("an image with colours, vectors, complex numbers, two or four dimensions", "refused, and said what")
@pytest.mark.parametrize("suffix", [".nii", ".mha", ".nrrd"])
@pytest.mark.parametrize("kind", ["colour", "vector", "complex", "series", "slice"])
def test_other_than_one_number_a_voxel_in_three_dimensions_is_refused(tmp_path, suffix, kind):
    plain = to_image(VALUES, GRID)
    image = {
        "colour": lambda: sitk.Compose([sitk.Cast(plain, sitk.sitkUInt8)] * 3),
        "vector": lambda: sitk.Compose([sitk.Cast(plain, sitk.sitkFloat32)] * 2),
        "complex": lambda: sitk.RealAndImaginaryToComplex(*[sitk.Cast(plain, sitk.sitkFloat32)] * 2),
        "series": lambda: sitk.JoinSeries([plain, plain]),
        "slice": lambda: plain[:, :, 3],
    }[kind]()
    try:
        path = written(tmp_path, f"a{suffix}", image)
    except RuntimeError:
        pytest.skip("SimpleITK writes no such file")
    refused(path, "number a voxel|three-dimensional|colours|numbers")


@pytest.mark.parametrize("pixel", [sitk.sitkUInt8, sitk.sitkInt8, sitk.sitkUInt32, sitk.sitkInt64, sitk.sitkFloat64])
@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
def test_every_type_of_number_is_read(tmp_path, pixel, suffix):
    image = sitk.Cast(to_image(VALUES % 100, GRID), pixel)
    read = read_image(written(tmp_path, f"a{suffix}", image), "T2W file")
    assert np.array_equal(to_array(read), VALUES % 100)


def test_a_fourth_dimension_of_one_is_no_dimension(tmp_path):
    read = read_image(written(tmp_path, "a.mha", sitk.JoinSeries([to_image(VALUES, GRID)])), "T2W file")
    assert Grid.of(read).matches(GRID)


def test_big_endian_files_are_read(tmp_path):
    path = written(tmp_path, "a.nii")
    raw = path.read_bytes()
    swapped = bytearray(raw[:352])
    for offset, code in ((0, "i"), (40, "8h"), (70, "2h"), (76, "8f"), (108, "3f"), (252, "2h"), (256, "18f")):
        struct.pack_into(">" + code, swapped, offset, *struct.unpack_from("<" + code, raw, offset))
    path.write_bytes(bytes(swapped) + VALUES.astype(">i2").tobytes())
    read = read_image(path, "T2W file")
    assert np.array_equal(to_array(read), VALUES)
    assert Grid.of(read).matches(GRID, 1e-2)


@pytest.mark.fault("NaN or infinite voxels in a file", "refused")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_voxels_that_are_no_numbers_are_refused(tmp_path, value):
    values = VALUES.astype(np.float32)
    values[3, 4, 5] = value
    refused(written(tmp_path, "a.nii.gz", to_image(values, GRID)), "not numbers")


@pytest.mark.fault("a NIfTI header with absurd numbers in it", "refused in one sentence")
@pytest.mark.parametrize(
    ("field", "words"),
    [
        ((40, "4h", (3, 11, -12, 13)), "size that no image has"),
        ((40, "4h", (3, 0, 12, 13)), "size that no image has"),
        ((40, "4h", (3, 32767, 32767, 32767)), "size that no image has"),
        ((40, "4h", (3, 11, 12, 400)), "cut short"),
        ((40, "h", (9,)), "size that no image has"),
        ((80, "f", (0.0,)), "spacing that is zero"),
        ((84, "f", (-0.6,)), "negative"),
        ((88, "f", (np.nan,)), "no number"),
        ((80, "f", (0.7,)), "two voxel spacings"),
        ((112, "f", (np.nan,)), "scaling"),
        ((116, "f", (np.inf,)), "scaling"),
        ((108, "f", (1e30,)), "damaged header"),
        ((70, "h", (1536,)), "128-bit"),
        ((280, "f", (np.inf,)), "position that is no number"),
        ((292, "f", (60.0,)), "two positions"),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path, field, words):
    refused(spoilt(written(tmp_path, "a.nii"), field), words)


def test_a_slope_of_zero_means_no_scaling_as_the_standard_says(tmp_path):
    path = spoilt(written(tmp_path, "a.nii"), (112, "f", (0.0,)))
    assert np.array_equal(to_array(read_image(path, "T2W file")), VALUES)


@pytest.mark.parametrize(("unit", "factor"), [(1, 0.001), (3, 1000.0)])
def test_metres_and_micrometres_are_read_as_millimetres(tmp_path, unit, factor):
    affine = GRID.affine
    affine[:3] *= factor
    steps = tuple(step * factor for step in GRID.spacing)
    path = spoilt(written(tmp_path, "a.nii"), *affine_rows(affine), (80, "3f", steps), (123, "B", (unit,)))
    assert Grid.of(read_image(path, "T2W file")).matches(GRID, 1e-2)


@pytest.mark.fault("a NIfTI without qform and sform", "known as a file without a position")
@pytest.mark.parametrize("suffix", [".nii", ".mha", ".nrrd"])
def test_a_file_without_a_position_is_known(tmp_path, suffix):
    path = written(tmp_path, f"a{suffix}")
    if suffix == ".nii":
        spoilt(path, (252, "2h", (0, 0)))
    else:
        raw = path.read_bytes()
        kept = re.sub(rb"(Offset|space origin)[^\n]*\n", b"", raw, count=1)
        path.write_bytes(kept)
    assert not read_volume_file(path, "T2W file").placed


def sheared(degrees: float) -> np.ndarray:
    """GRID's affine with the third axis leaning towards the first, about the middle of the volume."""
    affine = GRID.affine
    middle = GRID.centre
    lean = np.tan(np.radians(degrees)) * affine[:3, 0] / GRID.spacing[0]
    third = affine[:3, 2] / GRID.spacing[2] + lean
    affine[:3, 2] = third / np.linalg.norm(third) * GRID.spacing[2]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.asarray(GRID.size) - 1) / 2)
    return affine


@pytest.mark.fault("a NIfTI with axes slightly off right angles", "read with axes at right angles, and a caution")
@pytest.mark.parametrize("degrees", [0.2, 0.9])
def test_a_little_shear_is_straightened_about_the_middle_and_said(tmp_path, degrees, capfd):
    path = spoilt(written(tmp_path, "a.nii"), *affine_rows(sheared(degrees)))
    read = read_volume_file(path, "T2W file")
    grid = Grid.of(read.image)
    np.testing.assert_allclose(grid.axes.T @ grid.axes, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(grid.centre, GRID.centre, atol=1e-4)
    index = np.array(np.meshgrid(*[(0, n - 1) for n in GRID.size])).reshape(3, -1).T
    true = index @ sheared(degrees)[:3, :3].T + sheared(degrees)[:3, 3]
    half = np.linalg.norm(np.asarray(GRID.size) * GRID.spacing) / 2
    assert np.linalg.norm(grid.to_lps(index) - true, axis=1).max() <= half * np.radians(degrees) / 2 * 1.05
    (caution,) = read.cautions
    assert caution.code == "axes-sheared"
    assert f"{degrees:.2g} degrees" in caution.text
    assert str(tmp_path) not in "".join(capfd.readouterr())


@pytest.mark.fault("an image with sheared axes", "refused, with the angle")
@pytest.mark.parametrize("degrees", [1.5, 12.0])
def test_more_shear_is_refused_with_its_angle(tmp_path, degrees):
    path = spoilt(written(tmp_path, "a.nii"), *affine_rows(sheared(degrees)))
    refused(path, rf"sheared axes: they are {degrees:.2g} degrees off right angles, at most 1 ")
    raw = written(tmp_path, "a.mha").read_bytes()
    axes = (sheared(degrees)[:3, :3] / GRID.spacing).T.ravel()
    matrix = b"TransformMatrix = " + " ".join(map(str, axes)).encode()
    (tmp_path / "a.mha").write_bytes(re.sub(rb"TransformMatrix[^\n]*", matrix, raw))
    refused(tmp_path / "a.mha", rf"sheared axes: they are {degrees:.2g} degrees")
