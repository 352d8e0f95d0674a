"""What the panel does, without any widget: inputs, model, segmentation, and what is done to the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..bundle.summary import BundleSummary, read_summary
from ..core.faults import told_fault
from ..core.maps import Maps
from ..core.protocol import Finished
from ..core.study import Modality
from ..scene.earlier import forget_incomplete
from ..scene.live import Counts
from ..scene.mrml import VolumeNode
from ..scene.reading import Reading
from ..scene.state import PanelState
from ..scene.volumes import Inputs
from .application import Application
from .bundle_choice import first_bundle
from .devices import DeviceQuestion
from .display_state import apply_display, hide_remains
from .forecast import Forecast
from .gland_wheel import kept_wheel
from .i18n import _
from .listed_results import adopted, change_over, is_of_other_study, make_way, may_replace, retire
from .reviewing import Reviewing
from .run_record import AskedRun
from .segmentation_run import SegmentationRun
from .signal import Signal
from .study_choice import StudyChoice
from .whereabouts import Whereabouts, layout_now
from .worker import Worker
from .worker_python import WorkerPython

Given = TypeVar("Given")

BUNDLE = "bundle"  # a setting of the user, kept between sessions


class Session:
    """The panel's logic. `changed` is sent when anything shown may differ, `ticked` while a slider moves, `opened` when
    a study's folder was read, `found` when a run has given a result."""

    def __init__(self, application: Application, worker: Worker | None = None) -> None:
        self.application = application
        self.python = WorkerPython(self)
        self.worker = worker or Worker(self.python.launch)
        self.run = SegmentationRun(self.worker)
        self.device = DeviceQuestion(self.worker)
        self._forecast = Forecast()
        self.changed: Signal[[]] = Signal()
        self.ticked: Signal[[Counts]] = Signal()
        self.layout_entered: Signal[[]] = Signal()
        self.opened: Signal[[]] = Signal()
        self.found: Signal[[]] = Signal()
        self.where = Whereabouts(self)
        self.review = Reviewing(self)
        self.message = ""
        self._typed: str | None = None
        self.study = StudyChoice(application.dicom_file, lambda found: self.application.ask_study(found))  # noqa: PLW0108
        self.layout = application.reading_layout()
        self.reading: Reading | None = None
        self.bundle: BundleSummary | None = None
        self.run.finished.connect(self._take_result)
        self.run.failed.connect(self.say)
        self.device.answered.connect(self.changed.emit)
        self.adopt_scene()

    # --- scene

    def adopt_scene(self) -> None:
        """Takes up the state and the result that the scene holds; at the start and after one was opened."""
        self.state = PanelState(self.application.state_node())
        self.layout = layout_now(self.application, self.layout)
        self._typed = None
        folder = first_bundle(self.state.bundle, self.application.setting(BUNDLE))
        self.bundle = self.guarded(lambda: read_summary(folder)) if folder else None
        reading = self.guarded(lambda: adopted(self.application.scene, self.state, self.reading))
        if reading is not self.reading:
            self._put_down()
            self.reading = reading
        self.study.name_slices(self.reading)
        if self.reading is None and self.state.lesions is not None and not self.message:
            self.message = _("The result in this scene is not complete, or of another version; segment again.")
        if self.layout.is_on:
            self.read()
        self.show_as_set()
        self.changed.emit()

    def leave_scene(self) -> None:
        """The scene is about to close: what runs is stopped, which is said; nothing of it is touched again."""
        self.message = ""
        self.cancel(_("The scene was closed; the run was stopped."))
        self.layout.leave()
        self.where.forget()
        self._put_down()
        self.study.forget()

    def notice_removal(self) -> None:
        """A node left the scene; the panel shows it where it was one of ours, and a run on it is stopped."""
        lost = self.reading if self.shown is None else None
        if lost is not None:
            self.message = ""
            hide_remains(lost, self.layout)
        removed = self.run.lost_input
        if removed is not None:
            self.cancel(_("The {volume} was removed; the run was stopped.").format(volume=removed.name))
        if self.state.node.GetScene() is None:
            self._renew_state()
        unchosen = self.study.forget_removed(self.state)
        bare = self.shown is not None and self.shown.forget_removed_gland()
        if forget_incomplete(self.application.scene) or lost is not None or unchosen or bare:
            self.changed.emit()

    def _renew_state(self) -> None:
        """Its node was removed by hand: the result stays, and its volumes are chosen."""
        self.state = PanelState(self.application.state_node())
        if self.shown is not None:
            self.shown.store(self.state)
            self.study.take(self.state, self.shown.inputs)
        self.changed.emit()

    def stop(self) -> None:
        """The panel goes: no process stays behind, and nothing in the scene is watched any more."""
        self.layout.leave()
        self.worker.stop()
        self._put_down()

    # --- inputs

    @property
    def inputs(self) -> Inputs | None:
        return self.study.inputs(self.state)

    def choose_input(self, modality: Modality, node: VolumeNode | None) -> None:
        """What the user sets by hand; None leaves the modality open."""
        if node is not getattr(self.state, modality.value):
            self.study.choose(self.state, modality, node)
            self._part_from_other_study()
            self.where.read_on()

    def match_inputs(self) -> None:
        """T2W, ADC and HBV among the volumes of the scene, each with the reason."""
        self.guarded(lambda: self.study.match(self.state, self.application.scene))
        self._part_from_other_study()
        self.where.read_on()

    def open_study(self, folder: Path) -> None:
        """A folder or zip; what cannot be read is said in `message`."""
        self.message = ""
        before = self.inputs
        self.guarded(lambda: self.study.open(self.state, self.application.scene, folder))
        if self.inputs != before:
            self._part_from_other_study()
            self.read()
            self.opened.emit()
        self.changed.emit()

    def choose_bundle(self, folder: Path) -> None:
        """Kept for later sessions; what is no bundle is refused in `message`, and the one before stays."""
        bundle = self.guarded(lambda: read_summary(folder))
        if bundle is not None:
            self.bundle, self._typed = bundle, None
            self.state.bundle, self.state.prompt = str(folder), bundle.facts.prompt
            self.application.keep_setting(BUNDLE, str(folder))
            self.say("")

    @property
    def prompt(self) -> str:
        """What the user typed, be it nothing; else the scene's, else the model's own."""
        if self._typed is not None:
            return self._typed
        return self.state.prompt or (self.bundle.facts.prompt if self.bundle else "")

    def type_prompt(self, text: str) -> None:
        """Kept in the scene; it changes no result until the next run."""
        self._typed = self.state.prompt = text
        self.changed.emit()

    def segment(self) -> None:
        """Asks the worker; nothing where a volume or the model is missing, or the study is refused."""
        if self.inputs is None or self.bundle is None:
            return
        inputs, bundle, prompt = self.inputs, self.bundle, self.bundle.prompt_in_force(self.prompt)
        cautions = self.guarded(lambda: self.study.cautions(inputs))
        if cautions is None:
            return
        self._replaces = may_replace(self.application, self.reading, inputs, bundle.facts.sha256, prompt)
        self._asked = AskedRun(bundle.facts, prompt, dict(self.study.reasons), cautions)
        self.message = ""
        self.guarded(lambda: self._start(inputs, bundle, prompt))
        self.changed.emit()

    def _start(self, inputs: Inputs, bundle: BundleSummary, prompt: str) -> None:
        expected = self._forecast.begin(self.application, self.worker.pid, bundle, inputs, self.state)
        state, folder, register = self.state, str(bundle.folder), self.state.register
        wheel = kept_wheel(self.application) if state.gland_network else None
        self.run.start(inputs, folder, prompt, state.device, register=register, gland_wheel=wheel, expected=expected)

    def cancel(self, why: str = "") -> None:
        """Stops the run, if there is one; nothing in the scene changes. `why`: said in place of the usual word."""
        if self.run.running:
            self.worker.cancel()
            self.say(why or _("Cancelled."))

    # --- result

    @property
    def shown(self) -> Reading | None:
        """The result, as long as it is in the scene."""
        return self.reading if self.reading is not None and self.reading.alive else None

    def activate(self, kept: PanelState) -> None:
        """An earlier result becomes the one that is shown and acted on; the present one is set aside."""
        scene, self.message = self.application.scene, ""
        reading = self.guarded(lambda: change_over(scene, self.reading, kept))
        if reading is not None:
            self._use(reading)
        self.changed.emit()

    def jump(self, number: int) -> None:
        """Every view of the reading layout to where a lesion is longest, which is the slice that its ruler lies in."""
        reading = self.reading
        found = next((one for one in reading.lesions if one.lesion.number == number), None) if reading else None
        if reading is not None and found is not None:
            self.guarded(lambda: self.layout.jump(reading.inputs.t2w, found.lesion.diameters.longest.middle))

    def read(self) -> None:
        """The reading layout."""
        inputs = self.inputs
        if inputs is not None:
            self.guarded(lambda: self.layout.enter(inputs, planes=self.study.planes(self.state)))
            self.show_as_set()
            self.layout_entered.emit()
        self.changed.emit()

    def leave_layout(self) -> None:
        """Back to the user's own layout."""
        self.layout.leave()
        self.changed.emit()

    def show_as_set(self) -> None:
        """Outline, edits, heatmap and the lot as the state says."""
        if self.shown is not None:
            apply_display(self.shown, self.state, self.layout)
            if self.layout.show_3d(self.state.surface):
                self.layout_entered.emit()

    def say(self, message: str) -> None:
        """One sentence for the user; empty takes the last one away."""
        self.message = message
        self.changed.emit()

    def _take_result(self, inputs: Inputs, maps: Maps, event: Finished) -> None:
        self.device.note(event.device)
        self._forecast.learn(self.application, self.worker.pid, self.run, event)
        psa = self.reading.run.psa if self.reading and self.reading.inputs.t2w is inputs.t2w else None
        run = self._asked.answered(event, psa)
        reading = self.guarded(lambda: Reading.start(self.application.scene, inputs, maps, run))
        if reading is None:
            return
        before = self.reading
        self._use(reading)
        if before is not None and before.alive:
            make_way(self.application.scene, before, reading, self._replaces)
        self.say(event.fell_back)
        self.found.emit()

    def _put_down(self) -> None:
        if self.reading is not None:
            self.reading.release()
        self.reading = None

    def _part_from_other_study(self) -> None:
        reading = self.reading
        if reading is not None and is_of_other_study(reading, self.state):
            self.guarded(lambda: retire(self.application.scene, reading, self.state))
            self._put_down()

    def _use(self, reading: Reading) -> None:
        self._put_down()
        self.reading = reading
        self.study.take(self.state, reading.inputs)
        self.study.name_slices(reading)
        reading.store(self.state)
        show = self.read if self.where.shown else self.show_as_set  # elsewhere the user's own layout stays
        show()

    def guarded(self, act: Callable[[], Given]) -> Given | None:
        """The result, or None and the error's sentence as the message."""
        try:
            return act()
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            self.say(told_fault(error))
            return None
