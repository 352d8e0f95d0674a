"""A command as its module has it: errors are raised, not told."""

import argparse
from types import ModuleType

from ProstateAlignRefineLib.commands.options import options_of


def run_command(command: ModuleType, *words: object) -> int:
    """The exit code of the command with these words on its line."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    name = command.__name__.rpartition(".")[2].replace("_", "-")
    parsed = parser.parse_args([name, *map(str, words)])
    return int(parsed.run(options_of(parsed.options, parsed)))
