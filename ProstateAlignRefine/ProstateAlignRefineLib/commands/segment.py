"""`prostate-align-refine segment`: a study in, lesions, maps, report and DICOM-SEG out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle.network_grid import network_grid
from ..core.cautions import caution_lines
from ..core.checks.study_cautions import looked_at
from ..core.errors import InputError
from ..core.plain_lines import remark
from ..core.psa import read_psa
from ..core.storage.output import require_apart, writing_folder
from ..core.study import Modality, Study
from ..core.study_files import match_study_files, read_study_files
from ..core.uncollected import uncollected
from ..results.folder import KIND, NAMES, Result, WrittenResult, write_gated, write_inputs
from ..results.gland_words import gland_text
from ..results.report import candidate_table, lesion_table
from ..results.run import Run
from .model_options import ModelOptions, add_model_options
from .progress import StageBar
from .segmenting import gland_graph, load_model, model_folder, result_of
from .series_options import SeriesOptions, add_series_options

PLACE_GIVEN = "Searched where the prompt says: what is found there counts as found with a place given."

if TYPE_CHECKING:
    from ..inference.device import Compute


@dataclass(frozen=True, kw_only=True)
class SegmentOptions(ModelOptions, SeriesOptions):
    """`input`: a study folder or zip, or the three files, which `t2w`, `adc` and `hbv` name one by one instead."""

    output: Path
    input: tuple[Path, ...] = ()
    t2w: Path | None = None
    adc: Path | None = None
    hbv: Path | None = None
    psa: str = ""
    same_grid: bool = False

    @property
    def named(self) -> Mapping[Modality, Path]:
        """The files given one by one."""
        files = zip(Modality, (self.t2w, self.adc, self.hbv), strict=True)
        return {modality: path for modality, path in files if path is not None}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("segment", help="find and outline lesions in a study")
    parser.add_argument("input", nargs="*", type=Path, metavar="INPUT", help="a study folder or zip, or three files")
    for modality in Modality:
        parser.add_argument(f"--{modality.value}", type=Path, metavar="FILE", help=f"the {modality.name} volume")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--psa", default="", metavar="NG/ML", help="the patient's PSA: the answer, report and picture give its density"
    )
    parser.add_argument(
        "--same-grid", action="store_true", help="take image files that hold no position, but one grid, as they lie"
    )
    add_series_options(parser)
    add_model_options(parser)
    parser.set_defaults(options=SegmentOptions, run=run)


def run(options: SegmentOptions) -> int:
    from ..inference.engine.choice import compute_for

    options.check()
    psa = read_psa(options.psa)
    require_apart(options.output, [*options.input, *options.named.values()])
    compute = compute_for(model_folder(options), options.device, options.precision)
    graph = gland_graph(options)
    with writing_folder(options.output, KIND, NAMES) as draft, StageBar() as bar, uncollected():
        result = _segment(options, compute, graph, bar)
        result = replace(result, run=replace(result.run, psa=psa))
        bar("write", 0, 1)
        write_inputs(draft.folder, result)
        written = write_gated(draft.folder, result)
        draft.hashed.update(written.files)
    print_findings(written, result)
    if result.run.place_given:
        print(PLACE_GIVEN)
    print(gland_text(result.anatomy.gland, result.run))
    remark(f"The refiner added {written.added} and removed {written.removed} voxels.")
    print_cautions(result.run)
    for modality, source in result.run.sources.items():
        remark(f"{modality.upper()}: {source}")
    kept = "Replaced the earlier results in" if draft.replaces else "Results are in"
    remark(f"{kept} {options.output}; see report.html and overview.png." + _about_dicom(result, written.wrote_dicom))
    if result.run.model.notice:
        print(result.run.model.notice)
    return 0


def print_findings(written: WrittenResult, result: Result) -> None:
    """Lesions, and the candidates that the setting asks for."""
    names = result.slice_names
    print(lesion_table(written.lesions, names))
    if candidates := candidate_table(written.candidates, result.run.finding_rule, result.setting, names):
        print(candidates)


def print_cautions(run: Run) -> None:
    """Part of the answer, so --quiet keeps them."""
    if run.cautions:
        print(caution_lines(run.cautions))


def _segment(options: SegmentOptions, compute: Compute, graph: bytes | None, bar: StageBar) -> Result:
    from ..inference.device import computed_otherwise, told_precision
    from ..inference.gland_network import with_network_gland
    from ..inference.pace import expected_seconds, note_seconds
    from ..inference.segment import segment_entered

    started = time.perf_counter()
    bar("load", 0, 1)
    bundle = load_model(options, compute)  # first: a word of the prompt that it does not know ends the run at once
    loaded = time.perf_counter()
    bar("read", 0, 1)
    study = looked_at(_read(options), options.register)
    read = time.perf_counter()
    shape = network_grid(study.grid, bundle.config.preprocessing).shape
    seconds = expected_seconds(bundle.sha256, compute.description, shape)
    last_time = f"; about {max(1, round(seconds))} s for the network, as last time" if seconds else ""
    bar.say(f"{compute.description}{last_time}.")
    if told := told_precision(options.precision, compute):
        bar.say(told)
    segmentation = segment_entered(study, bundle, compute, bar)
    note_seconds(bundle.sha256, segmentation.compute.description, shape, segmentation.seconds["network"])
    if otherwise := computed_otherwise(compute, segmentation.compute):
        bar.say(f"{otherwise} {segmentation.compute.description}.")
    before = {"load": loaded - started, "read": read - loaded}
    if graph is not None:
        bar("gland network", 0, 1)
    return result_of(study, with_network_gland(segmentation, graph), bundle, options, before)


def _read(options: SegmentOptions) -> Study:
    """InputError where it is not clear which study is meant."""
    given, named = options.input, options.named
    if named:
        if given or len(named) < len(Modality):
            raise InputError("Give either INPUT or all three of --t2w, --adc and --hbv.")
        return read_study_files(named, options.same_grid)
    if len(given) == 1 and not given[0].exists():
        raise InputError("The input folder does not exist; check its path.")
    if len(given) == 1 and (given[0].is_dir() or given[0].suffix.lower() == ".zip"):
        from ..dicom.study_folder import read_study_folder

        choices, trust = options.choices, options.trust_positions
        return read_study_folder(given[0], choices, trust, options.same_grid, options.study)
    files = match_study_files(given) if len(given) == 3 else None
    if files is None:
        raise InputError("Give one study folder, three files named *_t2w, *_adc and *_hbv, or --t2w, --adc and --hbv.")
    return read_study_files(files, options.same_grid)


def _about_dicom(result: Result, wrote: bool) -> str:
    if wrote:
        return ""
    why = "there is no lesion to export" if result.headers else "the input is not DICOM"
    return f" No DICOM segmentation was written: {why}."
