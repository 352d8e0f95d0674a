"""Measurements of the lesions as a structured report: DICOM PS3.16 TID 1500, one TID 1411 group a lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from ...core.cautions import Caution
from ...core.errors import InputError
from ...core.lesions import Lesion
from ...core.storage.files import replacing_file
from ...core.study import Modality
from ..quiet import quietly, silent
from . import codes
from .lesion_sites import laterality_of, region_of
from .provenance import ALGORITHM, PRODUCT, SERIES_OFFSET, SegmentationInfo, equipment
from .source_headers import carry_character_set, result_series_number, source_header

if TYPE_CHECKING:
    import highdicom as hd

DESCRIPTION = "Prostate lesion measurements, biparametric MRI, AI, for research"
_DEVICE_SEED = "ProstateAlignRefine measurement software"


@silent()
def write_measurements(
    lesions: Sequence[Lesion],
    segmentation: Path,
    headers: Mapping[Modality, Sequence[Dataset]],
    info: SegmentationInfo,
    path: Path,
) -> None:
    """Writes a Comprehensive 3D SR: volume (cm3), 3D and axial diameter (mm) and mean ADC (um2/s) of each lesion.

    `segmentation` is the file that `write_segmentation` made of the same lesions, in the same order; its segments and
    tracking UIDs are referred to. The report is partial and unverified: no person has signed it. The file takes its
    name only after its numbers were read back. InputError where the lesions are not those of the segmentation.
    """
    stored = _with_frames_told(dcmread(segmentation))
    if len(lesions) != len(stored.SegmentSequence):
        raise InputError(
            f"There are {len(lesions)} lesions, but {len(stored.SegmentSequence)} segments in the segmentation; "
            "write the segmentation again."
        )
    sources = [source_header(header) for slices in headers.values() for header in slices]
    with quietly("DICOM structured report"):
        report = _report(lesions, stored, _distinct(sources), info)
        carry_character_set(sources[0], report)
    with replacing_file(path) as temporary:
        with quietly("DICOM structured report"):
            report.save_as(temporary, enforce_file_format=True)
            equal = read_measurements(temporary) == _numbers(lesions, stored)
        if not equal:
            raise InputError("The DICOM structured report did not read back as written and was not kept; try again.")


def read_measurements(path: Path) -> dict[str, dict[str, float]]:
    """The numbers of a report by tracking UID and by the meaning of their concept."""
    import highdicom as hd

    report: Any = hd.sr.srread(path).content
    groups = report.get_volumetric_roi_measurement_groups()
    return {str(group.tracking_uid): _values(group) for group in groups}


def _values(group: Any) -> dict[str, float]:
    return {measurement.name.meaning: float(measurement.value) for measurement in group.get_measurements()}


def _distinct(sources: Sequence[Dataset]) -> list[Dataset]:
    return list({str(source.SOPInstanceUID): source for source in sources}.values())


def _numbers(lesions: Sequence[Lesion], segmentation: Dataset) -> dict[str, dict[str, float]]:
    return {
        str(segment.TrackingUID): {name.meaning: value for name, value, _, _ in _measures(lesion)}
        for lesion, segment in zip(lesions, segmentation.SegmentSequence, strict=True)
    }


def _measures(lesion: Lesion) -> list[tuple[Code, float, Code, Code | None]]:
    """Concept, value, unit and derivation of each number, with as many digits as they deserve."""
    measures: list[tuple[Code, float, Code, Code | None]] = [
        (codes.VOLUME, round(lesion.volume_ml, 3), codes.CUBIC_CENTIMETRE, None),
        (codes.DIAMETER_3D, round(lesion.diameter_3d_mm, 1), codes.MILLIMETRE, None),
        (codes.LONG_AXIS, round(lesion.max_axial_diameter_mm, 1), codes.MILLIMETRE, None),
    ]
    if lesion.mean_adc is not None:
        measures.append((codes.ADC, round(lesion.mean_adc), codes.SQUARE_MICROMETRE_PER_SECOND, codes.MEAN))
    return measures


def _with_frames_told(segmentation: Dataset) -> Dataset:
    """What all frames share, written to each: highdicom puts the number of an only segment and the sources of an only
    frame into the shared groups, and does not find them there when it refers to the segment."""
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    for keyword in ("SegmentIdentificationSequence", "DerivationImageSequence"):
        if keyword in shared:
            for frame in segmentation.PerFrameFunctionalGroupsSequence:
                frame[keyword] = shared[keyword]
    return segmentation


def _report(
    lesions: Sequence[Lesion], segmentation: Dataset, sources: list[Dataset], info: SegmentationInfo
) -> hd.sr.Comprehensive3DSR:
    import highdicom as hd

    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=_device(info)),
        procedure_reported=codes.MR_OF_PROSTATE,
        imaging_measurements=[_group(lesion, segmentation, number) for number, lesion in enumerate(lesions, start=1)],
    )
    for caution in info.cautions:
        content[0].ContentSequence.append(_comment(caution))
    return hd.sr.Comprehensive3DSR(
        evidence=[segmentation, *sources],
        content=content[0],
        series_instance_uid=generate_uid(),
        series_number=result_series_number(sources[0], SERIES_OFFSET + 1),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        **equipment(info),
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description=DESCRIPTION,
    )


def _comment(caution: Caution) -> hd.sr.TextContentItem:
    """A caution in the report's own container, which TID 1500 leaves open for more (type: extensible)."""
    import highdicom as hd

    return hd.sr.TextContentItem(
        name=codes.COMMENT,
        value=f"Caution ({caution.code}): {caution.text}".encode("ascii", "replace").decode("ascii"),
        relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
    )


def _device(info: SegmentationInfo) -> hd.sr.ObserverContext:
    import highdicom as hd

    attributes = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[_DEVICE_SEED, info.version, info.weights_sha256]),
        name=PRODUCT,
        manufacturer_name=PRODUCT,
        model_name=ALGORITHM,
        serial_number=info.weights_sha256[:16],
    )
    device = hd.sr.CodedConcept("121007", "DCM", "Device")
    return hd.sr.ObserverContext(observer_type=device, observer_identifying_attributes=attributes)


def _group(
    lesion: Lesion, segmentation: Dataset, number: int
) -> hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    import highdicom as hd

    segment = segmentation.SegmentSequence[number - 1]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=segment.TrackingUID, identifier=segment.TrackingID),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmentation, number),
        finding_type=codes.LESION,
        finding_sites=[hd.sr.FindingSite(region_of(lesion.place), laterality_of(lesion.place))],
        measurements=[
            hd.sr.Measurement(name=name, value=value, unit=unit, derivation=derivation)
            for name, value, unit, derivation in _measures(lesion)
        ],
    )
