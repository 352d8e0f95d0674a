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
from ..scene.stored import made_at
from ..scene.volumes import Inputs
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
