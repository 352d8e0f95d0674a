"""What the program says of itself and while it runs: help, examples, completion, bars, quiet and verbose."""

import argparse
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from host.base_only import environment
from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.commands.examples import EXAMPLES, PROGRAM
from ProstateAlignRefineLib.core.plain_lines import PlainLines
from ProstateAlignRefineLib.training.configuration_file import read_configuration

ROOT = Path(__file__).resolve().parents[2]
PARSER = cli.parser_of(list(cli.COMMANDS))
COMMANDS = next(action for action in PARSER._actions if isinstance(action, argparse._SubParsersAction)).choices


def test_without_a_command_the_help_is_shown(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 0
    assert "segment-cohort" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_a_command_are_lines_that_it_takes(name):
    assert EXAMPLES[name]
    for line in EXAMPLES[name]:
        words = shlex.split(line)
        assert words[0] == name
        PARSER.parse_args(words)
        assert f"{PROGRAM} {line}" in COMMANDS[name].format_help()


def test_every_documented_run_is_given_a_text_of_its_own_prompts():
    """By the name of the file, over all pages and examples; `train` refuses any other."""
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    joined = "\n".join(pages).replace("\\\n", " ").replace("`", "\n")
    written = [line.partition("#")[0].strip().removeprefix(f"{PROGRAM} ") for line in joined.splitlines()]
    lines = [*written, *(line for lines in EXAMPLES.values() for line in lines)]
    asked = [PARSER.parse_args(shlex.split(line)) for line in lines if line.startswith('encode-text "')]
    prompts = {options.output.name: tuple(options.prompts) for options in asked}
    runs = (line for line in lines if re.match("(train|cross-validate) .*--text ", line))
    options = [PARSER.parse_args(shlex.split(line)) for line in runs]
    used = [(run.config, run.text.name) for run in options]
    assert {config for config, _ in used} == {"ours", "paper"}
    for config, name in used:
        assert prompts[name] == tuple(read_configuration(config)["text"]["prompts"]), (config, name)


def test_no_example_is_of_a_command_that_is_not_there():
    assert set(EXAMPLES) == {"", *COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_says_what_it_does_and_its_default(name):
    for action in COMMANDS[name]._actions:
        assert action.help, action.dest
        told = action.default in (None, False, "", [], argparse.SUPPRESS) or action.required
        assert told or not action.option_strings or "default" in action.help, action.option_strings


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_names_commands_and_options(shell, capsys):
    with pytest.raises(SystemExit) as ended:
        PARSER.parse_args(["--print-completion", shell])
    script = capsys.readouterr().out
    assert ended.value.code == 0
    assert "segment-cohort" in script
    assert "false-positives" in script


def test_completion_is_what_bash_takes(tmp_path):
    script = subprocess.run(
        [sys.executable, "-m", "ProstateAlignRefineLib", "--print-completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    asked = (
        script
        + "\nCOMP_WORDS=(prostate-align-refine seg); COMP_CWORD=1; _shtab_prostate_align_refine; "
        + ('printf "%s\\n" "${COMPREPLY[@]}"')
    )
    answer = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert {"segment", "segment-cohort"} <= set(answer)


def test_where_nobody_watches_a_bar_is_its_last_state():
    out, now = io.StringIO(), [0.0]
    lines = PlainLines(out, lambda: now[0])
    for percent in range(100):
        lines.write(f"\rread {percent:3d} %")
    assert out.getvalue() == ""
    lines.write("\rdone 100 %\n")
    lines.write("a sentence\n\n")
    assert out.getvalue() == "done 100 %\na sentence\n\n"


def test_a_long_run_shows_that_it_goes_on():
    out, now = io.StringIO(), [0.0]
    lines = PlainLines(out, lambda: now[0])
    lines.write("\r1 of 9")
    now[0] = 61.0
    lines.write("\r2 of 9")
    lines.write("\r3 of 9")
    assert out.getvalue() == "2 of 9\n"
    lines.finish()
    assert out.getvalue() == "2 of 9\n3 of 9\n"


def test_a_sentence_above_a_bar_stands_alone():
    """As tqdm writes it: the bar is wiped with blanks first."""
    out = io.StringIO()
    lines = PlainLines(out, lambda: 0.0)
    for text in ("\rload   8 %", "\r          ", "\r", "a sentence\n", "\rload   8 %"):
        lines.write(text)
    assert out.getvalue() == "a sentence\n"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("segmnt STUDY -o out", "segment"),
        ("segment STUDY --ouput out", "--output"),
        ("segment STUDY -o out --tua=0.5", "--tau"),
        ("--queit gate out", "--quiet"),
        ("gate out --ta 0.5 --apha 0.4", "--alpha"),
    ],
)
def test_a_mistyped_word_is_answered_with_what_was_meant(line, meant, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"Did you mean {meant}?"


def test_what_resembles_nothing_gets_no_guess(capsys):
    with pytest.raises(SystemExit):
        cli.main(["gate", "out", "--zzz"])
    assert "Did you mean" not in capsys.readouterr().err


def run(*words):
    command = [sys.executable, "-m", "ProstateAlignRefineLib", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_pipe_gets_lines_and_quiet_none(tmp_path):
    """On a command with bars: the phantom."""
    given = ["prepare", "--images", str(tmp_path), "--labels", str(tmp_path), "-o", str(tmp_path / "out")]
    loud, quiet = run(*given), run(*given, "--quiet")
    assert loud.returncode == quiet.returncode == 2
    assert quiet.stderr.count("\n") == 1
    assert "\r" not in loud.stderr
    assert re.search(r"\S\.$", quiet.stderr.strip())


BASE_ONLY = """
import shlex, sys
from host.base_only import use_base_only
use_base_only()
from ProstateAlignRefineLib.cli import EXTRAS, main
from ProstateAlignRefineLib.commands.examples import EXAMPLES
for name in EXTRAS:
    print(name, flush=True, file=sys.stderr)
    main(shlex.split({"train": "train --config starter -o run"}.get(name, EXAMPLES[name][0])))
"""


@pytest.mark.fault("a command that needs more than the base packages", "the line that installs them")
def test_what_a_command_lacks_is_said_with_the_line_that_installs_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BASE_ONLY], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    said = done.stderr.splitlines()
    told = dict(zip(said[::2], said[1::2], strict=True))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, extra in cli.EXTRAS.items():
        assert re.fullmatch(
            rf'The Python package \w+ is missing or broken; run in the clone: pip install "\.\[{extra}\]"\.', told[name]
        )
        assert f"\n{extra} = [" in project
    assert list(tmp_path.iterdir()) == []
