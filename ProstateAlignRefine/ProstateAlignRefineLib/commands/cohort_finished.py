"""Whether a study of a cohort has its result already, made with the same options; and its PSA, told later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.cautions import codes_of
from ..core.checks.displacement import REGISTERED
from ..core.cohort import Entry
from ..core.errors import InputError
from ..core.image_marks import mark_of
from ..core.storage.output import writing_folder
from ..core.storage.signature import read_signature, state_of
from ..core.storage.staging import finish_interrupted
from ..results.folder import KIND, NAMES, read_result, write_gated
from ..results.report import REPORT_NAME, read_run, read_setting
from ..results.run import Run

if TYPE_CHECKING:
    from ..inference.engine.choice import Loaded
    from .segment_cohort import SegmentCohortOptions


def is_finished(entry: Entry, options: SegmentCohortOptions, bundle: Loaded) -> bool:
    """Whether the study's result is there, its report as it was written, and of the images that the list names;
    InputError where it was made with other options."""
    folder = options.output / entry.case
    earlier = _run_in(folder)
    if earlier is None:
        return False
    setting = read_setting(folder)
    if (earlier.model.sha256, setting.gate, earlier.prompt, setting.false_positives) != (
        bundle.sha256,
        options.gate(bundle.config),
        options.prompt_in_force(bundle.config),
        options.false_positives,
    ):
        raise InputError(
            f"The result of '{entry.case}' in the output folder was made with another model, gate, prompt or "
            "sensitivity; name another output folder."
        )
    if (registered := REGISTERED in codes_of(earlier.cautions)) != options.register:
        raise InputError(
            f"The result of '{entry.case}' in the output folder was made {'with' if registered else 'without'} "
            "--register; name another output folder."
        )
    if bool(earlier.gland_by) != (options.gland_wheel is not None):
        raise InputError(
            f"The result of '{entry.case}' in the output folder was made {'with' if earlier.gland_by else 'without'} "
            "--gland-wheel; name another output folder."
        )
    return not _differ(mark_of(entry), earlier.images)


def is_of_other_images(images: str, folder: Path) -> bool:
    """Whether a result lies in `folder` that was made of other files than those of this mark, see `mark_of`."""
    earlier = _run_in(folder)
    return earlier is not None and _differ(images, earlier.images)


def _differ(now: str, earlier: str) -> bool:
    """No, where nothing tells: of a result of earlier versions, or where the files are gone."""
    return "" not in (now, earlier) and now != earlier


def _run_in(folder: Path) -> Run | None:
    """None where there is no result, or its report is not as it was written."""
    if not folder.is_dir():
        return None
    finish_interrupted(folder)
    signature, report = read_signature(folder), state_of(folder, REPORT_NAME)
    if report is None or (signature is not None and report != signature.files.get(REPORT_NAME)):
        return None
    return read_run(folder)


def take_up_psa(folder: Path, psa: float | None) -> None:
    """A result's PSA (ng/mL) becomes the list's where it tells one, and so all that is told of it; the network does
    not run. InputError where a file of the result was changed."""
    if psa is None or read_run(folder).psa == psa:
        return
    stored = read_result(folder)
    result = replace(stored, run=replace(stored.run, psa=psa))
    with writing_folder(folder, KIND, NAMES, kept=stored.files) as draft:
        draft.hashed.update(write_gated(draft.folder, result).files)
