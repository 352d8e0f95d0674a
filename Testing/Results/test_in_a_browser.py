"""The report in a real browser, headless: every picture is there, nothing sticks out, nothing is asked of a network."""

import json
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from ProstateAlignRefineLib.results.html_report import POLICY, html_report
from Results.test_html_report import NASTY, a_case, replace

NAMES = ("chromium", "chromium-browser", "google-chrome")
A4_PIXELS, SCREEN_PIXELS = 794, 1280
# Written into the page that a copy of the report becomes when scripts are let into it.
MEASURE = """<script>addEventListener('load', () => {
  const all = [...document.body.querySelectorAll('*')];
  const wide = all.filter(one => one.getBoundingClientRect().right > innerWidth + 1);
  const images = [...document.images];
  document.title = JSON.stringify({
    images: images.map(one => [one.naturalWidth, one.naturalHeight, one.getBoundingClientRect().width]),
    sectors: document.querySelectorAll('svg polygon').length,
    wide: wide.map(one => one.tagName),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    fetched: performance.getEntriesByType('resource').map(one => one.name.slice(0, 40)),
  });
});</script>"""


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return program


def loaded(browser, page, folder, width):
    """The page's document after it was loaded in a window of this width."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--no-first-run"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command = [browser, *flags, *quiet, f"--window-size={width},1000", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def server():
    """Who was asked for what, on this machine."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", asked
    listening.shutdown()
    listening.server_close()


@pytest.mark.parametrize("width", [A4_PIXELS, SCREEN_PIXELS])
def test_pictures_are_drawn_and_nothing_sticks_out(browser, tmp_path, width):
    case = a_case(patient=(("Patient", "W" * 300),))
    run = replace(case.run, prompt="prostate lesion " * 30 + "x" * 300, sources={"t2w": "y" * 200})
    text = html_report(replace(case, run=run))
    assert POLICY in text
    page = tmp_path / "report.html"
    open_to_scripts = text.replace(POLICY, "default-src * data: 'unsafe-inline'")
    page.write_text(open_to_scripts.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    seen = json.loads(re.search("<title>(.*?)</title>", loaded(browser, page, tmp_path, width)).group(1))
    assert len(seen["images"]) == 3 * len(case.lesions)
    assert all(w == h == 380 and shown > 150 for w, h, shown in seen["images"])
    assert seen["sectors"] == 41
    assert (seen["wide"], seen["overflow"]) == ([], 0)
    assert [name for name in seen["fetched"] if not name.startswith("data:")] == []


def test_nothing_is_asked_of_a_network_and_no_script_runs(browser, tmp_path, server):
    url, asked = server
    case = a_case()
    script = f"<script src={url}/script></script><img src={url}/image><script>document.title='ran'</script>"
    model = replace(case.run.model, notice=script + NASTY)
    page = tmp_path / "report.html"
    page.write_text(html_report(replace(case, run=replace(case.run, model=model, prompt=script))), encoding="utf-8")
    assert "ran" not in re.search("<title>(.*?)</title>", loaded(browser, page, tmp_path, SCREEN_PIXELS)).group(1)
    assert asked == []
    # Were it let into the page as markup, the policy alone would still hold; without either the server is asked.
    as_markup = page.read_text(encoding="utf-8").replace("<h1>", f"{script}<h1>", 1)
    page.write_text(as_markup, encoding="utf-8")
    loaded(browser, page, tmp_path, SCREEN_PIXELS)
    assert asked == []
    page.write_text(as_markup.replace(POLICY, "default-src *"), encoding="utf-8")
    loaded(browser, page, tmp_path, SCREEN_PIXELS)
    assert "/image" in asked
