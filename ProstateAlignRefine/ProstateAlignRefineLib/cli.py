"""The one entry: `prostate-align-refine COMMAND ...`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import __version__
from .commands import (
    benchmark,
    demo,
    encode_text,
    evaluate,
    export,
    export_engine,
    export_nnunet,
    gate,
    import_checkpoint,
    inspect,
    phantom,
    prepare,
    segment,
    segment_cohort,
    send,
    teach_findings,
    teach_prompts,
    teach_refiner,
    train,
)
from .commands.options import options_of
from .core.error_log import ErrorLog
from .core.errors import InputError
from .core.faults import fault_of
from .core.signals import Stopped, stoppable
from .core.streams import BROKEN_PIPE, ReaderGoneError, flush_output, is_reader_gone, prepare_streams

COMMANDS = (
    segment,
    gate,
    export,
    send,
    inspect,
    segment_cohort,
    evaluate,
    benchmark,
    prepare,
    train,
    teach_prompts,
    teach_findings,
    teach_refiner,
    export_engine,
    export_nnunet,
    import_checkpoint,
    encode_text,
    phantom,
    demo,
)
INPUT_ERROR, UNEXPECTED_ERROR = 2, 70  # 70: an internal error in sysexits.h
REPORT_IT = "run it again with --log FILE and report it with that file"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit code 0, or 2 with one sentence on standard error where input or disk cannot be used.

    70, with one sentence too, where this program is at fault; 141 where standard output's reader went away.
    """
    prepare_streams()
    parsed = _parsed(arguments)
    log: ErrorLog | None = None
    try:
        _check_names(parsed)
        log = _begun_log(parsed)
        with stoppable():
            code = int(parsed.run(options_of(parsed.options, parsed)))
        flush_output()
    except Stopped as stopped:
        with suppress(OSError):
            print(stopped, file=sys.stderr)
        code = stopped.exit_code
    except Exception as error:  # whatever goes wrong is told in one sentence
        code = _ended(error, log)
    return _noted(code, log)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    try:
        return _parser().parse_args(arguments)
    finally:
        with suppress(ReaderGoneError, OSError):
            flush_output()


def _ended(error: Exception, log: ErrorLog | None) -> int:
    """The exit code of an error, which is told and, where a log is wanted, noted."""
    if isinstance(error, ReaderGoneError) or (isinstance(error, BrokenPipeError) and is_reader_gone()):
        return BROKEN_PIPE
    fault = fault_of(error)
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
    values = {name: value for name, value in vars(parsed).items() if name not in ("run", "options", "log")}
    given = [name for name, value in values.items() if value not in (None, False)]
    log.begin(__version__, [parsed.run.__module__.rpartition(".")[2], *sorted(given)])
    return log


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prostate-align-refine",
        description="Text-guided prostate lesion segmentation on biparametric MRI. For research use only.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    for each in (parser, *subparsers.choices.values()):
        # Where it is given twice, the later counts; what is not given after the command must not undo what was before.
        default = None if each is parser else argparse.SUPPRESS
        each.add_argument("--log", type=Path, metavar="FILE", default=default, help="a log for reports of faults")
    return parser


if __name__ == "__main__":
    sys.exit(main())
