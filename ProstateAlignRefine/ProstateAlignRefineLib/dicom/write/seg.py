"""DICOM Segmentation objects (PS3.3 A.51): lesions, or the gland, on the T2W grid; written, read again and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ...core.errors import InputError
from ...core.geometry import Array, Grid
from ...core.palette import GLAND_RGB, LESION_RGB
from ...core.storage.files import replacing_file
from ...core.study import Modality
from ..quiet import quietly, silent
from .ascii_text import checked_text, fitting_clause
from .codes import ABNORMAL_STRUCTURE, ANATOMICAL_STRUCTURE, LESION, PROSTATE
from .lesion_sites import region_of
from .masks import as_masks, lps_affine_zyx, tracking_uids
from .placing import place_on
from .provenance import PRODUCT, SERIES_OFFSET, SegmentationInfo, algorithm, equipment
from .seg_type import SegType
from .source_headers import (
    carry_character_set,
    check_placed,
    result_series_number,
    source_header,
    source_stack,
    with_slice_step,
)

if TYPE_CHECKING:
    import highdicom as hd

DESCRIPTION = "Prostate lesions, AI, for research"
GLAND_DESCRIPTION = "Prostate gland, AI, for research"
GLAND_OFFSET = SERIES_OFFSET + 3
BACKGROUND = 0  # the segment of a LABELMAP that is none


@silent()
def write_segmentation(
    lesions: Array,
    grid: Grid,
    headers: Mapping[Modality, Sequence[Dataset]],
    info: SegmentationInfo,
    path: Path,
    *,
    seg_type: SegType = SegType.BINARY,
) -> None:
    """Writes a segmentation, one segment a lesion, that refers to the T2W.

    To it alone: of several series that an object refers to, a viewer (OHIF 3.13) takes the one that it happened to
    load first, and shows nothing where that has another matrix. The structured report refers to all images.

    `lesions`: labels 1..n [Z, Y, X], or masks that may overlap [Z, Y, X, n], on `grid`: that of the T2W `headers`
    (within 1e-3 mm), or a flipped, turned or cropped copy of it; the file is always on the headers' own grid, and
    takes its name only after it was read again and every voxel found equal.
    InputError where there is no lesion, the grid is another one, a text does not fit, or lesions overlap in a LABELMAP.
    """
    masks = as_masks(lesions)
    if not masks.any():
        raise InputError("There is no lesion to export; change the gate or the prompt if there should be one.")
    seg_type.check(masks)
    _write(masks, grid, headers, path, lambda placed, t2w: _lesions(placed, t2w, info, seg_type))


@silent()
def write_gland(
    gland: NDArray[np.bool_],
    grid: Grid,
    headers: Mapping[Modality, Sequence[Dataset]],
    info: SegmentationInfo,
    path: Path,
    *,
    seg_type: SegType = SegType.BINARY,
) -> None:
    """Writes the gland [Z, Y, X] as a segmentation of its own; places and refuses as `write_segmentation`."""
    seg_type.check(gland[..., None])
    _write(gland[..., None], grid, headers, path, lambda _placed, _t2w: _gland(info, seg_type))


def _write(
    masks: NDArray[np.bool_],
    grid: Grid,
    headers: Mapping[Modality, Sequence[Dataset]],
    path: Path,
    describe: Callable[[NDArray[np.bool_], Dataset], _Content],
) -> None:
    segmentation, masks, target = _build(masks, grid, headers, describe)
    with replacing_file(path) as temporary:
        with quietly("DICOM segmentation"):
            segmentation.save_as(temporary)
            equal = np.array_equal(read_segmentation(temporary, target), masks)
        if not equal:
            raise InputError("The DICOM segmentation did not read back as written and was not kept; try again.")


def build_segmentation(
    masks: NDArray[np.bool_], grid: Grid, headers: Mapping[Modality, Sequence[Dataset]], info: SegmentationInfo
) -> None:
    """What `write_segmentation` does with masks [Z, Y, X, n], up to the file, which is kept in memory and dropped."""
    segmentation = _build(masks, grid, headers, lambda placed, t2w: _lesions(placed, t2w, info, SegType.BINARY))[0]
    with quietly("DICOM segmentation"):
        segmentation.save_as(BytesIO())


def _build(
    masks: NDArray[np.bool_],
    grid: Grid,
    headers: Mapping[Modality, Sequence[Dataset]],
    describe: Callable[[NDArray[np.bool_], Dataset], _Content],
) -> tuple[hd.seg.Segmentation, NDArray[np.bool_], Grid]:
    """The object, and the masks on the grid of the T2W's headers."""
    check_placed(headers)
    target = source_stack(headers[Modality.T2W], like=grid).grid
    masks = place_on(masks, grid, target)
    step = target.spacing[2]
    t2w = [with_slice_step(source_header(header), step) for header in headers[Modality.T2W]]
    with quietly("DICOM segmentation"):
        segmentation = _segmentation(masks, target, t2w, describe(masks, t2w[0]))
        carry_character_set(t2w[0], segmentation)
    return segmentation, masks, target


