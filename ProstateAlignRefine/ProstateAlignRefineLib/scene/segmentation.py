"""Lesions as segments of nodes of our own: nobody else's segmentation is ever written to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import slicer
from numpy.typing import NDArray

from ..core.assessment import assessment_from
from ..core.geometry import Grid
from ..core.palette import CANDIDATE_RGB, LESION_RGB
from ..results.review import Decision, FoundLesion, Review, Tracked, TrackedLesion
from .mrml import MrmlSegment, MrmlSegmentation, OrientedImage, Scene, SegmentationNode, VolumeNode
from .oriented import empty_image, voxels, write_mask
from .terminology import ASSESSMENT_TAG, DECISION_TAG, NUMBER_TAG, TRACKING_TAG, new_segment, tag_lesion, tag_of
from .volumes import place_beside

LABELMAP = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
SURFACE = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()

Signature = tuple[tuple[str, int], ...]


def add_segmentation(scene: Scene, t2w: VolumeNode, name: str) -> SegmentationNode:
    """A new, empty segmentation in the geometry and the study of the T2W volume."""
    node: SegmentationNode = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(t2w)
    place_beside(scene, node, t2w)
    return node


def lesion_segments(segmentation: MrmlSegmentation) -> Iterator[tuple[str, MrmlSegment]]:
    """Id and segment of every lesion of ours; segments that the user added are not among them."""
    for segment_id in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        if segment is not None and tag_of(segment, NUMBER_TAG):
            yield segment_id, segment


def segment_of_lesion(node: SegmentationNode, number: int) -> str:
    """The segment's ID; empty where the node holds no such lesion."""
    segments = lesion_segments(node.GetSegmentation())
    return next((name for name, segment in segments if tag_of(segment, NUMBER_TAG) == str(number)), "")


def write_lesions(
    node: SegmentationNode, outcome: Review, lesions: Sequence[FoundLesion], grid: Grid, algorithm_type: str
) -> None:
    """Make the node's lesion segments those `lesions` of the outcome, voxels and tags.

    A lesion keeps its segment (whose id is the tracking UID) through changes of number and shape, and a name or colour
    that the user gave it. The user's own segments stay as they are.
    """
    segmentation = node.GetSegmentation()
    wanted = {found.uid for found in lesions}
    modified = node.StartModify()
    for segment_id, _ in list(lesion_segments(segmentation)):
        if segment_id not in wanted:
            segmentation.RemoveSegment(segment_id)
    image = _labelmap(outcome, lesions, grid)
    for index, found in enumerate(lesions):
        segment = _own_segment(segmentation, found)
        tag_lesion(segment, found, algorithm_type)
        segment.SetLabelValue(found.lesion.number)
        segment.AddRepresentation(LABELMAP, image)
        if segmentation.GetSegment(found.uid) is None:
            segmentation.AddSegment(segment, found.uid)
        segmentation.SetSegmentIndex(found.uid, index)
    node.EndModify(modified)


def refresh_surface(node: SegmentationNode) -> None:
    """Rebuild the closed surface where one is shown, drop one that is hidden: it does not follow written voxels."""
    if node.GetSegmentation().ContainsRepresentation(SURFACE):
        node.RemoveClosedSurfaceRepresentation()
        display = node.GetDisplayNode()
        if display is not None and display.GetVisibility3D():
            node.CreateClosedSurfaceRepresentation()


def is_candidate(segment: MrmlSegment) -> bool:
    """Of a segment of the review layer: whether it waits for the reader, rather than being rejected."""
    return not tag_of(segment, DECISION_TAG)


def read_labels(nodes: Sequence[SegmentationNode], grid: Grid) -> NDArray[np.uint8]:
    """The lesion segments as they are now, edited or not: labels on the whole T2W grid, by their number tags."""
    labels = np.zeros(grid.shape, np.uint8)
    for node in nodes:
        for _, segment in lesion_segments(node.GetSegmentation()):
            image = segment.GetRepresentation(LABELMAP)
            if image is not None:
                write_mask(labels, image, segment.GetLabelValue(), grid, int(tag_of(segment, NUMBER_TAG)))
    return labels


def read_tracked(nodes: Sequence[SegmentationNode]) -> Tracked:
    """Tracking UID, decision and scores of each lesion segment, by number."""
    return {
        int(tag_of(segment, NUMBER_TAG)): TrackedLesion(
            tag_of(segment, TRACKING_TAG),
            Decision(tag_of(segment, DECISION_TAG)),
            assessment_from(tag_of(segment, ASSESSMENT_TAG)),
        )
        for node in nodes
        for _, segment in lesion_segments(node.GetSegmentation())
    }


def signature(nodes: Sequence[SegmentationNode]) -> Signature:
    """Changes whenever voxels of a lesion segment change, or a segment comes or goes."""
    found = []
    for node in nodes:
        for segment_id, segment in lesion_segments(node.GetSegmentation()):
            image = segment.GetRepresentation(LABELMAP)
            found.append((segment_id, image.GetMTime() if image is not None else 0))
    return tuple(found)


def _labelmap(outcome: Review, lesions: Sequence[FoundLesion], grid: Grid) -> OrientedImage:
    image = empty_image(grid, outcome.box)
    numbers = [found.lesion.number for found in lesions]
    voxels(image)[:] = np.where(np.isin(outcome.labels, numbers), outcome.labels, 0)
    return image


def _own_segment(segmentation: MrmlSegmentation, found: FoundLesion) -> MrmlSegment:
    """The lesion's segment, taken out of any labelmap it shares with the user's segments; a new one if it has none."""
    waits = found.candidate and not found.kept
    name = f"{'Candidate' if waits else 'Lesion'} {found.lesion.number}"
    segment = segmentation.GetSegment(found.uid)
    if segment is None:
        return new_segment(name, CANDIDATE_RGB if waits else LESION_RGB)
    if segmentation.IsSharedBinaryLabelmap(found.uid):
        segmentation.SeparateSegmentLabelmap(found.uid)
    if segment.GetName() in (f"{kind} {tag_of(segment, NUMBER_TAG)}" for kind in ("Candidate", "Lesion")):
        segment.SetName(name)
    return segment
