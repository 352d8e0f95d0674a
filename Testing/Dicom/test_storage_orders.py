"""DICOM slices whose rows and columns run another way: the same study, and results on its own slices."""

from collections.abc import Callable

import numpy as np
import pytest
from pydicom import Dataset

from Dicom.making import INFO, change
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.orientation import ORDERS, laid_on
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import link_to_dicom, load_study, write_map, write_segmentation
from ProstateAlignRefineLib.dicom.read.folder import scan_folder
from ProstateAlignRefineLib.dicom.read.stack import stack_of
from ProstateAlignRefineLib.dicom.read.volume import read_volume
from ProstateAlignRefineLib.dicom.write.map_series import STEPS
from ProstateAlignRefineLib.dicom.write.seg import read_segmentation
from ProstateAlignRefineLib.dicom.write.source_headers import source_stack


def pixels(dataset: Dataset, values: np.ndarray) -> None:
    dataset.Rows, dataset.Columns = values.shape
    dataset.PixelData = np.ascontiguousarray(values).tobytes()


def turned_round(dataset: Dataset) -> None:
    """The first pixel is the last one: the table was shown upside down."""
    row, column = (np.array(dataset.ImageOrientationPatient[part], float) for part in (slice(3), slice(3, 6)))
    down, across = (float(step) for step in dataset.PixelSpacing)
    last = row * across * (dataset.Columns - 1) + column * down * (dataset.Rows - 1)
    dataset.ImagePositionPatient = [f"{v:.8g}" for v in np.array(dataset.ImagePositionPatient, float) + last]
    dataset.ImageOrientationPatient = [f"{v:.8g}" for v in (*-row, *-column)]
    pixels(dataset, dataset.pixel_array[::-1, ::-1])


def transposed(dataset: Dataset) -> None:
    """Rows run to the back, so that the slices' normal points to the feet: a patient on the side."""
    row, column = dataset.ImageOrientationPatient[:3], dataset.ImageOrientationPatient[3:]
    dataset.ImageOrientationPatient = [*column, *row]
    dataset.PixelSpacing = list(dataset.PixelSpacing)[::-1]
    pixels(dataset, dataset.pixel_array.T)


def reversed_numbers(dataset: Dataset) -> None:
    dataset.InstanceNumber = 1000 - int(dataset.InstanceNumber)
    dataset.PatientPosition = "FFP"


@pytest.mark.fault("DICOM slices with rows another way round, or numbered backwards", "nothing: the result is the same")
@pytest.mark.parametrize("edit", [turned_round, transposed, reversed_numbers])
def test_how_slices_are_stored_changes_neither_study_nor_results(
    study_folder, study, labels, tmp_path, edit: Callable[[Dataset], object]
):
    change(study_folder, edit)
    other = load_study(study_folder)
    for modality in Modality:
        assert Grid.of(other.volume(modality)).matches(Grid.of(study.volume(modality)), 1e-3)
        assert np.array_equal(to_array(other.volume(modality)), to_array(study.volume(modality)))
    write_segmentation(labels, other.grid, other.headers, INFO, tmp_path / "a.dcm")
    stack = source_stack(other.headers[Modality.T2W], other.grid)
    masks = read_segmentation(tmp_path / "a.dcm", stack.grid)
    assert np.array_equal(laid_on(masks[..., 0], stack.grid, other.grid), labels == 1)
    values = np.linspace(0, 1, labels.size).reshape(labels.shape)
    write_map(values, other.grid, other.headers, INFO, tmp_path / "map")
    written = stack_of(scan_folder(tmp_path / "map").frames)
    read = laid_on(to_array(read_volume(written)[0]), written.grid, other.grid)
    np.testing.assert_allclose(read / STEPS, values, atol=0.0006)


@pytest.mark.parametrize("number", [5, 11, 30, 47])
def test_a_converted_t2w_is_linked_whatever_order_its_converter_likes(study_folder, study, number):
    headers = link_to_dicom(ORDERS[number].of_image(study.t2w), study_folder)
    assert len(headers[Modality.T2W]) == study.grid.size[2]
