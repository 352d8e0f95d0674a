"""Measurements of the lesions as a structured report: DICOM PS3.16 TID 1500, one TID 1411 group a lesion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from ...core.assessment import UNASSESSED, Assessment
from ...core.errors import InputError
from ...core.lesions import Lesion
from ...core.storage.files import replacing_file
from ...core.study import Modality
from ..quiet import quietly, silent
from . import codes
from .lesion_sites import laterality_of, region_of
from .pirads_codes import evaluations, sector_code
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
    *,
    assessments: Sequence[Assessment] = (),
) -> None:
    """Writes a Comprehensive 3D SR: volume (cm3), 3D and axial diameters (mm) and mean ADC (um2/s) of each lesion, and
    what a reader entered of it (`assessments`, one a lesion, or none at all): PI-RADS scores, sector, extension.

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
    read = list(zip(lesions, assessments or [UNASSESSED] * len(lesions), strict=True))
    with quietly("DICOM structured report"):
        report = _report(read, stored, _distinct(sources), info)
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
        (codes.SHORT_AXIS, round(lesion.diameters.across.length_mm, 1), codes.MILLIMETRE, None),
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
    read: Sequence[tuple[Lesion, Assessment]], segmentation: Dataset, sources: list[Dataset], info: SegmentationInfo
) -> hd.sr.Comprehensive3DSR:
    import highdicom as hd

    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=_device(info)),
        procedure_reported=codes.MR_OF_PROSTATE,
        imaging_measurements=[_group(one, segmentation, number) for number, one in enumerate(read, start=1)],
    )
    for text in (*_told_by_the_reader(read), *_of_the_result(info)):
        content[0].ContentSequence.append(_comment(text))
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


def _of_the_result(info: SegmentationInfo) -> Iterator[str]:
    if info.place_given:
        yield "The prompt told where to look: these lesions were found with a place given."
    if info.gland_by:
        yield f"The gland, in which places are told, was outlined by {info.gland_by}."
    yield from (f"Caution ({told.code}): {told.text}" for told in info.cautions)


def _told_by_the_reader(read: Sequence[tuple[Lesion, Assessment]]) -> list[str]:
    """Extension has no code of its own in PI-RADS' context groups, so it is told in words."""
    return [
        f"Lesion {lesion.number}, entered by a reader: PI-RADS scores and sector where given; extraprostatic extension "
        f"{said.epe.value or 'not stated'}; seminal vesicle invasion {said.svi.value or 'not stated'}."
        for lesion, said in read
        if said
    ]


def _comment(text: str) -> hd.sr.TextContentItem:
    """In the report's own container, which TID 1500 leaves open for more (type: extensible)."""
    import highdicom as hd

    return hd.sr.TextContentItem(
        name=codes.COMMENT,
        value=text.encode("ascii", "replace").decode("ascii"),
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
    read: tuple[Lesion, Assessment], segmentation: Dataset, number: int
) -> hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    import highdicom as hd

    lesion, said = read
    segment = segmentation.SegmentSequence[number - 1]
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=segment.TrackingUID, identifier=segment.TrackingID),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmentation, number),
        finding_type=codes.LESION,
        finding_sites=[_site(lesion, said)],
        measurements=[
            hd.sr.Measurement(name=name, value=value, unit=unit, derivation=derivation)
            for name, value, unit, derivation in _measures(lesion)
        ],
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(name, value) for name, value in evaluations(said, lesion.place)
        ]
        or None,
    )


def _site(lesion: Lesion, said: Assessment) -> hd.sr.FindingSite:
    """The reader's sector, which names its side itself; else what the model's gland tells."""
    import highdicom as hd

    if said.sector is not None:
        return hd.sr.FindingSite(sector_code(said.sector))
    return hd.sr.FindingSite(region_of(lesion.place), laterality_of(lesion.place))
