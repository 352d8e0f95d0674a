"""Where the three volumes come from: a folder, or the scene; and the DICOM headers behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.cautions import Caution
from ..core.checks.acquisition import acquisition_cautions, check_same_patient
from ..core.errors import InputError
from ..core.geometry import Grid, to_array
from ..core.match.evidence import SeriesHeader, named_b_value
from ..core.match.high_b import high_b_cautions
from ..core.study import Modality, Study
from ..core.study_files import find_study_files, read_plane_files, read_study_files
from ..scene.mrml import Scene, VolumeNode
from ..scene.volumes import Inputs, add_volume, instance_uids
from .i18n import _
from .study_again import folder_of, headers_by_node, read_headers_in, remember_folder, study_of

if TYPE_CHECKING:
    from ..dicom import ListedStudy

Headers = Mapping[Modality, tuple[Any, ...]]
FindFile = Callable[[str], Path | None]
AskStudy = Callable[[Sequence["ListedStudy"]], "ListedStudy | None"]


@dataclass
class DicomHeaders:
    """The headers of volumes that were read from a folder, by node, and those of the application's database.

    A volume of a scene that was saved and opened again finds its headers in the folder that its node names.
    """

    find_file: FindFile
    by_node: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _by_folder: dict[tuple[Path, str], tuple[tuple[Any, ...], ...]] = field(default_factory=dict)

    def remember(self, node: VolumeNode, headers: Sequence[Any]) -> None:
        self.by_node[node.GetID()] = tuple(headers)

    def of(self, node: VolumeNode) -> tuple[Any, ...]:
        """Empty where one slice's file is not known or not sound: half a series must not be exported upon."""
        if node.GetID() in self.by_node:
            return self.by_node[node.GetID()]
        headers = _read_headers(self._files(node)) or self._of_folder(node)
        if headers:
            self.remember(node, headers)
        return headers

    def read_again(self, inputs: Inputs, folder: Path) -> None:
        """From where the study's files are now; InputError where they are not in this folder, or not all."""
        found = headers_by_node(tuple(inputs), read_headers_in(folder, study_of(inputs.t2w)))
        if len(found) < len(Modality):
            raise InputError(
                _(
                    "This folder holds other images than those that were segmented (their SOP Instance UIDs differ); "
                    "choose the folder of that study."
                )
            )
        self.by_node.update(found)
        remember_folder(inputs, folder, study_of(inputs.t2w))

    def forget(self) -> None:
        """The scene closes."""
        self.by_node.clear()
        self._by_folder.clear()

    def of_all(self, inputs: Inputs) -> Headers:
        """By modality; without those of which nothing is known."""
        found = {modality: self.of(node) for modality, node in zip(Modality, inputs, strict=True)}
        return {modality: headers for modality, headers in found.items() if headers}

    def knows(self, node: VolumeNode | None) -> bool:
        """Whether `of` will find headers, or can once the user says where the study's folder is now; reads none."""
        if node is None:
            return False
        uids = instance_uids(node)
        in_database = bool(uids and all(self.find_file(uid) for uid in (uids[0], uids[-1])))
        return node.GetID() in self.by_node or in_database or folder_of(node) is not None

    def series_headers(self, volumes: Sequence[VolumeNode]) -> Mapping[str, SeriesHeader]:
        """What DICOM says of each volume that comes from it, by node ID."""
        try:
            from ..dicom.match.loaded import LoadedSlices, headers_of_loaded
        except ImportError:
            return {}  # older than 5.12, Slicer lacks what reads DICOM: names, geometry and values decide
        loaded = {}
        for node in volumes:
            if (image := node.GetImageData()) is not None:
                slices = self.by_node.get(node.GetID()) or self._files(node)
                loaded[node.GetID()] = LoadedSlices(slices, image.GetNumberOfPoints())
        return headers_of_loaded(loaded)

    def _files(self, node: VolumeNode) -> tuple[Path, ...]:
        """Empty where one slice's file is not known."""
        files = [self.find_file(uid) for uid in instance_uids(node)]
        return () if None in files else tuple(file for file in files if file is not None)

    def _of_folder(self, node: VolumeNode) -> tuple[Any, ...]:
        """Empty where the folder is gone, or holds other images by now."""
        folder = folder_of(node)
        if folder is None or not folder.exists():
            return ()
        key = (folder, study_of(node))
        if key not in self._by_folder:
            try:
                self._by_folder[key] = read_headers_in(*key)
            except InputError:
                self._by_folder[key] = ()
        return headers_by_node((node,), self._by_folder[key]).get(node.GetID(), ())


