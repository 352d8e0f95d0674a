"""What a mistyped command or option may have meant: a line below what argparse says of it."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Collection, Iterator, Sequence


def did_you_mean(given: Sequence[str], commands: Collection[str], parser: argparse.ArgumentParser) -> str:
    """ "Did you mean --tau?"; empty where no word is near to one that is known.

    `parser`: with the options of the command that is named. Where none is named, a command is what is looked for.
    """
    if not set(commands).intersection(given):
        words = [word for word in given if not word.startswith("-")]
        near = [match for word in words for match in difflib.get_close_matches(word, commands, n=1)]
    else:
        known = set(_options(parser))
        unknown = [word.partition("=")[0] for word in given if word.startswith("--") and word != "--"]
        unknown = [word for word in unknown if not any(option.startswith(word) for option in known)]
        near = [match for word in unknown for match in difflib.get_close_matches(word, known, n=1)]
    return f"Did you mean {', '.join(near)}?" if near else ""


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Of the parser and of its commands' parsers; argparse shows them by no public name."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _options(each)
