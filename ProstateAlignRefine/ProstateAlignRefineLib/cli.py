"""The one entry: `prostate-align-refine COMMAND ...`."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence

from . import __version__
from .commands import (
    benchmark,
    demo,
    encode_text,
    evaluate,
    export,
    export_nnunet,
    gate,
    import_checkpoint,
    inspect,
    phantom,
    prepare,
    segment,
    segment_cohort,
    send,
    train,
)
from .core.errors import InputError

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
    export_nnunet,
    import_checkpoint,
    encode_text,
    phantom,
    demo,
)
INPUT_ERROR = 2
UNUSABLE_STORAGE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EEXIST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; exit code 0, or 2 with one sentence on standard error where input or disk cannot be used."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except InputError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        if error.errno not in UNUSABLE_STORAGE:
            raise
        # Without the path: folders are named after patients.
        print(f"A file or folder cannot be used ({error.strerror}); check permissions and free space.", file=sys.stderr)
    return INPUT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prostate-align-refine",
        description="Text-guided prostate lesion segmentation on biparametric MRI. For research use only.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
