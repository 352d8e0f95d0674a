"""Pixels that fill up an image where nothing was measured are no signal and no diffusion coefficient."""

import numpy as np
import pytest
from pydicom import Dataset

from Dicom.making import change, small_study
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import load_study

ROWS = 6  # at the edge, where correction of distortion leaves none


def padded(stored: int, kind: str = "<u2", **tags: tuple[str, int]):
    """An edit of a slice: its first rows hold `stored`; `tags`: VR and value."""

    def edit(dataset: Dataset) -> None:
        pixels = dataset.pixel_array.astype(kind)
        pixels[:ROWS] = stored
        dataset.PixelData = pixels.tobytes()
        dataset.PixelRepresentation = int(kind == "<i2")
        for keyword, (vr, value) in tags.items():
            dataset.add_new(keyword, vr, value)

    return edit


@pytest.mark.fault("images filled up with a padding value", "nothing: padding is taken for no signal")
@pytest.mark.parametrize("modality", list(Modality), ids=lambda one: one.value)
@pytest.mark.parametrize(
    "edit",
    [
        padded(65535, PixelPaddingValue=("US", 65535)),
        padded(-32768, "<i2", PixelPaddingValue=("SS", -32768)),
        padded(-2000, "<i2", PixelPaddingValue=("US", 63536)),
        padded(61000, PixelPaddingValue=("US", 65535), PixelPaddingRangeLimit=("US", 60000)),
        padded(0, PixelPaddingValue=("US", 0)),
    ],
    ids=["highest", "lowest", "signed value written as unsigned", "range", "zero"],
)
def test_padding_is_no_signal(study_folder, modality, edit):
    expected = to_array(load_study(study_folder).volume(modality))
    expected[:, :ROWS] = 0
    change(study_folder / modality.value, edit)
    assert np.array_equal(to_array(load_study(study_folder).volume(modality)), expected)


def test_images_stored_inverted_are_turned_round_without_their_padding(study_folder):
    true = to_array(small_study().t2w)
    change(study_folder / "t2w", padded(65535, PixelPaddingValue=("US", 65535)))
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1"))
    found = to_array(load_study(study_folder).t2w)
    inside = true[:, ROWS:]
    assert np.array_equal(found[:, ROWS:], inside.max() + inside.min() - inside)
    assert not found[:, :ROWS].any()


def test_a_value_among_those_measured_is_no_padding(study_folder):
    true = to_array(small_study().t2w)
    common = int(np.median(true))
    change(study_folder / "t2w", lambda dataset: dataset.add_new("PixelPaddingValue", "US", common))
    assert np.array_equal(to_array(load_study(study_folder).t2w), true)
