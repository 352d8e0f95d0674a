"""Whoever reads the DICOM object learns that the prompt told where to look, and not the prompt itself."""

import pytest

from ProstateAlignRefineLib.dicom import SegmentationInfo


@pytest.mark.parametrize("given", [False, True])
def test_a_place_that_was_given_stands_among_the_algorithms_parameters(given):
    info = SegmentationInfo("1.0", 0.35, 0.5, "left apex lesion of Mr X", "a" * 64, place_given=given)
    assert ("place_given" in info.parameters) is given
    assert "Mr X" not in str(info.parameters)