def read_segmentation(path: Path, grid: Grid) -> NDArray[np.bool_]:
    """Masks [Z, Y, X, n] of a segmentation file on `grid`, without resampling."""
    import highdicom as hd

    volume = hd.seg.segread(path).get_volume(combine_segments=False, dtype=np.uint8)
    geometry = hd.VolumeGeometry(lps_affine_zyx(grid), grid.shape, coordinate_system="PATIENT")
    matched: NDArray[np.uint8] = volume.match_geometry(geometry).array
    return matched.reshape(*grid.shape, -1).astype(bool)


@dataclass(frozen=True)
class _Content:
    """What the object says of its masks: Content Label (0070,0080), Series Description, series number, segments."""

    label: str
    description: str
    offset: int
    segments: list[hd.seg.SegmentDescription]
    info: SegmentationInfo
    seg_type: SegType


def _segmentation(masks: NDArray[np.bool_], grid: Grid, t2w: list[Dataset], content: _Content) -> hd.seg.Segmentation:
    import highdicom as hd

    volume = hd.Volume(
        masks.astype(np.uint8),
        lps_affine_zyx(grid),
        coordinate_system="PATIENT",
        frame_of_reference_uid=t2w[0].FrameOfReferenceUID,
        channels={"SegmentNumber": range(1, masks.shape[-1] + 1)},
    )
    segmentation = hd.seg.Segmentation(
        source_images=t2w,
        pixel_array=volume,
        segmentation_type=content.seg_type.name,
        segment_descriptions=content.segments,
        series_instance_uid=generate_uid(),
        series_number=result_series_number(t2w[0], content.offset),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        **equipment(content.info),
        content_label=content.label,
        content_description=fitting_clause(content.info.notice) or content.description,
        content_creator_name=f"{PRODUCT}^{content.info.version}",
        series_description=content.description,
        omit_empty_frames=True,
    )
    for segment in segmentation.SegmentSequence:
        if segment.SegmentNumber == BACKGROUND:
            # A viewer that counts colours from the first item on (OHIF 3.13) draws a lesion in this one's, black.
            segment.pop("RecommendedDisplayCIELabValue", None)
    return segmentation


def _lesions(masks: NDArray[np.bool_], t2w: Dataset, info: SegmentationInfo, seg_type: SegType) -> _Content:
    import highdicom as hd

    count = masks.shape[-1]
    labels = info.labels or tuple(f"Lesion {number}" for number in range(1, count + 1))
    colours = info.colours or (LESION_RGB,) * count
    regions = tuple(map(region_of, info.places)) or (PROSTATE,) * count
    if not len(labels) == len(colours) == len(regions) == count:
        raise InputError(
            f"There are {count} lesions, but {len(labels)} labels, {len(colours)} colours and {len(regions)} places."
        )
    identities = tracking_uids(masks, t2w, info.tracking_uids)
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=checked_text(label, "lesion label"),
            segmented_property_category=ABNORMAL_STRUCTURE,
            segmented_property_type=LESION,
            algorithm_type="SEMIAUTOMATIC" if info.edited else "AUTOMATIC",
            algorithm_identification=algorithm(info),
            tracking_uid=identity,
            tracking_id=f"{PRODUCT}-L{number}",
            anatomic_regions=[region],
            display_color=hd.color.CIELabColor.from_rgb(*colour),
        )
        for number, (label, identity, colour, region) in enumerate(
            zip(labels, identities, colours, regions, strict=True), start=1
        )
    ]
    return _Content("LESIONS", DESCRIPTION, SERIES_OFFSET, segments, info, seg_type)


def _gland(info: SegmentationInfo, seg_type: SegType) -> _Content:
    import highdicom as hd

    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Prostate",
        segmented_property_category=ANATOMICAL_STRUCTURE,
        segmented_property_type=PROSTATE,
        algorithm_type="AUTOMATIC",  # neither gate nor reader changes it
        algorithm_identification=algorithm(info),
        display_color=hd.color.CIELabColor.from_rgb(*GLAND_RGB),
    )
    return _Content("GLAND", GLAND_DESCRIPTION, GLAND_OFFSET, [segment], info, seg_type)
