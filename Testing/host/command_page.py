"""Writes docs/commands.md from the commands themselves: python Testing/host/command_page.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.commands.examples import EXAMPLES, EXIT_CODES, PROGRAM

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
HEAD = """# Commands

Made from the commands' own help by `make docs`; `prostate-align-refine COMMAND --help` says the same.
`prostate-align-refine --print-completion bash` (or `zsh`, `tcsh`) prints what completes commands and options with Tab.
"""
COMMON = ("log", "quiet", "verbose", "help")


def page() -> str:
    parser = cli.parser_of(list(cli.COMMANDS))
    subparsers = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    about = {action.dest: action.help for action in subparsers._choices_actions}
    parts = [HEAD, _exit_codes(), _common(parser)]
    parts += [_command(name, one, about[name]) for name, one in subparsers.choices.items()]
    return "\n".join(parts)


def _exit_codes() -> str:
    rows = [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    return "\n".join(["| exit code | meaning |", "| --- | --- |", *rows, ""])


def _common(parser: argparse.ArgumentParser) -> str:
    rows = [_row(action) for action in parser._actions if action.dest in COMMON and action.dest != "help"]
    return "\n".join(["With every command:", "", "| option | meaning |", "| --- | --- |", *rows, ""])


def _command(name: str, parser: argparse.ArgumentParser, about: str) -> str:
    rows = [_row(action) for action in parser._actions if action.dest not in COMMON]
    said = [f"{about[0].upper()}{about[1:]}.", *([parser.description] if parser.description else [])]
    lines = [f"## {name}", "", " ".join(said), "", "| argument | meaning |", "| --- | --- |", *rows, "", "```"]
    return "\n".join([*lines, *(f"{PROGRAM} {line}" for line in EXAMPLES[name]), "```", ""])


def _row(action: argparse.Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
    if action.option_strings and action.nargs != 0:
        values = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.metavar
        names += f" `{values or action.dest.upper()}`"
    needed = "; required" if action.required and action.option_strings else ""
    return f"| {names} | {(action.help or '').replace('|', '&#124;')}{needed} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
