"""The geometry gate: each fault is refused by its name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.dicom.read.folder import scan_folder
from ProstateAlignRefineLib.dicom.read.frames import Frame
from ProstateAlignRefineLib.dicom.read.stack import IrregularError, stack_of


@pytest.fixture
def slices(study_folder: Path) -> list[Frame]:
    return list(scan_folder(study_folder / "t2w").frames)


def moved(frame: Frame, along: tuple[float, float, float]) -> Frame:
    return replace(frame, position=tuple(np.add(frame.position, along).tolist()))


def test_any_order_of_the_slices_gives_the_same_grid(slices, study):
    shuffled = [slices[i] for i in (3, 9, 0, 7, 1, 2, 8, 5, 4, 6)]
    stack = stack_of(shuffled)
    assert stack.frames == stack_of(slices).frames
    assert stack.grid.matches(Grid.of(study.t2w))


def test_missing_slice_is_named_with_the_distances(slices):
    with pytest.raises(IrregularError, match=r"a slice is missing: .*3\.00 mm apart, but once 6\.00 mm"):
        stack_of(slices[:4] + slices[5:])


def test_duplicate_position_is_named(slices):
    with pytest.raises(IrregularError, match="more than one slice at the same position"):
        stack_of([*slices, replace(slices[3], sop_instance="1.2.3")])


def test_shifted_slice_is_named(slices):
    slices[4] = moved(slices[4], (2.0, 0.0, 0.0))
    with pytest.raises(IrregularError, match=r"shifted sideways by 2\.00 mm"):
        stack_of(slices)


def test_sheared_stack_is_named(slices):
    sheared = [moved(frame, (0.5 * number, 0.0, 0.0)) for number, frame in enumerate(slices)]
    with pytest.raises(IrregularError, match="sheared"):
        stack_of(sheared)


def test_uneven_steps_are_named(slices):
    slices[-1] = moved(slices[-1], (0.0, -0.3, 0.9))
    with pytest.raises(IrregularError, match="unevenly spaced"):
        stack_of(slices)


def test_mixed_frames_of_reference_are_named(slices):
    slices[2] = replace(slices[2], frame_of_reference="1.2.3")
    with pytest.raises(IrregularError, match="frames of reference"):
        stack_of(slices)


def test_mixed_orientations_of_a_localizer_are_named(slices):
    slices[2] = replace(slices[2], orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    with pytest.raises(IrregularError, match="different orientations"):
        stack_of(slices)


@pytest.mark.parametrize(("change", "words"), [({"rows": 12}, "matrix sizes"), ({"spacing": (1.0, 1.0)}, "spacings")])
def test_slices_of_different_kind_are_named(slices, change, words):
    slices[0] = replace(slices[0], **change)
    with pytest.raises(IrregularError, match=words):
        stack_of(slices)


def test_orientation_that_is_no_rotation_is_refused(slices):
    bent = [replace(frame, orientation=(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)) for frame in slices]
    with pytest.raises(IrregularError, match="perpendicular"):
        stack_of(bent)
