"""Segmentations lie on the grid of their source and nowhere else, however the mask and the headers come."""

import random
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from Dicom.making import INFO, read_by_dcmqi, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import write_segmentation
from ProstateAlignRefineLib.dicom.write import seg


def test_shuffled_headers_change_nothing(study, labels, path, tmp_path):
    shuffled = {}
    for modality, headers in study.headers.items():
        shuffled[modality] = random.Random(3).sample(headers, len(headers))
    write_segmentation(labels, study.grid, shuffled, INFO, path)
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)
    positions = {header.SOPInstanceUID: header.ImagePositionPatient for header in study.headers[Modality.T2W]}
    for group in dcmread(path).PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        assert np.allclose(
            positions[source.ReferencedSOPInstanceUID], group.PlanePositionSequence[0].ImagePositionPatient, atol=1e-3
        )


def test_finer_slices_are_refused(study, path):
    # highdicom would copy the source's slice distance into the file, which then nothing can read.
    finer = replace(study.grid, size=(*study.grid.size[:2], 19), spacing=(*study.grid.spacing[:2], 1.5))
    with pytest.raises(InputError, match="another grid than the T2W"):
        write_segmentation(two_lesions(finer), finer, study.headers, INFO, path)
    assert not path.exists()


@pytest.mark.parametrize("shift", [(0.01, 0, 0), (0, 0, 1.5)])
def test_moved_grid_is_refused(study, labels, path, shift):
    moved = replace(study.grid, origin=tuple(np.add(study.grid.origin, shift).tolist()))
    with pytest.raises(InputError, match="another grid"):
        write_segmentation(labels, moved, study.headers, INFO, path)


def cropped(grid: Grid) -> Grid:
    return replace(grid, size=(grid.size[0] - 10, grid.size[1] - 6, grid.size[2]), origin=_corner(grid, (6, 4, 0)))


def flipped(grid: Grid, axis: int) -> Grid:
    last = [0, 0, 0]
    last[axis] = grid.size[axis] - 1
    axes = grid.axes.copy()
    axes[:, axis] *= -1
    return replace(grid, origin=_corner(grid, tuple(last)), direction=tuple(axes.ravel().tolist()))


def _corner(grid: Grid, index: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(grid.to_lps(index).tolist())


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flipped_volume_is_written_on_the_source_grid(study, labels, path, tmp_path, axis):
    write_segmentation(np.flip(labels, 2 - axis), flipped(study.grid, axis), study.headers, INFO, path)
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)


def test_cropped_volume_is_written_on_the_source_grid(study, labels, path, tmp_path):
    write_segmentation(labels[:, 4:-2, 6:-4], cropped(study.grid), study.headers, INFO, path)
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)
    assert (dcmread(path).Rows, dcmread(path).Columns) == (80, 96)  # viewers refuse another matrix than the source's


def test_turned_axes_are_written_on_the_source_grid(study, labels, path):
    axes = study.grid.axes[:, [1, 0, 2]]
    columns, rows, slices = study.grid.size
    x, y, z = study.grid.spacing
    turned = Grid((rows, columns, slices), (y, x, z), study.grid.origin, tuple(axes.ravel().tolist()))
    write_segmentation(labels.transpose(0, 2, 1), turned, study.headers, INFO, path)
    assert np.array_equal(seg.read_segmentation(path, study.grid), seg.as_masks(labels))


def test_lesion_beyond_the_source_is_refused(study, labels, path):
    moved = replace(study.grid, origin=_corner(study.grid, (60, 0, 0)))
    with pytest.raises(InputError, match="reaches beyond"):
        write_segmentation(labels, moved, study.headers, INFO, path)
