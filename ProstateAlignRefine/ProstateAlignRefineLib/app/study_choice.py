"""Which volumes of the scene make up the study, and why each of them was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.cautions import Caution
from ..core.errors import InputError
from ..core.study import Modality
from ..results.slice_names import SliceNames
from ..scene.matching import match_planes, match_volumes, volumes_in
from ..scene.mrml import Scene, VolumeNode
from ..scene.reading import Reading
from ..scene.state import PanelState
from ..scene.volumes import Inputs
from .i18n import _
from .study_again import remember_folder
from .study_source import AskStudy, DicomHeaders, FindFile, Opened, input_cautions, open_folder


class StudyChoice:
    """The nodes themselves lie in the state; here are the reasons and the DICOM headers behind them."""

    def __init__(self, find_file: FindFile, ask_study: AskStudy) -> None:
        self.headers = DicomHeaders(find_file)
        self._ask_study = ask_study
        self.reasons: dict[Modality, str] = {}
        self._opened: Opened | None = None

    def inputs(self, state: PanelState) -> Inputs | None:
        """The three volumes that are chosen; None while one is missing."""
        nodes = [getattr(state, modality.value) for modality in Modality]
        return None if any(node is None for node in nodes) else Inputs(*nodes)

    def choose(self, state: PanelState, modality: Modality, node: VolumeNode | None) -> None:
        """What the user sets by hand."""
        setattr(state, modality.value, node)
        self._show_beside(state, {} if modality is Modality.T2W else self.planes(state))
        self.reasons[modality] = _("Chosen by you.") if node is not None else ""

    def take(self, state: PanelState, inputs: Inputs) -> None:
        """Those of a result that is taken up again."""
        for modality, node in zip(Modality, inputs, strict=True):
            if node is not getattr(state, modality.value):
                self.choose(state, modality, node)
                self.reasons[modality] = _("Of the result that is shown.")

    def name_slices(self, reading: Reading | None) -> None:
        """By the DICOM headers of its T2W, where they are known."""
        if reading is not None:
            reading.slice_names = SliceNames.of(reading.maps.grid, self.headers.of(reading.inputs.t2w))

    def forget_removed(self, state: PanelState) -> bool:
        """Volumes that are no longer in the scene are no longer chosen; whether there were any."""
        removed = [modality for modality in Modality if state.is_dangling(modality.value)]
        for modality in removed:
            self.choose(state, modality, None)
        return bool(removed)

    def match(self, state: PanelState, scene: Scene) -> None:
        """T2W, ADC and HBV among the volumes of the scene."""
        volumes = volumes_in(scene)
        headers = self.headers.series_headers(volumes)
        matches = match_volumes(volumes, headers)
        for modality, match in matches.items():
            setattr(state, modality.value, match.node)
            self.reasons[modality] = match.reason
        t2w = matches[Modality.T2W].node
        self._show_beside(state, {} if t2w is None else match_planes(volumes, t2w, headers))

    def open(self, state: PanelState, scene: Scene, source: Path) -> None:
        """Reads the study of a folder or zip into new volumes and chooses them, after a question where there are
        several; InputError says what is wrong."""
        self._opened = opened = open_folder(scene, source, self.headers, self._ask_study)
        remember_folder(opened.inputs, source, opened.study)
        for modality, node in zip(Modality, opened.inputs, strict=True):
            setattr(state, modality.value, node)
        self._show_beside(state, opened.planes)
        self.reasons = dict(opened.reasons)

    def planes(self, state: PanelState) -> dict[str, VolumeNode]:
        """Sagittal and coronal T2W to look at, by plane; those found with the T2W, gone with it."""
        found = {"sagittal": state.t2w_sagittal, "coronal": state.t2w_coronal}
        return {plane: node for plane, node in found.items() if node is not None}

    def _show_beside(self, state: PanelState, planes: Mapping[str, VolumeNode]) -> None:
        state.t2w_sagittal, state.t2w_coronal = planes.get("sagittal"), planes.get("coronal")

    def cautions(self, inputs: Inputs) -> tuple[Caution, ...]:
        """What the inputs' headers and their reading give reason for; InputError where they name different patients."""
        return input_cautions(inputs, self.headers, self._opened)

    def find_again(self, inputs: Inputs, ask_folder: Callable[[str], Path | None]) -> None:
        """For an export: asks for the study's folder where its files are not where they were. InputError says why the
        headers are not at hand then."""
        if len(self.headers.of_all(inputs)) == len(Modality):
            return
        folder = ask_folder(_("The study's DICOM files are not where they were: choose their folder"))
        if folder is None:
            raise InputError(
                _("The study's DICOM files are not where they were; export again and choose their folder.")
            )
        self.headers.read_again(inputs, folder)

    def forget(self) -> None:
        """The scene closes."""
        self.reasons, self._opened = {}, None
        self.headers.forget()
