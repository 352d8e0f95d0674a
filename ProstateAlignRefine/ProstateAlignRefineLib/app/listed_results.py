"""The results that a scene holds, as the panel lists them: the one in use, and earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..results.run import Run
from ..scene.earlier import earlier_results, set_aside, take_up
from ..scene.mrml import Scene
from ..scene.reading import Reading
from ..scene.removal import remove_result
from ..scene.state import PanelState
from ..scene.stored import made_at, refer_to_none
from ..scene.volumes import Inputs
from .application import Application
from .i18n import _


@dataclass(frozen=True)
class ListedResult:
    """`kept`: None for the result in use. `made`: None in scenes of versions that did not keep it."""

    run: Run
    made: datetime | None
    kept: PanelState | None

    @property
    def text(self) -> str:
        """Time, model and prompt; the day too where it was another."""
        return f"{_when(self.made)} · {self.run.model.name} · {self.run.prompt}"


def listed_results(scene: Scene, reading: Reading | None) -> tuple[ListedResult, ...]:
    """The newest first."""
    found = [_kept(state) for state in earlier_results(scene)]
    if reading is not None and reading.alive:
        found.append(ListedResult(reading.run, made_at(reading.nodes.lesions), None))
    order = sorted(enumerate(found), key=lambda item: (item[1].made.timestamp() if item[1].made else 0.0, item[0]))
    return tuple(result for _place, result in reversed(order))


def adopted(scene: Scene, state: PanelState, before: Reading | None) -> Reading | None:
    """The result that the state names. Where another scene was added beside it, the one in use before waits in the
    list."""
    if before is not None and before.alive:
        if state.lesions is before.nodes.lesions:
            return before
        set_aside(scene, before)
    return Reading.reopen(scene, state)


def change_over(scene: Scene, reading: Reading | None, kept: PanelState) -> Reading | None:
    """The earlier result taken up, the one in use set aside; None where the earlier one cannot be read."""
    found = take_up(scene, kept)
    if found is not None and reading is not None and reading.alive:
        set_aside(scene, reading)
    return found


def answers(reading: Reading, inputs: Inputs | None, model: str, prompt: str) -> bool:
    """Whether the result is of these volumes, this model (see `ModelFacts.sha256`) and this prompt."""
    run = reading.run
    return reading.inputs == inputs and (run.model.sha256, run.prompt) == (model, prompt)


def may_replace(application: Application, reading: Reading | None, inputs: Inputs, model: str, prompt: str) -> bool:
    """Whether the result shown may go, with the reader's work in it, once one of the same question is there: asked
    where it holds some; of what the reader does from now on nobody has said so."""
    if reading is None or not reading.reviewed or not answers(reading, inputs, model, prompt):
        return False
    return application.confirm(
        _(
            "The result shown has been reviewed. OK replaces it, with your decisions, once the new one is there; "
            "Cancel keeps it under 'Results'."
        )
    )


def is_of_other_study(reading: Reading, state: PanelState) -> bool:
    """Whether another T2W is chosen than the result's own: it must not be drawn over that, nor told beside it."""
    return reading.alive and state.t2w is not None and state.t2w is not reading.inputs.t2w


def retire(scene: Scene, reading: Reading, state: PanelState) -> None:
    """The result waits in the list, and none is in use."""
    set_aside(scene, reading)
    refer_to_none(state)


def make_way(scene: Scene, before: Reading, after: Reading, replaces: bool) -> None:
    """The result of the same question goes out of the scene, where the reader lets it; any other waits in the list."""
    before.commit()
    same = answers(before, after.inputs, after.run.model.sha256, after.run.prompt)
    if same and (replaces or not before.reviewed):
        remove_result(scene, before.nodes)
    else:
        set_aside(scene, before)


def _when(made: datetime | None) -> str:
    if made is None:
        return _("time unknown")
    is_today = made.date() == datetime.now(made.tzinfo).date()
    return f"{made:%H:%M:%S}" if is_today else f"{made:%Y-%m-%d %H:%M}"


def _kept(state: PanelState) -> ListedResult:
    run, lesions = state.run, state.lesions
    assert run is not None  # `earlier_results` are whole
    assert lesions is not None
    return ListedResult(run, made_at(lesions), state)
