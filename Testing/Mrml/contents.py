"""What a result's segmentations hold, and what a user does to them."""

from ProstateAlignRefineLib.scene.oriented import announce, voxels
from ProstateAlignRefineLib.scene.segmentation import LABELMAP, read_labels


def segments(node):
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(segment_id) for segment_id in segmentation.GetSegmentIDs()]


def names(node):
    return [segment.GetName() for segment in segments(node)]


def in_scene(reading):
    return read_labels([reading.nodes.lesions], reading.maps.grid)


def draw(node, segment_id, lps_index, value):
    """What a brush does: change voxels of a segment's labelmap in place."""
    image = node.GetSegmentation().GetSegment(segment_id).GetRepresentation(LABELMAP)
    x, _, y, _, z, _ = image.GetExtent()
    k, j, i = lps_index
    voxels(image)[k - z, j - y, i - x] = value
    announce(image)