@dataclass(frozen=True)
class Opened:
    """A study that was read into the scene, and a sentence a modality, why that series or file was read. `planes`:
    sagittal and coronal T2W, where it has them. `study`: its Study Instance UID, empty where it is not of DICOM."""

    inputs: Inputs
    reasons: Mapping[Modality, str]
    cautions: tuple[Caution, ...] = ()
    planes: Mapping[str, VolumeNode] = field(default_factory=dict)
    study: str = ""


def open_folder(scene: Scene, source: Path, headers: DicomHeaders, ask_study: AskStudy) -> Opened:
    """Reads a study from PI-CAI-named files, or from a folder or zip of DICOM, into new volume nodes; InputError says
    what is wrong. `ask_study`: of several, which one."""
    study = _read_study(source, ask_study)
    nodes = {modality: _add(scene, study, modality) for modality in Modality}
    for modality, series in study.headers.items():
        headers.remember(nodes[modality], series)
        nodes[modality].SetAttribute("DICOM.instanceUIDs", " ".join(str(slice_.SOPInstanceUID) for slice_ in series))
    planes = {
        plane: add_volume(scene, to_array(image), Grid.of(image), f"T2W {plane}")
        for plane, image in study.planes.items()
    }
    uid = str(study.headers[Modality.T2W][0].StudyInstanceUID) if study.headers else ""
    return Opened(Inputs(*nodes.values()), study.reasons, study.cautions, planes, uid)


def input_cautions(inputs: Inputs, headers: DicomHeaders, opened: Opened | None) -> tuple[Caution, ...]:
    """What reading the study and its DICOM headers give reason for; InputError where they name different patients."""
    found = headers.of_all(inputs)
    check_same_patient(found)
    if opened is not None and tuple(opened.inputs) == tuple(inputs):
        return (*opened.cautions, *acquisition_cautions(found))
    return (*acquisition_cautions(found), *high_b_cautions(_b_value(inputs.hbv, headers)))


def _b_value(hbv: VolumeNode, headers: DicomHeaders) -> float | None:
    """s/mm2, of its files or its name; None where neither tells it, or it was computed of images of several."""
    told = headers.series_headers([hbv]).get(hbv.GetID(), SeriesHeader())
    if told.volumes > 1:
        return None
    return named_b_value(hbv.GetName() or "") if told.b_value is None else told.b_value


def _read_study(source: Path, ask_study: AskStudy) -> Study:
    files = find_study_files(source) if source.is_dir() else None
    if files is not None:
        return replace(read_study_files(files), planes=read_plane_files(source))
    try:
        from ..dicom import SeveralStudiesError, list_studies, load_study
    except ImportError as error:
        needed = _("Reading DICOM needs Slicer 5.12 or newer: {name} is missing.").format(name=error.name)
        raise InputError(needed) from None
    try:
        return load_study(source, with_planes=True)
    except SeveralStudiesError:
        chosen = ask_study(list_studies(source))
    if chosen is None:
        raise InputError(_("Nothing was opened: there are several studies, and none was chosen."))
    return load_study(source, study=chosen.uid, with_planes=True)


def _add(scene: Scene, study: Study, modality: Modality) -> VolumeNode:
    image = study.volume(modality)
    return add_volume(scene, to_array(image), Grid.of(image), modality.name)


def _read_headers(files: Sequence[Path]) -> tuple[Any, ...]:
    """Without pixels; empty where a file is not sound DICOM, or Slicer too old to bring what reads it."""
    try:
        from ..dicom.read.dataset import UnreadableError, read_header
    except ImportError:
        return ()
    try:
        return tuple(read_header(file) for file in files)
    except UnreadableError:
        return ()
