"""Which action can be taken now, and if not, why: the text goes into the button's tool tip."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib import metadata

from ..core.study import Modality
from ..results.review import FoundLesion
from .i18n import _
from .pacs import Pacs
from .session import Session
from .texts import action_text

OLDEST_PYDICOM = 3


@dataclass(frozen=True)
class Ready:
    """`why`: the reason where it is not possible, what it does where it is."""

    possible: bool
    why: str


def to_segment(session: Session) -> Ready:
    """While a run is on, the same button stops it."""
    if session.run.running:
        return Ready(True, _("Stops the worker at once; nothing in the scene changes."))
    if session.run.just_ended:
        return Ready(False, _("The run has just ended; one moment."))
    why = _lacking(session)
    return Ready(not why, why or _("Finds lesions in the three volumes; the result is a new segmentation."))


def _lacking(session: Session) -> str:
    missing = [modality.name for modality in Modality if getattr(session.state, modality.value) is None]
    same = len({node.GetID() for node in session.inputs or ()}) < len(Modality)
    reasons = (
        (bool(missing), _("Choose {volumes} first.").format(volumes=", ".join(missing))),
        (same, _("T2W, ADC and HBV must be three different volumes.")),
        (session.bundle is None, _("Choose a model under 'Advanced' first.")),
        (not session.prompt.strip(), _("Type what to look for.")),
        (session.worker.busy, _("The worker is busy; wait a moment.")),
    )
    return next((text for applies, text in reasons if applies), "")


def to_choose(session: Session) -> Ready:
    """Another study; not under a run, whose result would be taken for one of it."""
    if session.run.running:
        return Ready(False, _("Wait for the run, or cancel it."))
    return Ready(True, "")


def to_read(session: Session) -> Ready:
    """Needs the three volumes, no result."""
    if session.inputs is None:
        return Ready(False, _("Choose T2W, ADC and HBV first."))
    return Ready(True, _("Four linked views in the plane of the T2W; click again for your own layout."))


def to_adjust(session: Session) -> Ready:
    """Needs a result that is still in the scene."""
    if session.reading is None:
        return Ready(False, _("Segment first."))
    if not session.reading.alive:
        return Ready(False, _("The result was removed from the scene; segment again."))
    return Ready(True, "")


def to_undo(session: Session) -> Ready:
    """Names what would be undone."""
    action = session.reading.undoable if session.reading else None
    if action is None:
        return Ready(False, _("Nothing to undo."))
    return Ready(True, _("Undo: {action}").format(action=action_text(action)))


def to_redo(session: Session) -> Ready:
    """Names what would come back."""
    action = session.reading.redoable if session.reading else None
    if action is None:
        return Ready(False, _("Nothing to redo."))
    return Ready(True, _("Redo: {action}").format(action=action_text(action)))


def to_decide(session: Session, number: int | None) -> Ready:
    """`number`: of the lesion chosen in the table; None where none is."""
    ready = to_adjust(session)
    if not ready.possible:
        return ready
    if number is None:
        return Ready(False, _("Choose a lesion in the table."))
    return Ready(True, _("Lesion {number}; click again to take it back.").format(number=number))


def to_paint(session: Session, chosen: FoundLesion | None) -> Ready:
    """Only on what is kept, since paint on a rejected lesion would vanish from the result."""
    ready = to_decide(session, chosen.lesion.number if chosen else None)
    if ready.possible and chosen is not None and not chosen.kept:
        return Ready(False, _("Only lesions that are kept can be painted; accept it first."))
    return Ready(ready.possible, "" if ready.possible else ready.why)


def to_export(session: Session) -> Ready:
    """Files that need no DICOM."""
    return to_adjust(session)


def to_export_dicom(session: Session) -> Ready:
    """Also needs the packages for DICOM, and headers of all three volumes."""
    ready = to_export(session)
    if not ready.possible or session.reading is None:
        return ready
    if not _dicom_packages():
        return Ready(False, _("DICOM export needs Slicer 5.12 or newer (pydicom 3 and highdicom)."))
    missing = [
        modality.name
        for modality, node in zip(Modality, session.reading.inputs, strict=True)
        if not session.study.headers.knows(node)
    ]
    if missing:
        return Ready(
            False,
            _(
                "The DICOM files of {volumes} are not known. Load the study from Slicer's DICOM database, or from a "
                "DICOM folder with 'Open study folder', and segment it."
            ).format(volumes=", ".join(missing)),
        )
    if not any(found.kept for found in session.reading.lesions):
        return Ready(False, _("There is no lesion to export."))
    return Ready(True, "")


def to_test_pacs(pacs: Pacs, running: bool) -> Ready:
    """`running`: a sending or test is on its way."""
    if running:
        return Ready(False, _("Wait for the server, or stop."))
    return Ready(not pacs.lacking, pacs.lacking or _("Asks whether the server answers; sends nothing."))


def to_send(session: Session, pacs: Pacs, running: bool) -> Ready:
    """While one is running, the same button stops waiting for the server."""
    if running:
        return Ready(True, _("Stops waiting for the server."))
    ready = to_export_dicom(session)
    if not ready.possible:
        return ready
    return Ready(not pacs.lacking, pacs.lacking or _("Sends the result to {server}.").format(server=pacs.name))


def to_test(session: Session) -> Ready:
    """Of the worker's Python and device; not while it computes."""
    if session.worker.busy:
        return Ready(False, _("The worker is busy; wait a moment."))
    return Ready(True, _("Starts this Python, loads the model and asks for its device."))


def _dicom_packages() -> bool:
    if importlib.util.find_spec("highdicom") is None or importlib.util.find_spec("pydicom") is None:
        return False
    return int(metadata.version("pydicom").split(".")[0]) >= OLDEST_PYDICOM
