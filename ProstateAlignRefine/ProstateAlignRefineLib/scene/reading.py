"""One result in the scene, and what the reader did to it: the gate, the decisions, the painted voxels."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..core.assessment import Assessment
from ..core.errors import InputError
from ..core.findings.judge import Judge
from ..core.gate import check_gate
from ..core.geometry import resample, to_array
from ..core.maps import Maps
from ..core.places import Anatomy
from ..core.study import Modality
from ..results.review import Decision, FoundLesion, Review, inherit, review
from ..results.run import Run
from ..results.setting import Setting, check_false_positives, paint_between
from ..results.slice_names import SliceNames
from .display import ResultNodes, style_result
from .drawn import Drawn
from .gland import add_gland
from .history import Action, ActionKind, History, Step, deciding
from .live import Counts
from .maps import add_maps, maps_of
from .mrml import Scene
from .segmentation import add_segmentation
from .state import PanelState
from .stored import nodes_of_result, note_time, refer_to
from .terminology import AUTOMATIC, SEMIAUTOMATIC
from .volumes import Inputs, grid_of, image_of, moved_alike

SAME_GATE = 1e-9  # a slider's own arithmetic


class Reading:
    """Moves the gate of one result, keeps its lesions and decisions, and undoes.

    A slider calls `preview` while it moves and `commit` when it is let go. Everything is written to nodes of this
    result; voxels that the user edits in its lesion segments are taken over, and the gate leaves them alone.
    """

    _outcome: Review
    _counts: Counts

    def __init__(self, scene: Scene, inputs: Inputs, nodes: ResultNodes, maps: Maps, run: Run) -> None:
        """Use `start` or `reopen`."""
        self.scene, self.inputs, self.nodes, self.maps, self.run = scene, inputs, nodes, maps, run
        self.anatomy = Anatomy.of(maps)
        self.slice_names = SliceNames.of(maps.grid)
        self._adc = image_of(inputs.adc)
        self._drawn = Drawn(nodes, maps)
        self._history: History[Review] = History()

    @classmethod
    def start(cls, scene: Scene, inputs: Inputs, maps: Maps, run: Run) -> Reading:
        """A new result in new nodes, gated with the bundle's own tau and alpha."""
        if not maps.grid.matches(grid_of(inputs.t2w)):
            raise InputError("The T2W volume changed while the network ran; segment again.")
        nodes = ResultNodes(
            maps=add_maps(scene, maps, inputs.t2w),
            lesions=add_segmentation(scene, inputs.t2w, f"{inputs.t2w.GetName()} lesions"),
            review=add_segmentation(scene, inputs.t2w, f"{inputs.t2w.GetName()} lesion review"),
            gland=add_gland(scene, maps, inputs.t2w),
        )
        note_time(nodes)
        reading = cls(scene, inputs, nodes, maps_of(nodes.maps), run)  # the nodes' voxels: not a second copy
        reading._go_to(reading._reviewed(run.own_setting))
        style_result(nodes)
        return reading

    @classmethod
    def reopen(cls, scene: Scene, state: PanelState) -> Reading | None:
        """The result that a loaded scene holds, edits and decisions included.

        None where parts of it are missing, or where the scene does not say how it came about.
        """
        run, stored = state.run, nodes_of_result(state)
        if run is None or stored is None:
            return None
        reading = cls(scene, *stored, maps_of(stored[1].maps), run)
        setting = replace(run.own_setting.moved(state.tau, state.alpha), false_positives=state.false_positives)
        reading._go_to(reading._found_in_segments(setting))
        return reading

    def store(self, state: PanelState) -> None:
        """Keep references, gate and run in the state, for `reopen`; what is chosen for the next run stays chosen."""
        refer_to(state, self.inputs, self.nodes)
        state.tau, state.alpha = self.setting.gate
        state.false_positives = self.setting.false_positives
        state.run = self.run

    def release(self) -> None:
        """Another takes over its nodes, or puts them aside: what is edited there is no longer heard of."""
        self._drawn.release()

    @property
    def alive(self) -> bool:
        """Whether the nodes this reading writes to are still in the scene."""
        needed = (self.nodes.lesions, self.nodes.review, self.inputs.t2w)
        return all(node.GetScene() is not None and self.scene.IsNodePresent(node) for node in needed)

    def forget_removed_gland(self) -> bool:
        """Whether the gland's outline has left the scene, which the result goes without from then on."""
        if self.nodes.gland is None or self.nodes.has_gland:
            return False
        self.nodes = replace(self.nodes, gland=None)
        return True

    @property
    def setting(self) -> Setting:
        return self._outcome.setting

    @property
    def lesions(self) -> tuple[FoundLesion, ...]:
        return self._outcome.lesions

    @property
    def counts(self) -> Counts:
        """Voxels of the lesions that are not rejected, and of the refiner's edits."""
        return self._counts

    @property
    def reviewed(self) -> bool:
        """Whether the reader decided on a lesion, painted, or moved the gate: work that must not be lost."""
        decided = any(found.decision is not Decision.UNDECIDED for found in self.lesions)
        return decided or bool(self.setting.paint) or self.setting.gate != self.run.own_setting.gate

    @property
    def algorithm_type(self) -> str:
        """AUTOMATIC until a person changes the gate, the prompt, a voxel, or which lesions there are."""
        untouched = self.run.untouched_at(self.setting) and not self._outcome.corrected
        return AUTOMATIC if untouched else SEMIAUTOMATIC

    def preview(self, tau: float, alpha: float) -> Counts:
        """One tick of a slider: mask and edits in the views follow at once, lesions and tables wait for `commit`.

        Back at the gate of the lesions these are shown again: a slider that is let go there may not say so.
        """
        check_gate(tau, alpha)
        if not self._drawn.is_live:
            self.collect_voxel_edits()
        if np.allclose((tau, alpha), self.setting.gate, rtol=0, atol=SAME_GATE):
            self._moving = self.setting
            self._write()
        else:
            self._moving = self.setting.moved(tau, alpha)
            self._counts = self._drawn.move(self._moving)
        return self._counts

    def commit(self) -> tuple[FoundLesion, ...]:
        """Find and measure the lesions of the gate last previewed; one step to undo."""
        if not self._drawn.is_live:
            self.collect_voxel_edits()
        if self._moving.gate != self.setting.gate:
            self._take(self.setting.moved(*self._moving.gate), Action(ActionKind.MOVE_GATE))
        else:
            self._write()
        return self.lesions

    def set_gate(self, tau: float, alpha: float) -> tuple[FoundLesion, ...]:
        """`preview` and `commit` in one: a typed value, a reset."""
        self.preview(tau, alpha)
        return self.commit()

    def set_sensitivity(self, false_positives: float) -> None:
        """Show candidates as far as so many false positives a study are expected in all; one step to undo."""
        check_false_positives(false_positives)
        if self._drawn.is_live:
            self.commit()
        self.collect_voxel_edits()
        if false_positives != self.setting.false_positives:
            moved = replace(self.setting, false_positives=false_positives)
            self._take(moved, Action(ActionKind.MOVE_SENSITIVITY))

    def decide(self, number: int, decision: Decision) -> None:
        """Accept or reject a lesion; one step to undo. A rejected lesion leaves the segmentation, not the result."""
        self.collect_voxel_edits()
        self._say(deciding(decision, number), self._outcome.decided(number, decision))

    def assess(self, number: int, assessment: Assessment) -> None:
        """The reader's scores of a lesion; one step to undo."""
        self.collect_voxel_edits()
        self._say(Action(ActionKind.ASSESS, number), self._outcome.assessed(number, assessment))

    def collect_voxel_edits(self) -> bool:
        """Take over what the user painted or erased in the lesion segments; one step to undo, False without edits."""
        self._check()
        strokes = self._drawn.strokes(self._outcome)
        if not strokes:
            return False
        painted = replace(self.setting, paint=strokes.over(self.setting.paint))
        self._take(painted, Action(ActionKind.EDIT_VOXELS))
        return True

    def note_psa(self, psa: float | None) -> None:
        """The PSA (ng/mL) of the patient whose result this is."""
        self.run = replace(self.run, psa=psa)

    @property
    def undoable(self) -> Action | None:
        """What `undo` would take back."""
        return self._history.undoable.action if self._history.undoable else None

    @property
    def redoable(self) -> Action | None:
        return self._history.redoable.action if self._history.redoable else None

    def undo(self) -> None:
        """A slider that is still held counts as let go; paint since the last step is a step of its own first."""
        if self._drawn.is_live:
            self.commit()
        self.collect_voxel_edits()
        self._go_to(self._history.undo())

    def redo(self) -> None:
        """Paint since the last step ends what could be redone."""
        self.collect_voxel_edits()
        self._go_to(self._history.redo())

    def labels(self) -> NDArray[np.uint8]:
        """[z, y, x] on the T2W grid, numbered as `lesions`, the rejected ones left out: what is exported.

        InputError where the T2W volume no longer lies where it was segmented, or a transform moves only the lesions.
        """
        self.collect_voxel_edits()
        t2w = self.inputs.t2w
        if t2w.GetImageData() is None or not self.maps.grid.matches(grid_of(t2w)):
            raise InputError("The T2W volume was moved or replaced since it was segmented; segment again.")
        if not moved_alike(self.nodes.lesions, t2w):
            raise InputError(
                f"'{self.nodes.lesions.GetName()}' is not under the same transform as the T2W; harden the transform to "
                "keep the lesions where they are shown, or remove it."
            )
        return self._outcome.kept(self.maps.grid.shape)

    def _take(self, setting: Setting, action: Action) -> None:
        before = self._outcome
        own = before.owned(self.maps.grid.shape).paint
        if own is not before.setting.paint:
            setting = replace(setting, paint=setting.paint.over(own))
        found = self._reviewed(setting)
        self._step(action, inherit(found, before.whole(self.maps.grid.shape), before.tracked))

    def _say(self, action: Action, after: Review) -> None:
        if after != self._outcome:
            self._step(action, after)

    def _step(self, action: Action, after: Review) -> None:
        self._history.push(Step(action, self._outcome, after))
        self._go_to(after)

    def _go_to(self, outcome: Review | None) -> None:
        if outcome is None:
            return
        self._outcome = outcome
        self._moving = outcome.setting
        self._write()

    def _write(self) -> None:
        self._check()
        self._counts = self._drawn.write(self._outcome, self.algorithm_type)

    def _found_in_segments(self, setting: Setting) -> Review:
        """What the lesion segments hold: voxels that the setting does not explain were painted by the reader."""
        labels = self._drawn.labels()
        paint = paint_between(self._reviewed(setting).whole(self.maps.grid.shape), labels)
        return inherit(self._reviewed(replace(setting, paint=paint)), labels, self._drawn.tracked())

    def _reviewed(self, setting: Setting) -> Review:
        return review(self.maps, self._adc, setting, self.anatomy, self._judge)

    @cached_property
    def _judge(self) -> Judge:
        rule = self.run.finding_rule
        if rule is None:
            return Judge(None, self.maps, {})
        images = {
            modality: to_array(resample(image_of(node), self.maps.grid))
            for modality, node in zip(Modality, self.inputs, strict=True)
        }
        return Judge(rule, self.maps, images)

    def _check(self) -> None:
        if not self.alive:
            raise InputError("The result was removed from the scene; segment again.")
