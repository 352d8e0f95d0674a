"""A failed write is noticed, whatever the library that writes says of it."""

import gzip
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.storage import image_writing
from ProstateAlignRefineLib.core.storage.image_writing import write_image

ANGLE = np.deg2rad(20)
OBLIQUE = (np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE), 0, 0, 0, -1)
GRID = Grid((41, 30, 13), (0.5, 0.7, 3.0), (-181.25, 90.5, 1033.0), OBLIQUE)
SUFFIXES = (".nii.gz", ".nii", ".mha", ".nrrd")


def image(kind=np.float32) -> sitk.Image:
    """Noise, then zeros: what a reader fills in for missing ends."""
    values = np.random.default_rng(0).normal(0, 50, GRID.shape)
    values[6:] = 0
    return to_image(values.astype(kind), GRID)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int16])
def test_what_was_written_whole_is_kept(tmp_path, suffix, kind):
    path = tmp_path / f"a{suffix}"
    write_image(image(kind), path)
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(sitk.ReadImage(str(path))), sitk.GetArrayFromImage(image(kind))
    )


WITHOUT = """
import sys
sys.modules["isal"] = None
import SimpleITK as sitk
from pathlib import Path
from ProstateAlignRefineLib.core.storage.image_writing import write_image
write_image(sitk.ReadImage(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_python_without_the_quick_compressor_writes_the_same(tmp_path):
    quick, slow = tmp_path / "quick.nii.gz", tmp_path / "slow.nii.gz"
    write_image(image(), quick)
    subprocess.run([sys.executable, "-c", WITHOUT, quick, slow], check=True)
    assert gzip.decompress(slow.read_bytes()) == gzip.decompress(quick.read_bytes())


def test_the_same_image_gives_the_same_file(tmp_path):
    """No time of writing in it, so that equal results have equal hashes."""
    one, other = tmp_path / "one.nii.gz", tmp_path / "other.nii.gz"
    write_image(image(), one)
    write_image(image(), other)
    assert one.read_bytes() == other.read_bytes()


def test_values_that_are_not_numbers_are_written_too(tmp_path):
    values = np.full(GRID.shape, np.nan, np.float32)
    write_image(to_image(values, GRID), tmp_path / "a.nii.gz")


@pytest.mark.fault("the disk is full, or a quota is reached", "one sentence, and no file that looks like a map")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_file_cut_short_is_noticed(tmp_path, suffix, share):
    path = tmp_path / f"a{suffix}"
    write_image(image(), path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(path.stat().st_size * share), hard))
    path.unlink()
    try:
        with pytest.raises(InputError, match="could not be written in full"):
            write_image(image(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_noticed(small_disk, suffix):
    disk = small_disk(32)
    noise = np.random.default_rng(0).normal(0, 50, GRID.shape).astype(np.float32)
    noise[-1] = 0
    with pytest.raises(InputError, match="check free space"):
        write_image(to_image(noise, GRID), disk / f"a{suffix}")
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("fault", ["a voxel", "the end", "the place", "another kind"])
def test_another_image_than_meant_is_noticed(tmp_path, monkeypatch, suffix, fault):
    if suffix == ".nrrd" and fault == "the end":
        pytest.skip("nrrd says itself that it ends early")
    write = sitk.WriteImage

    def spoil(meant: sitk.Image, name: str, **options) -> None:
        one = sitk.Image(meant)
        if fault == "a voxel":
            one[3, 4, 5] += 1
        elif fault == "the place":
            one.SetOrigin((0.0, 0.0, 0.0))
        elif fault == "another kind":
            one = sitk.Cast(one, sitk.sitkFloat64)
        write(one, name, **options)
        if fault == "the end":
            path = Path(name)
            path.write_bytes(path.read_bytes()[:-9])

    monkeypatch.setattr(image_writing.sitk, "WriteImage", spoil)
    with pytest.raises(InputError, match="could not be written in full"):
        write_image(image(), tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []
