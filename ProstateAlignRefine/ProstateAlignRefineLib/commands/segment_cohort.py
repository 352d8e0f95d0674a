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
from ..core.errors import InputError
from ..core.faults import fault_of
from ..core.storage.output import output_folder, require_apart, writing_folder
from ..core.storage.signature import read_signature
from ..core.storage.signed_file import require_replaceable, signed_file
from ..core.storage.staging import finish_interrupted
from ..results.folder import KIND, NAMES, Result, volumes_on_t2w, write_gated, write_inputs
from ..results.report import REPORT_NAME, read_run, read_setting
from .cohort import Entry, Shard, read_cohort
from .inspect import add_trust_option
from .segment import add_model_options, as_asked, asked_setting, check_gate_options, load_model, run_facts

if TYPE_CHECKING:
    from ..inference.device import Compute
    from ..network.bundle import Bundle

SOME_FAILED = 1
DONE, SKIPPED, FAILED = "done", "skipped", "failed"
LIBRARY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """`state`: done, skipped (finished earlier) or failed; `why` in one sentence; `cautions`: codes, by blanks."""

    case: str
    state: str
    lesions: int | None = None
    seconds: float | None = None
    why: str = ""
    cautions: str = ""


@dataclass(frozen=True, eq=False)
class Setting:
    """What all studies of a run share. `finished`: cases whose result was there before."""

    arguments: argparse.Namespace
    bundle: Bundle
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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from ..inference.device import choose_compute

    check_gate_options(arguments)
    shard = Shard.of_torchrun()
    everything = read_cohort(arguments.list)
    require_apart(arguments.output, [path for entry in everything for path in entry.paths])
    require_replaceable(output_folder(arguments.output) / _table(shard))
    entries = shard.share(everything)
    compute = choose_compute(_device(arguments.device, shard), arguments.precision)
    bundle = load_model(arguments.model, arguments.prompt)
    arguments.output.mkdir(parents=True, exist_ok=True)
    finished = frozenset(entry.case for entry in entries if _is_finished(entry, arguments, bundle))
    outcomes = _segment_all(entries, Setting(arguments, bundle, compute, shard, finished))
    failed = [outcome for outcome in outcomes if outcome.state == FAILED]
    done = sum(outcome.state == DONE for outcome in outcomes)
    print(f"{done} studies segmented, {len(finished)} finished earlier, {len(failed)} failed; see {_table(shard)}.")
    for outcome in failed:
        print(f"{outcome.case}: {outcome.why}")
    return SOME_FAILED if failed else 0


def _segment_all(entries: Sequence[Entry], setting: Setting) -> list[Outcome]:
    from tqdm import tqdm

    shard, table = setting.shard, setting.arguments.output / _table(setting.shard)
    outcomes: list[Outcome] = []
    for entry in tqdm(entries, f"studies {shard.rank + 1}/{shard.count}", unit="study", position=shard.local_rank):
        outcomes.append(_isolated(entry, setting))
        _write_table(table, outcomes)
    return outcomes


def _isolated(entry: Entry, setting: Setting) -> Outcome:
    if entry.case in setting.finished:
        codes = codes_of(read_run(setting.arguments.output / entry.case).cautions)
        return Outcome(entry.case, SKIPPED, cautions=" ".join(codes))
    try:
        return _segment(entry, setting)
    except Exception as error:  # one study must not stop the others: it is named in the table and on the screen
        return Outcome(entry.case, FAILED, why=_why(error))


def _segment(entry: Entry, setting: Setting) -> Outcome:
    from ..inference.segment import segment_entered

    arguments, bundle = setting.arguments, setting.bundle
    started = time.perf_counter()
    with writing_folder(arguments.output / entry.case, KIND, NAMES) as draft:
        study = as_asked(entry.read(arguments.trust_positions), arguments)
        read = time.perf_counter() - started
        segmentation = segment_entered(study, bundle, setting.compute, lambda stage, done, whole: None)
        facts = run_facts(arguments, study, bundle, segmentation, {"read": read, **segmentation.seconds})
        asked = asked_setting(arguments, facts)
        result = Result(volumes_on_t2w(study), segmentation.maps, study.headers, facts, asked, stored=study.stored)
        write_inputs(draft.folder, result)
        outcome = write_gated(draft.folder, result)
    seconds, codes = time.perf_counter() - started, " ".join(codes_of(facts.cautions))
    return Outcome(entry.case, DONE, len(outcome.lesions), seconds, cautions=codes)


def _is_finished(entry: Entry, arguments: argparse.Namespace, bundle: Bundle) -> bool:
    """Whether the study's result is there; InputError where it was made with another model, gate, prompt or
    sensitivity."""
    folder = arguments.output / entry.case
    if not folder.is_dir():
        return False
    finish_interrupted(folder)
    if read_signature(folder) is None and not (folder / REPORT_NAME).exists():
        return False
    earlier, config = read_run(folder), bundle.config
    tau, alpha, prompt = (
        getattr(config, name) if getattr(arguments, name) is None else getattr(arguments, name)
        for name in ("tau", "alpha", "prompt")
    )
    before, rate = read_setting(folder), arguments.false_positives or 0.0
    known = (earlier.model.sha256, *before.gate, earlier.prompt, before.false_positives)
    if known == (bundle.sha256, tau, alpha, prompt, rate):
        return True
    raise InputError(
        f"The result of '{entry.case}' in the output folder was made with another model, gate, prompt or sensitivity; "
        "name another output folder."
    )


def _device(name: str, shard: Shard) -> str:
    """Each process on its own GPU, where the device is left to the program."""
    import torch

    several = shard.count > 1 and name in ("auto", "cuda") and torch.cuda.is_available()
    return f"cuda:{shard.local_rank % torch.cuda.device_count()}" if several else name


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


def _write_table(path: Path, outcomes: Sequence[Outcome]) -> None:
    with signed_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Outcome)])
        writer.writeheader()
        writer.writerows(asdict(outcome) for outcome in outcomes)
