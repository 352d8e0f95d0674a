"""Model bundles from outside: looked at, refused or unpacked; never trusted."""

import functools
import hashlib
import http.server
import io
import json
import stat
import threading
import zipfile
from types import SimpleNamespace
from urllib.request import urlopen

import pytest

from ProstateAlignRefineLib.app import download
from ProstateAlignRefineLib.app.bundles import read_bundle
from ProstateAlignRefineLib.app.download import BundleDownload, open_https
from ProstateAlignRefineLib.bundle import archive as bundle_zip
from ProstateAlignRefineLib.bundle.archive import MOST_FILES, look_into, unpack
from ProstateAlignRefineLib.core.errors import InputError

from .conftest import BUNDLE

CONFIG = json.dumps(BUNDLE).encode()


def archive(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in entries:
            bundle.writestr(name, content)
    return path


def link():
    entry = zipfile.ZipInfo("weights.safetensors")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def backslashed():
    entry = zipfile.ZipInfo("x")
    entry.filename = entry.orig_filename = "..\\evil.txt"
    return entry


@pytest.fixture
def good(tmp_path):
    entries = [("model/bundle.json", CONFIG), ("model/weights.safetensors", b"weights")]
    return archive(tmp_path / "good.zip", entries)


def test_a_bundle_says_what_it_is(bundle_folder):
    info = read_bundle(bundle_folder)
    assert (info.facts.tau, info.facts.prompt, info.licence) == (0.35, "prostate lesion", "CC0-1.0")
    assert info.facts.sha256 == hashlib.sha256((bundle_folder / "bundle.json").read_bytes()).hexdigest()
    assert "CC0-1.0" in info.description


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no bundle\.json"):
        read_bundle(tmp_path)


def test_damaged_facts_are_refused(bundle_folder):
    (bundle_folder / "bundle.json").write_text('{"name": "x"}')
    with pytest.raises(InputError, match="damaged"):
        read_bundle(bundle_folder)


def test_a_zipped_bundle_is_looked_at_and_unpacked(good, tmp_path):
    assert look_into(good).facts.name == "test model"
    unpack(good, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bundle.json", "weights.safetensors"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("../evil.txt", b"x", "out of its folder"),
        ("/evil.txt", b"x", "out of its folder"),
        ("C:/evil.txt", b"x", "out of its folder"),
        (backslashed(), b"x", "out of its folder"),
        (link(), b"/etc/passwd", "a link"),
        ("zeros.npz", b"\0" * 3_000_000, "grows more than 200 times"),
        ("weights.pt", b"x", "pickle"),
    ],
    ids=["traversal", "absolute", "drive", "backslash", "link", "bomb", "pickle"],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path, name, content, words):
    hostile = archive(tmp_path / "hostile.zip", [("bundle.json", CONFIG), (name, content)])
    with pytest.raises(InputError, match=words):
        unpack(hostile, tmp_path / "out" / "bundle")
    assert not (tmp_path / "out").exists()


def test_an_archive_whose_directory_lies_about_a_size_is_refused_and_leaves_nothing(tmp_path):
    path = archive(tmp_path / "lying.zip", [("bundle.json", CONFIG), ("text.npz", b"abcd" * 8)])
    told, claimed = (32).to_bytes(4, "little"), (31).to_bytes(4, "little")
    content = path.read_bytes()
    start = content.rindex(b"PK\x01\x02")
    path.write_bytes(content[:start] + content[start:].replace(told, claimed))
    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path / "out" / "bundle")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_sizes_are_counted_while_unpacking(good, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_zip, "_problem", lambda entry: "")
    monkeypatch.setattr(bundle_zip, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than it says"):
        unpack(good, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_an_archive_of_very_many_files_is_refused(tmp_path):
    many = archive(tmp_path / "many.zip", [("bundle.json", CONFIG), *((f"{i}.txt", b"") for i in range(MOST_FILES))])
    with pytest.raises(InputError, match="no bundle does"):
        look_into(many)


def test_an_archive_with_files_beside_the_bundle_is_refused(tmp_path):
    mixed = archive(tmp_path / "mixed.zip", [("model/bundle.json", CONFIG), ("other.txt", b"")])
    with pytest.raises(InputError, match="holds no model bundle"):
        look_into(mixed)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "page.zip").write_text("<html>not found</html>")
    with pytest.raises(InputError, match="not a zip archive"):
        look_into(tmp_path / "page.zip")


@pytest.fixture
def address(good):
    """The archive on a server of our own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            pass

    handler = functools.partial(Quiet, directory=str(good.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/good.zip"
    server.shutdown()
    server.server_close()


def test_a_download_shows_size_licence_and_digest_before_it_is_installed(address, good, tmp_path):
    download = BundleDownload(address, opener=urlopen)
    while download.step():
        pass
    digest = hashlib.sha256(good.read_bytes()).hexdigest()
    question = download.question()
    assert digest in question
    assert "CC0-1.0" in question
    folder = download.install(tmp_path / "models")
    assert folder.name == digest[:16]
    assert read_bundle(folder).facts.name == "test model"


def test_only_https_is_downloaded_from():
    with pytest.raises(InputError, match="https"):
        BundleDownload("http://example.org/bundle.zip", opener=open_https)


def test_an_address_that_leads_away_from_https_is_refused(monkeypatch):
    answer = SimpleNamespace(geturl=lambda: "http://elsewhere.example/bundle.zip", close=lambda: None)
    monkeypatch.setattr(download, "urlopen", lambda url, timeout: answer)
    with pytest.raises(InputError, match="without https"):
        download.open_https("https://models.example/bundle.zip")


def test_an_address_that_does_not_answer_is_told():
    def refuse(_url):
        raise OSError("no route to host")

    with pytest.raises(InputError, match="cannot be reached"):
        BundleDownload("https://example.org/bundle.zip", opener=refuse)


def test_a_download_that_ends_early_is_refused():
    class Half(io.BytesIO):
        headers = {"Content-Length": "1000"}  # noqa: RUF012

    download = BundleDownload("https://example.org/x", opener=lambda _url: Half(b"half"))
    assert download.step()
    with pytest.raises(InputError, match="not as large as announced"):
        download.step()
    download.discard()
