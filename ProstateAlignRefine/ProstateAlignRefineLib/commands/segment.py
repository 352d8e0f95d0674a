"""`prostate-align-refine segment`: a study in, lesions, maps, report and DICOM-SEG out."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..bundle.summary import ModelFacts
from ..core.cautions import caution_lines
from ..core.checks.study import prostate_region
from ..core.checks.study_cautions import looked_at
from ..core.errors import InputError
from ..core.gate import check_gate
from ..core.psa import read_psa
from ..core.storage.output import require_apart, writing_folder
from ..core.study import Modality, Study
from ..core.study_files import find_study_files, match_study_files, read_study_files
from ..results.folder import KIND, NAMES, Result, WrittenResult, volumes_on_t2w, write_gated, write_inputs
from ..results.report import candidate_table, gland_line, lesion_table
from ..results.run import Run
from ..results.setting import Setting, check_false_positives
from .inspect import add_series_options, series_choices
from .progress import StageBar

PLACE_GIVEN = "Searched where the prompt says: what is found there counts as found with a place given."

if TYPE_CHECKING:
    from ..inference.device import Compute
    from ..inference.segment import Segmentation
    from ..network.bundle import Bundle


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("segment", help="find and outline lesions in a study")
    parser.add_argument("input", nargs="*", type=Path, metavar="INPUT", help="a study folder, or its three files")
    for modality in Modality:
        parser.add_argument(f"--{modality.value}", type=Path, metavar="FILE", help=f"the {modality.name} volume")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument("--psa", default="", metavar="NG/ML", help="the patient's PSA: the report gives its density")
    parser.add_argument(
        "--same-grid", action="store_true", help="take image files that hold no position, but one grid, as they lie"
    )
    add_series_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="model bundle (default: the starter model)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--tau", type=float, help="confidence above which the refiner edits (default: the bundle's)")
    parser.add_argument("--alpha", type=float, help="how strongly it edits (default: the bundle's)")
    add_false_positives(parser, "none")
    parser.add_argument(
        "--prompt",
        metavar="TEXT",
        help="what to look for, and where: 'left PZ at the apex', a report's lines (default: the bundle's prompt)",
    )
    parser.add_argument("--register", action="store_true", help="move ADC and HBV rigidly onto the T2W first")


def add_false_positives(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--false-positives",
        type=float,
        metavar="N",
        help="also show weaker findings, as candidates, as far as N false positives a study are expected in all "
        f"(default: {default})",
    )


def run(arguments: argparse.Namespace) -> int:
    from ..inference.device import choose_compute

    check_gate_options(arguments)
    psa = read_psa(arguments.psa)
    named = [path for modality in Modality if (path := getattr(arguments, modality.value)) is not None]
    require_apart(arguments.output, [*arguments.input, *named])
    compute = choose_compute(arguments.device, arguments.precision)
    with writing_folder(arguments.output, KIND, NAMES) as draft, StageBar() as bar:
        result = _segment(arguments, compute, bar)
        result = replace(result, run=replace(result.run, psa=psa))
        bar("write", 0, 1)
        write_inputs(draft.folder, result)
        outcome = write_gated(draft.folder, result)
    print_findings(outcome, result)
    if result.run.place_given:
        print(PLACE_GIVEN)
    print(gland_line(result.anatomy.gland))
    print(f"The refiner added {outcome.added} and removed {outcome.removed} voxels.")
    print_cautions(result.run)
    for modality, source in result.run.sources.items():
        print(f"{modality.upper()}: {source}")
    kept = "Replaced the earlier results in" if draft.replaces else "Results are in"
    print(f"{kept} {arguments.output}; see overview.png." + _about_dicom(result, outcome.wrote_dicom))
    if result.run.model.notice:
        print(result.run.model.notice)
    return 0


def print_findings(outcome: WrittenResult, result: Result) -> None:
    """Lesions, and the candidates that the setting asks for."""
    print(lesion_table(outcome.lesions))
    if candidates := candidate_table(outcome.candidates, result.run.finding_rule, result.setting):
        print(candidates)


def print_cautions(run: Run) -> None:
    if run.cautions:
        print(caution_lines(run.cautions))


def as_asked(study: Study, arguments: argparse.Namespace) -> Study:
    """The study with its cautions, its ADC and HBV moved onto the T2W where `--register` is given; InputError where two
    volumes are one, before a model is loaded."""
    if not arguments.register:
        return looked_at(study)
    from ..core.checks.displacement import registered

    return looked_at(registered(study, prostate_region(study.grid)))


def check_gate_options(arguments: argparse.Namespace) -> None:
    """InputError where `--tau`, `--alpha` or `--false-positives` is given and out of range."""
    check_false_positives(arguments.false_positives or 0.0)
    for name in ("tau", "alpha"):
        if getattr(arguments, name) is not None:
            check_gate(**{"tau": 0.0, "alpha": 0.0, name: getattr(arguments, name)})


def read_study(arguments: argparse.Namespace) -> Study:
    """The study of `INPUT` or of the three options; InputError where it is not clear which one is meant."""
    named = {modality: getattr(arguments, modality.value) for modality in Modality}
    choices = series_choices(arguments)
    if any(named.values()):
        missing = [f"--{modality.value}" for modality, path in named.items() if path is None]
        if missing or arguments.input:
            raise InputError("Give either INPUT or all three of --t2w, --adc and --hbv.")
        return read_study_files(named, arguments.same_grid)
    if len(arguments.input) == 1 and arguments.input[0].is_dir():
        return study_in(arguments.input[0], choices, arguments.trust_positions, arguments.same_grid)
    if len(arguments.input) == 1 and not arguments.input[0].exists():
        raise InputError("The input folder does not exist; check its path.")
    files = match_study_files(arguments.input) if len(arguments.input) == 3 else None
    if files is None:
        raise InputError("Give one study folder, three files named *_t2w, *_adc and *_hbv, or --t2w, --adc and --hbv.")
    return read_study_files(files, arguments.same_grid)


def study_in(
    folder: Path,
    choices: Mapping[Modality, int] = MappingProxyType({}),
    trust_positions: bool = False,
    same_grid: bool = False,
) -> Study:
    """The study of a folder: files with PI-CAI names, else DICOM, where `choices` are series numbers.

    `trust_positions`: see `load_study`. `same_grid`: see `read_study_files`.
    """
    files = find_study_files(folder)
    if files is not None and choices:
        raise InputError(
            "Image files have no series numbers; leave out the --*-series options, or give a DICOM folder."
        )
    if files is not None:
        return read_study_files(files, same_grid)
    from ..dicom import load_study

    return load_study(folder, choices, trust_positions)


def _segment(arguments: argparse.Namespace, compute: Compute, bar: StageBar) -> Result:
    from ..inference.device import computed_otherwise
    from ..inference.preprocess import network_grid
    from ..inference.segment import expected_seconds, segment_entered

    started = time.perf_counter()
    bar("read", 0, 1)
    study = as_asked(read_study(arguments), arguments)
    read = time.perf_counter()
    bar("load", 0, 1)
    bundle = load_model(arguments.model, arguments.prompt)
    loaded = time.perf_counter()
    shape = network_grid(study.grid, bundle.config.preprocessing).shape
    bar.say(
        f"{compute.description}; about {max(1, round(expected_seconds(bundle, shape, compute)))} s for the network."
    )
    probed = time.perf_counter()
    segmentation = segment_entered(study, bundle, compute, bar)
    if otherwise := computed_otherwise(compute, segmentation.compute):
        bar.say(f"{otherwise} {segmentation.compute.description}.")
    before = {"read": read - started, "load": loaded - read, "estimate": probed - loaded}
    facts = run_facts(arguments, study, bundle, segmentation, {**before, **segmentation.seconds})
    return Result(
        volumes_on_t2w(study),
        segmentation.maps,
        study.headers,
        facts,
        asked_setting(arguments, facts),
        stored=study.stored,
    )


def load_model(path: Path | None, prompt: str | None) -> Bundle:
    """The bundle at `path` (None: the starter model), with the text of `prompt` where one is given."""
    from ..network.bundle import load_bundle, starter_bundle_path

    bundle = load_bundle(starter_bundle_path() if path is None else path)
    if prompt is None:
        return bundle
    from ..network.text_encoder import with_prompt

    return with_prompt(bundle, prompt)


def run_facts(
    arguments: argparse.Namespace,
    study: Study,
    bundle: Bundle,
    segmentation: Segmentation,
    seconds: Mapping[str, float],
) -> Run:
    """What the report says of a run with these options; `seconds` by stage."""
    from ..inference.versions import versions

    config = bundle.config
    return Run(
        model=ModelFacts.of(config),
        prompt=config.prompt if arguments.prompt is None else arguments.prompt,
        device=segmentation.compute.description,
        precision=segmentation.compute.precision,
        sources={modality.value: reason for modality, reason in study.reasons.items()},
        versions=versions(),
        seconds=dict(seconds),
        cautions=segmentation.cautions,
    )


def asked_setting(arguments: argparse.Namespace, facts: Run) -> Setting:
    """The model's own, with the gate of these options."""
    own = replace(facts.own_setting, false_positives=arguments.false_positives or 0.0)
    return own.moved(
        own.tau if arguments.tau is None else arguments.tau, own.alpha if arguments.alpha is None else arguments.alpha
    )


def _about_dicom(result: Result, wrote: bool) -> str:
    if wrote:
        return ""
    why = "there is no lesion to export" if result.headers else "the input is not DICOM"
    return f" No DICOM segmentation was written: {why}."
