"""The folder that a study was opened from, kept on its nodes: a scene opened later finds the DICOM headers there again.

A scene keeps voxels and SOP Instance UIDs, but no headers, and an export needs those of every slice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..scene.mrml import VolumeNode
from ..scene.volumes import Inputs, instance_uids
from .i18n import _

# Attributes of a volume node. The folder may be a zip, and hold several studies.
FOLDER, STUDY = "ProstateAlignRefine.StudyFolder", "ProstateAlignRefine.StudyInstanceUID"

Series = tuple[Any, ...]  # headers of a volume's slices


def remember_folder(inputs: Inputs, folder: Path, study: str) -> None:
    """On the volumes that come from DICOM; the others need nothing more."""
    for node in inputs:
        if instance_uids(node):
            node.SetAttribute(FOLDER, str(folder.resolve()))
            node.SetAttribute(STUDY, study)


def folder_of(node: VolumeNode) -> Path | None:
    """None where the volume was not opened from a DICOM folder. The folder itself may have gone."""
    folder = node.GetAttribute(FOLDER)
    return Path(folder) if folder and instance_uids(node) else None


def study_of(node: VolumeNode) -> str:
    """Study Instance UID; empty where it is not known."""
    return node.GetAttribute(STUDY) or ""


def read_headers_in(folder: Path, study: str) -> tuple[Series, ...]:
    """Of the folder's study, as they were when it was opened; empty where it holds others, InputError where it cannot
    be read."""
    try:
        from ..dicom import OtherStudiesError, load_study
    except ImportError as error:
        needed = _("Reading DICOM needs Slicer 5.12 or newer: {name} is missing.").format(name=error.name)
        raise InputError(needed) from None
    try:
        return tuple(load_study(folder, study=study).headers.values())
    except OtherStudiesError:
        return ()


def headers_by_node(nodes: Sequence[VolumeNode], found: Sequence[Series]) -> Mapping[str, Series]:
    """By node ID, where a series has just the SOP Instance UIDs that the node was made from."""
    by_uids = {frozenset(str(slice_.SOPInstanceUID) for slice_ in series): series for series in found}
    matched = {node.GetID(): by_uids.get(frozenset(instance_uids(node)), ()) for node in nodes}
    return {node_id: series for node_id, series in matched.items() if series}
