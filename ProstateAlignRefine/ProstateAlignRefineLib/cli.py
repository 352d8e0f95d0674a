"""The one entry: `prostate-align-refine COMMAND ...`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import shtab

from . import __version__
from .commands.did_you_mean import did_you_mean
from .commands.examples import epilog
from .commands.options import options_of
from .core.error_log import ErrorLog
from .core.errors import InputError
from .core.faults import fault_of
from .core.plain_lines import told, watched
from .core.signals import Stopped, stoppable
from .core.streams import BROKEN_PIPE, ReaderGoneError, flush_output, is_reader_gone, prepare_streams
from .core.threads import load_numpy

COMMANDS = {
    "segment": "find and outline lesions in a study",
    "gate": "redo a result with another gate or sensitivity",
    "export": "write a result as DICOM: segmentation, measurements, maps",
    "send": "send exported DICOM results to an archive (PACS)",
    "inspect": "show the series of a study folder and which would be read, and why",
    "segment-cohort": "segment many studies",
    "evaluate": "measure predictions of any system against references",
    "benchmark": "measure a bundle on synthetic studies and on a real one",
    "prepare": "check a data set in PI-CAI's layout and write the manifest that train reads",
    "train": "train a model and write its bundle",
    "cross-validate": "train on every fold of a data set in turn and judge all its cases together",
    "runs": "compare finished training runs",
    "ensemble": "make one model bundle of several, whose answer is their mean",
    "teach-prompts": "teach a model what prompts mean, on synthetic studies",
    "teach-findings": "teach a model how sure to be of a finding, on synthetic studies",
    "teach-refiner": "teach a model to edit the outlines of its findings, on synthetic studies",
    "export-engine": "make a model bundle run on a CPU without torch",
    "export-nnunet": "write a prepared dataset for nnU-Net v2",
    "export-monai": "write a model bundle as a bundle of MONAI",
    "algorithm": "segment one study as an algorithm of grand-challenge.org (PI-CAI)",
    "import-checkpoint": "make a model bundle of a checkpoint of the authors' code",
    "encode-text": "encode prompts once, for training and bundles",
    "phantom": "write a synthetic bp-MRI study with known lesions, as DICOM",
    "demo": "write a synthetic study, segment it, compare with the truth",
}
"""What each does, as its parser says: for help, which needs none of them."""
EXTRAS = {
    "evaluate": "train",
    "benchmark": "train",
    "prepare": "train",
    "train": "train",
    "cross-validate": "train",
    "runs": "train",
    "teach-prompts": "train",
    "teach-findings": "train",
    "teach-refiner": "train",
    "export-engine": "torch",
    "export-nnunet": "train",
    "export-monai": "torch",
    "algorithm": "algorithm",
    "import-checkpoint": "torch",
    "encode-text": "text",
}
"""What of the distribution the command needs beyond the base packages."""
QUIET = "only the answer, its cautions, and errors: no progress, no remarks on what was read and written"
COMPLETION = "--print-completion"
INPUT_ERROR, UNEXPECTED_ERROR = 2, 70  # 70: an internal error in sysexits.h
REPORT_IT = "run it again with --log FILE and report it with that file"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit code 0, or 2 with one sentence on standard error where input or disk cannot be used.

    70, with one sentence too, where this program is at fault; 141 where standard output's reader went away.
    """
    prepare_streams()
    log: ErrorLog | None = None
    command = ""
    try:
        with stoppable():
            parsed = _parsed(arguments)
            command = _command(parsed)
            _check_names(parsed)
            log = _begun_log(parsed)
            with watched(parsed.quiet), told(parsed.verbose):
                code = int(parsed.run(options_of(parsed.options, parsed)))
        flush_output()
    except Stopped as stopped:
        with suppress(OSError):
            print(stopped, file=sys.stderr)
        code = stopped.exit_code
    except Exception as error:  # whatever goes wrong is told in one sentence
        code = _ended(error, log, EXTRAS.get(command, ""))
    return _noted(code, log)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    given = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    asked = COMMANDS if COMPLETION in given else [name for name in COMMANDS if name in given]
    parser = parser_of(list(asked))
    try:
        return parser.parse_args(given)
    except SystemExit as ended:
        if ended.code == INPUT_ERROR and (meant := did_you_mean(given, COMMANDS, parser)):
            print(meant, file=sys.stderr)
        raise
    finally:
        with suppress(ReaderGoneError, OSError):
            flush_output()


def _ended(error: Exception, log: ErrorLog | None, extra: str) -> int:
    """The exit code of an error, which is told and, where a log is wanted, noted."""
    if isinstance(error, ReaderGoneError) or (isinstance(error, BrokenPipeError) and is_reader_gone()):
        return BROKEN_PIPE
    fault = fault_of(error, extra)
    with suppress(OSError):
        print(fault.text if fault.expected or log else f"{fault.text[:-1]}; {REPORT_IT}.", file=sys.stderr)
    if log is not None:
        with suppress(OSError):
            log.failed(error)
    return INPUT_ERROR if fault.expected else UNEXPECTED_ERROR


def _noted(code: int, log: ErrorLog | None) -> int:
    if log is not None:
        with suppress(OSError):
            log.ended(code)
    return code


def _begun_log(parsed: argparse.Namespace) -> ErrorLog | None:
    if parsed.log is None:
        return None
    log = ErrorLog(parsed.log)
    values = {
        name: value for name, value in vars(parsed).items() if name not in ("run", "options", "log", "quiet", "verbose")
    }
    given = [name for name, value in values.items() if value not in (None, False)]
    log.begin(__version__, [_command(parsed), *sorted(given)])
    return log


def _command(parsed: argparse.Namespace) -> str:
    return str(parsed.run.__module__).rpartition(".")[2].replace("_", "-")


def _check_names(parsed: argparse.Namespace) -> None:
    """InputError for names that image files cannot be opened by, before anything is computed."""
    values = [value for given in vars(parsed).values() for value in (given if isinstance(given, list) else [given])]
    for name in (str(value) for value in values if isinstance(value, str | Path)):
        try:
            same = os.fsencode(name) == name.encode("utf-8")
        except UnicodeEncodeError:
            same = False
        if not same:
            raise InputError(
                "A name or text on the command line is not valid UTF-8, or this Python does not work in UTF-8; "
                "rename it, or set PYTHONUTF8=1."
            )


def parser_of(named: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser, with the options of the commands in `named`, which alone are imported: the others are heavy."""
    parser = argparse.ArgumentParser(
        prog="prostate-align-refine",
        description="Text-guided prostate lesion segmentation on biparametric MRI. For research use only.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    shtab.add_argument_to(parser, COMPLETION, help="print what completes its options with Tab in this shell")
    if named:
        load_numpy()
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, said in COMMANDS.items():
        if name in named:
            import_module(f".commands.{name.replace('-', '_')}", __package__).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=said)
    for name, each in {"": parser, **subparsers.choices}.items():
        each.formatter_class = argparse.RawDescriptionHelpFormatter
        each.epilog = epilog(name)
        _add_common(each, first=each is parser)
    return parser


def _add_common(parser: argparse.ArgumentParser, first: bool) -> None:
    """`first`: before the command. Where one is given twice, the later counts; what is not given after the command must
    not undo what was before."""
    off, none = (False, None) if first else (argparse.SUPPRESS, argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, metavar="FILE", default=none, help="a log for reports of faults")
    parser.add_argument("--quiet", action="store_true", default=off, help=QUIET)
    parser.add_argument("--verbose", action="store_true", default=off, help="also the seconds of each stage")


if __name__ == "__main__":
    sys.exit(main())
