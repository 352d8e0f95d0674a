"""`prostate-align-refine segment-cohort`: many studies with one loaded model; goes on where it stopped."""

from __future__ import annotations

import argparse
import csv
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.cautions import codes_of
from ..core.checks.displacement import REGISTERED
from ..core.checks.study_cautions import looked_at
from ..core.cohort import Entry, read_cohort
from ..core.errors import InputError
from ..core.faults import fault_of
from ..core.storage.output import output_folder, require_apart, writing_folder
from ..core.storage.signature import read_signature
from ..core.storage.signed_file import require_replaceable, signed_file
from ..core.storage.staging import finish_interrupted
from ..results.folder import KIND, NAMES, write_gated, write_inputs
from ..results.report import REPORT_NAME, read_run, read_setting
from .model_options import ModelOptions, add_model_options
from .segmenting import load_model, model_folder, result_of
from .series_options import add_trust_option

if TYPE_CHECKING:
    from ..inference.device import Compute
    from ..inference.engine.choice import Loaded
    from ..inference.shard import Shard

SOME_FAILED = 1
DONE, SKIPPED, FAILED = "done", "skipped", "failed"
LIBRARY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class SegmentCohortOptions(ModelOptions):
    list: Path
    output: Path
    trust_positions: bool = False


@dataclass(frozen=True)
class StudyRow:
    """What the table says of a study. `state`: done, skipped (finished earlier) or failed; `why` in one sentence;
    `cautions`: codes, by blanks."""

    case: str
    state: str
    lesions: int | None = None
    seconds: float | None = None
    why: str = ""
    cautions: str = ""


@dataclass(frozen=True, eq=False)
class CohortRun:
    """What all studies of a run share. `finished`: cases whose result was there before."""

    options: SegmentCohortOptions
    bundle: Loaded
    compute: Compute
    shard: Shard
    finished: frozenset[str]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "segment-cohort",
        help="segment many studies",
        description="Segments every study of LIST into a folder of its own; finished ones are skipped, failed ones are "
        "reported at the end and tried again the next time. Several processes share the studies: torchrun "
        "--nproc-per-node N -m ProstateAlignRefineLib.cli segment-cohort ...",
    )
    parser.add_argument(
        "list",
        type=Path,
        metavar="LIST",
        help="a folder of studies, a file with a study folder a line, or a CSV: case,study or case,t2w,adc,hbv",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    add_trust_option(parser)
    add_model_options(parser)
    parser.set_defaults(options=SegmentCohortOptions, run=run)


def run(options: SegmentCohortOptions) -> int:
    from ..inference.engine.choice import compute_for
    from ..inference.shard import Shard

    options.check()
    shard = Shard.of_torchrun()
    everything = read_cohort(options.list)
    require_apart(options.output, [path for entry in everything for path in entry.paths])
    require_replaceable(output_folder(options.output) / _table(shard))
    entries = shard.share(everything)
    compute = compute_for(model_folder(options), shard.device(options.device), options.precision)
    bundle = load_model(options, compute)
    options.output.mkdir(parents=True, exist_ok=True)
    finished = frozenset(entry.case for entry in entries if _is_finished(entry, options, bundle))
    rows = _segment_all(entries, CohortRun(options, bundle, compute, shard, finished))
    failed = [row for row in rows if row.state == FAILED]
    done = sum(row.state == DONE for row in rows)
    print(f"{done} studies segmented, {len(finished)} finished earlier, {len(failed)} failed; see {_table(shard)}.")
    for row in failed:
        print(f"{row.case}: {row.why}")
    return SOME_FAILED if failed else 0


def _segment_all(entries: Sequence[Entry], cohort: CohortRun) -> list[StudyRow]:
    from tqdm import tqdm

    shard, table = cohort.shard, cohort.options.output / _table(cohort.shard)
    rows: list[StudyRow] = []
    for entry in tqdm(entries, f"studies {shard.rank + 1}/{shard.count}", unit="study", position=shard.local_rank):
        rows.append(_isolated(entry, cohort))
        _write_table(table, rows)
    return rows


def _isolated(entry: Entry, cohort: CohortRun) -> StudyRow:
    if entry.case in cohort.finished:
        codes = codes_of(read_run(cohort.options.output / entry.case).cautions)
        return StudyRow(entry.case, SKIPPED, cautions=" ".join(codes))
    try:
        return _segment(entry, cohort)
    except Exception as error:  # one study must not stop the others: it is named in the table and on the screen
        return StudyRow(entry.case, FAILED, why=_why(error))


def _segment(entry: Entry, cohort: CohortRun) -> StudyRow:
    from ..dicom.study_folder import read_entry
    from ..inference.segment import segment_entered

    options, bundle = cohort.options, cohort.bundle
    started = time.perf_counter()
    with writing_folder(options.output / entry.case, KIND, NAMES) as draft:
        study = looked_at(read_entry(entry, options.trust_positions), options.register)
        read = time.perf_counter() - started
        segmentation = segment_entered(study, bundle, cohort.compute, lambda stage, done, whole: None)
        result = result_of(study, segmentation, bundle, options, {"read": read})
        write_inputs(draft.folder, result)
        written = write_gated(draft.folder, result)
        draft.hashed.update(written.files)
    seconds, codes = time.perf_counter() - started, " ".join(codes_of(result.run.cautions))
    return StudyRow(entry.case, DONE, len(written.lesions), seconds, cautions=codes)


def _is_finished(entry: Entry, options: SegmentCohortOptions, bundle: Loaded) -> bool:
    """Whether the study's result is there; InputError where it was made with other options."""
    folder = options.output / entry.case
    if not folder.is_dir():
        return False
    finish_interrupted(folder)
    if read_signature(folder) is None and not (folder / REPORT_NAME).exists():
        return False
    earlier, setting = read_run(folder), read_setting(folder)
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
    return True


def _why(error: Exception) -> str:
    """One sentence. Messages of other than our own errors may hold paths or patient data, so the place is named."""
    fault = fault_of(error)
    if fault.expected:
        return fault.text
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if LIBRARY in Path(frame.filename).parents]
    where = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "elsewhere"
    return f"{type(error).__name__} at {where}."


def _table(shard: Shard) -> str:
    return "cohort.csv" if shard.count == 1 else f"cohort-{shard.rank + 1}-of-{shard.count}.csv"


def _write_table(path: Path, rows: Sequence[StudyRow]) -> None:
    with signed_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(StudyRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
