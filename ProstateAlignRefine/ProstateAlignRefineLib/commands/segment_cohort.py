"""`prostate-align-refine segment-cohort`: many studies with one loaded model; goes on where it stopped."""

from __future__ import annotations

import argparse
import csv
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle.config import read_config
from ..bundle.starter import starter_bundle_path
from ..core.cautions import TRAINING_CASE, codes_of
from ..core.checks.study_cautions import looked_at
from ..core.cohort import MODALITIES, Entry, read_cohort
from ..core.errors import InputError
from ..core.faults import fault_of
from ..core.image_marks import mark_of
from ..core.plain_lines import remark
from ..core.storage.output import output_folder, require_apart, writing_folder
from ..core.storage.signed_file import require_replaceable, signed_file
from ..core.study import Modality
from ..results.folder import KIND, NAMES, write_gated, write_inputs
from ..results.report import read_run
from .cohort_finished import is_finished, is_of_other_images, take_up_psa
from .cohort_lesions import write_lesion_table
from .dataset_options import add_dataset_option
from .model_options import ModelOptions, add_model_options
from .segmenting import gland_graph, load_model, model_folder, result_of
from .series_options import add_trust_option
from .sharing import among_processes, on_cluster

if TYPE_CHECKING:
    from ..inference.device import Compute
    from ..inference.engine.choice import Loaded
    from ..inference.shard import Shard

SOME_FAILED = 1
DONE, SKIPPED, FAILED = "done", "skipped", "failed"
LESIONS = "-lesions"
ANEW = "Segmented anew, since its images are not those of the earlier result."
LIBRARY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class SegmentCohortOptions(ModelOptions):
    """`list`, or `data`: the cases of its `fold`, or with `share` of the fold that the model was not trained on."""

    output: Path
    list: Path | None = None
    data: Path | None = None
    fold: int | None = None
    share: str | None = None
    with_training_cases: bool = False
    trust_positions: bool = False
    workers: int = 1
    cluster: str | None = None


