"""What the repository says of itself: one version, files that are where the documents say, texts that parse."""

import re
from pathlib import Path

import pytest
import yaml

from ProstateAlignRefineLib import __version__

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "ProstateAlignRefine" / "ProstateAlignRefineLib"
YAML = sorted([*ROOT.glob(".github/**/*.yml"), *ROOT.glob(".pre-commit-config.yaml"), ROOT / "CITATION.cff"])


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", citation["date-released"])


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_files_that_others_read_are_yaml(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_ci_runs_what_the_readme_says():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    assert ".ci/run" in [step.get("run") for step in jobs["test"]["steps"]]
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("make test")
    assert "`make test`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_places_that_contributing_names_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Za-z./_-]+(?:\.(?:py|md|ui)|/))`", text))
    assert len(named) > 15
    for name in sorted(named):
        where = [base / name for base in (ROOT, ROOT / "ProstateAlignRefine", LIBRARY)]
        assert any(path.exists() for path in where), name


def test_every_target_that_is_named_is_in_the_makefile():
    """In pages between backquotes, in what CI runs as lines of their own."""
    rules = re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    made = {name for line in rules for name in line.split()}
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")]
    scripts = [ROOT / ".ci/run", *ROOT.glob(".github/**/*.yml")]
    named = {
        name
        for paths, form in ((pages, r"`make (\S+?)[ `]"), (scripts, r"^ *(?:- run: )?make (\S+)"))
        for path in paths
        for name in re.findall(form, path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named <= made
    assert {"test", "check", "docs", "trust"} <= named
