"""The pages of docs: made anew where they are made, every link and name resolved."""

import re
import subprocess
import sys
from pathlib import Path

from host import command_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_is_current():
    assert command_page.PAGE.read_text(encoding="utf-8") == command_page.page(), "run: make docs"


def test_the_site_builds_strictly_and_asks_nobody_else_for_anything(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert built.returncode == 0, built.stderr
    pages = list((tmp_path / "site").rglob("index.html"))
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="https?://(?!github.com)[^"]+"', text), page