@dataclass(frozen=True)
class StudyRow:
    """What the table says of a study. `state`: done, skipped (finished earlier) or failed; `why` it failed, or was done
    anew, in one sentence; `cautions`: codes, by blanks."""

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
    graph: bytes | None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "segment-cohort",
        help="segment many studies",
        description="Segments every study of LIST into a folder of its own; finished ones are skipped, failed ones are "
        "reported at the end and tried again the next time. --workers shares them among processes of this machine, "
        "--cluster among the nodes of a Ray cluster, torchrun among its own processes, a GPU each.",
    )
    parser.add_argument(
        "list",
        nargs="?",
        type=Path,
        metavar="LIST",
        help="a folder of studies, a file with a study folder a line, or a CSV: case,study or case,t2w,adc,hbv",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results")
    shared = parser.add_mutually_exclusive_group()
    shared.add_argument(
        "--workers", type=int, default=1, metavar="N", help="so many processes, one thread each (default: 1)"
    )
    shared.add_argument("--cluster", metavar="ADDRESS", help="a Ray cluster: auto, or HOST:PORT of its head")
    add_dataset_option(parser)
    add_trust_option(parser)
    add_model_options(parser)
    parser.set_defaults(options=SegmentCohortOptions, run=run)


def run(options: SegmentCohortOptions) -> int:
    from ..inference.device import told_precision
    from ..inference.engine.choice import compute_for
    from ..inference.shard import Shard

    options.check()
    shard = Shard.of_torchrun()
    _check_sharing(options, shard)
    everything = _entries(options)
    require_apart(options.output, [path for entry in everything for path in entry.paths])
    for name in (_table(shard), _table(shard, LESIONS)):
        require_replaceable(output_folder(options.output) / name)
    entries = shard.share(everything)
    compute = compute_for(model_folder(options), shard.device(options.device), options.precision)
    if told := told_precision(options.precision, compute):
        remark(told)
    bundle = load_model(options, compute)
    options.output.mkdir(parents=True, exist_ok=True)
    finished = frozenset(entry.case for entry in entries if is_finished(entry, options, bundle))
    rows = _segment_all(entries, CohortRun(options, bundle, compute, shard, finished, gland_graph(options)))
    failed = [row for row in rows if row.state == FAILED]
    answered = [row.case for row in rows if row.state != FAILED]
    write_lesion_table(options.output / _table(shard, LESIONS), answered, options.output)
    done = sum(row.state == DONE for row in rows)
    print(
        f"{done} studies segmented, {len(finished)} finished earlier, {len(failed)} failed; see {_table(shard)} "
        f"and, a row a lesion, {_table(shard, LESIONS)}."
    )
    known = sum(TRAINING_CASE.code in row.cautions.split() for row in rows)
    if known:
        print(f"The model was trained on {known} of these studies: their answers must not count in figures of it.")
    for row in rows:
        if row.why:
            print(f"{row.case}: {row.why}")
    return SOME_FAILED if failed else 0


def _entries(options: SegmentCohortOptions) -> tuple[Entry, ...]:
    """InputError where it is not clear which studies are meant."""
    chosen = options.fold is not None or options.share is not None
    if (options.list is None) == (options.data is None) or chosen != (options.data is not None):
        raise InputError("Give LIST, or --data with --fold K or --share test.")
    if options.list is not None:
        return read_cohort(options.list)
    if options.fold is not None and options.share is not None:
        raise InputError("Give --fold or --share, not both.")
    from ..training.manifest import read_manifest
    from ..training.unseen import check_unchanged, unseen_cases

    assert options.data is not None
    manifest = read_manifest(options.data)
    config = read_config(options.model or starter_bundle_path())
    cases = unseen_cases(manifest, options.fold, config, options.with_training_cases)
    check_unchanged(manifest, cases, MODALITIES)
    return tuple(Entry(case.name, {m: manifest.path(case, m.value) for m in Modality}) for case in cases)


def _segment_all(entries: Sequence[Entry], cohort: CohortRun) -> list[StudyRow]:
    from tqdm import tqdm

    shard, table = cohort.shard, cohort.options.output / _table(cohort.shard)
    rows: dict[str, StudyRow] = {}
    order = {entry.case: number for number, entry in enumerate(entries)}
    shown = {"desc": f"studies {shard.rank + 1}/{shard.count}", "unit": "study", "position": shard.local_rank}
    for entry, row in tqdm(_rows(entries, cohort), total=len(entries), **shown):
        rows[entry.case] = StudyRow(entry.case, FAILED, why=_why(row)) if isinstance(row, Exception) else row
        _write_table(table, sorted(rows.values(), key=lambda one: order[one.case]))
    return sorted(rows.values(), key=lambda one: order[one.case])


def _rows(entries: Sequence[Entry], cohort: CohortRun) -> Iterator[tuple[Entry, StudyRow | Exception]]:
    """As they come: of what is finished first, where others do the rest."""
    options = cohort.options
    if options.cluster is None and options.workers == 1:
        yield from ((entry, _isolated(entry, cohort)) for entry in entries)
        return
    there = [entry for entry in entries if entry.case in cohort.finished]
    yield from ((entry, _isolated(entry, cohort)) for entry in there)
    left, act = [entry for entry in entries if entry.case not in cohort.finished], partial(_elsewhere, options)
    if options.cluster is None:
        yield from among_processes(act, left, options.workers)
    else:
        yield from on_cluster(act, left, options.cluster, int(options.device.startswith("cuda")))


def _elsewhere(options: SegmentCohortOptions, entry: Entry) -> StudyRow:
    """In another process, whose model is loaded once. A node that was lost may have finished the study."""
    cohort = _of_this_process(options)
    if is_finished(entry, options, cohort.bundle):
        return _isolated(entry, replace(cohort, finished=frozenset([entry.case])))
    return _isolated(entry, cohort)


@lru_cache(maxsize=1)
def _of_this_process(options: SegmentCohortOptions) -> CohortRun:
    from ..inference.engine.choice import compute_for
    from ..inference.shard import Shard

    compute = compute_for(model_folder(options), options.device, options.precision)
    bundle = load_model(options, compute)
    return CohortRun(options, bundle, compute, Shard(0, 1, 0), frozenset(), gland_graph(options))


def _check_sharing(options: SegmentCohortOptions, shard: Shard) -> None:
    if options.workers < 1:
        raise InputError(f"--workers {options.workers} leaves no process to work; give 1 or more.")
    if shard.count > 1 and (options.workers > 1 or options.cluster is not None):
        raise InputError("torchrun shares the studies already; leave out --workers and --cluster.")


def _isolated(entry: Entry, cohort: CohortRun) -> StudyRow:
    try:
        return _finished(entry, cohort) if entry.case in cohort.finished else _segment(entry, cohort)
    except Exception as error:  # one study must not stop the others: it is named in the table and on the screen
        return StudyRow(entry.case, FAILED, why=_why(error))


def _finished(entry: Entry, cohort: CohortRun) -> StudyRow:
    folder = cohort.options.output / entry.case
    take_up_psa(folder, entry.psa)
    return StudyRow(entry.case, SKIPPED, cautions=" ".join(codes_of(read_run(folder).cautions)))


def _segment(entry: Entry, cohort: CohortRun) -> StudyRow:
    from ..dicom.study_folder import read_entry
    from ..inference.gland_network import with_network_gland
    from ..inference.segment import segment_entered
    from ..training.unseen import with_training_caution

    options, bundle = cohort.options, cohort.bundle
    started = time.perf_counter()
    folder = options.output / entry.case
    images = mark_of(entry)  # before they are read: a study that changes meanwhile is segmented anew the next time
    why = ANEW if is_of_other_images(images, folder) else ""
    with writing_folder(folder, KIND, NAMES) as draft:
        study = looked_at(read_entry(entry, options.trust_positions), options.register)
        study = with_training_caution(study, entry.t2w, bundle.config)
        read = time.perf_counter() - started
        segmentation = segment_entered(study, bundle, cohort.compute, lambda stage, done, whole: None)
        segmentation = with_network_gland(segmentation, cohort.graph)
        result = result_of(study, segmentation, bundle, options, {"read": read})
        result = replace(result, run=replace(result.run, psa=entry.psa, images=images))
        write_inputs(draft.folder, result)
        written = write_gated(draft.folder, result)
        draft.hashed.update(written.files)
    seconds, codes = time.perf_counter() - started, " ".join(codes_of(result.run.cautions))
    return StudyRow(entry.case, DONE, len(written.lesions), seconds, why, codes)


def _why(error: Exception) -> str:
    """One sentence. Messages of other than our own errors may hold paths or patient data, so the place is named."""
    fault = fault_of(error)
    if fault.expected:
        return fault.text
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if LIBRARY in Path(frame.filename).parents]
    where = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "elsewhere"
    return f"{type(error).__name__} at {where}."


def _table(shard: Shard, kind: str = "") -> str:
    return f"cohort{kind}.csv" if shard.count == 1 else f"cohort{kind}-{shard.rank + 1}-of-{shard.count}.csv"


def _write_table(path: Path, rows: Sequence[StudyRow]) -> None:
    with signed_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(StudyRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
