"""Model bundles from outside: looked at, refused or unpacked; never trusted."""

import hashlib
import json
import stat
import zipfile

import pytest

from ProstateAlignRefineLib.bundle import archive as bundle_zip
from ProstateAlignRefineLib.bundle.archive import MOST_FILES, archive_digest, look_into, unpack
from ProstateAlignRefineLib.bundle.summary import read_summary
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
    summary = read_summary(bundle_folder)
    assert (summary.facts.tau, summary.facts.prompt, summary.licence) == (0.35, "prostate lesion", "CC0-1.0")
    assert summary.facts.weights_sha256 == BUNDLE["files"]["weights.safetensors"]


def changed(folder, **values):
    (folder / "bundle.json").write_text(json.dumps(BUNDLE | values), encoding="utf-8")
    return read_summary(folder).facts.sha256


def test_a_bundles_identity_is_its_weights_its_text_and_its_configuration(bundle_folder):
    """A card that says more, or other words, is no other model: finished studies of a cohort stay finished."""
    before, files = changed(bundle_folder), BUNDLE["files"]
    assert changed(bundle_folder, files=files | {"MODEL_CARD.md": "0" * 64}, notice="x", metrics={}) == before
    assert changed(bundle_folder, tau=0.4) != before
    assert changed(bundle_folder, prompt="lesion") != before
    for name in ("weights.safetensors", "text.npz"):
        assert changed(bundle_folder, files=files | {name: "0" * 64}) != before


def test_the_loaded_network_has_the_identity_that_the_panel_shows(repository):
    from ProstateAlignRefineLib.network.bundle import load_bundle

    starter = repository / "Resources" / "Models" / "starter"
    assert load_bundle(starter).sha256 == read_summary(starter).facts.sha256


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no bundle\.json"):
        read_summary(tmp_path)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"format_version": 99}, "format version 99"), ({"tau": 7.5}, "tau and alpha"), ({"prompt": " "}, "prompt")],
)
@pytest.mark.fault(
    "a bundle of another format or with impossible numbers is chosen in the panel", "one sentence, no run"
)
def test_the_panel_reads_a_bundle_with_the_networks_checks(bundle_folder, values, words):
    with pytest.raises(InputError, match=words):
        changed(bundle_folder, **values)


def test_a_zipped_bundle_is_looked_at_and_unpacked(good, tmp_path):
    assert look_into(good).facts.name == "test model"
    unpack(good, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bundle.json", "weights.safetensors"]


@pytest.mark.fault(
    "a model archive with a path that leads out, a link, a bomb, a pickle", "what it holds; nothing is unpacked"
)
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


@pytest.mark.fault(
    "a model archive with files of one name, names that some systems refuse, deep folders",
    "what it holds; nothing more",
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["text.npz", "text.npz"], "two files of one name"),
        (["text.npz", "TEXT.npz"], "two files of one name"),
        (["caf\u00e9.md", "cafe\u0301.md"], "two files of one name"),
        (["text", "text/more.md"], "two files of one name"),
        (["a/b/c/d/e/f.md"], "no folder can hold"),
        (["x" * 300], "no folder can hold"),
        (["con.md"], "no folder can hold"),
        (["text.md "], "no folder can hold"),
        (["text\x1b[2J.md"], "no folder can hold"),
    ],
)
def test_an_archive_whose_names_clash_or_are_unfit_is_refused(tmp_path, names, words):
    hostile = archive(tmp_path / "hostile.zip", [("bundle.json", CONFIG), *((name, b"x") for name in names)])
    for read in (look_into, lambda path: unpack(path, tmp_path / "out" / "bundle")):
        with pytest.raises(InputError, match=words):
            read(hostile)
    assert not (tmp_path / "out").exists()


@pytest.mark.fault("a model archive whose sizes or methods are wrong, or that is encrypted", "that it is damaged")
@pytest.mark.parametrize(
    ("offset", "value"),
    [(8, 1), (10, 99), (10, 14), (6, 0xFFFF), (24, 0xFFFF), (42, 0xFFFF)],
    ids=["encrypted", "method 99", "lzma", "version", "size", "offset"],
)
def test_an_archive_whose_directory_holds_absurd_values_is_refused(good, tmp_path, offset, value):
    content = bytearray(good.read_bytes())
    start = content.rindex(b"PK\x01\x02") + offset
    content[start : start + 2] = value.to_bytes(2, "little")
    good.write_bytes(content)
    with pytest.raises(InputError):
        unpack(good, tmp_path / "out" / "bundle")
    assert not (tmp_path / "out" / "bundle").exists()


@pytest.mark.fault("a bundle.json with numbers that cannot be, NaN, doubled entries, other types", "that it is damaged")
@pytest.mark.parametrize(
    "changed",
    [{"tau": 7}, {"alpha": "x"}, {"tau": [0.5]}, {"tau": True}, {"name": {"a": 1}}, {"minimum_lesion_ml": None}],
    ids=str,
)
def test_absurd_facts_are_refused(bundle_folder, changed):
    (bundle_folder / "bundle.json").write_text(json.dumps({**BUNDLE, **changed}))
    with pytest.raises(InputError):
        read_summary(bundle_folder)


@pytest.mark.fault("a model whose name or notice holds terminal escapes or HTML", "its plain letters")
def test_names_and_notices_are_plain(bundle_folder):
    hostile = {**BUNDLE, "name": "\x1b[31mred <img src=x>", "notice": "one\ntwo"}
    (bundle_folder / "bundle.json").write_text(json.dumps(hostile))
    facts = read_summary(bundle_folder).facts
    assert (facts.name, facts.notice) == ("red ‹img src=x>", "one two")


@pytest.mark.fault("a model archive that lies about a size", "that it is damaged; nothing is unpacked")
def test_an_archive_whose_directory_lies_about_a_size_is_refused_and_leaves_nothing(tmp_path):
    path = archive(tmp_path / "lying.zip", [("bundle.json", CONFIG), ("text.npz", b"abcd" * 8)])
    told, claimed = (32).to_bytes(4, "little"), (31).to_bytes(4, "little")
    content = path.read_bytes()
    start = content.rindex(b"PK\x01\x02")
    path.write_bytes(content[:start] + content[start:].replace(told, claimed))
    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path / "out" / "bundle")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.fault("a model archive larger than it says", "that it is larger; nothing is unpacked")
def test_sizes_are_counted_while_unpacking(good, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_zip, "_problem", lambda entry: "")
    monkeypatch.setattr(bundle_zip, "_problem_together", lambda entries: "")
    monkeypatch.setattr(bundle_zip, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than it says"):
        unpack(good, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.fault("a model archive of very many files", "how many; nothing is unpacked")
def test_an_archive_of_very_many_files_is_refused(tmp_path):
    many = archive(tmp_path / "many.zip", [("bundle.json", CONFIG), *((f"{i}.txt", b"") for i in range(MOST_FILES))])
    with pytest.raises(InputError, match="no bundle does"):
        look_into(many)


@pytest.mark.fault("a model archive with files beside the model", "that it is no model")
def test_an_archive_with_files_beside_the_bundle_is_refused(tmp_path):
    mixed = archive(tmp_path / "mixed.zip", [("model/bundle.json", CONFIG), ("other.txt", b"")])
    with pytest.raises(InputError, match="holds no model bundle"):
        look_into(mixed)


@pytest.mark.fault("a web page in place of a model archive", "that it is no archive")
def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "page.zip").write_text("<html>not found</html>")
    with pytest.raises(InputError, match="not a zip archive"):
        look_into(tmp_path / "page.zip")


def test_the_digest_is_that_of_the_archives_bytes(good, tmp_path):
    assert archive_digest(good) == hashlib.sha256(good.read_bytes()).hexdigest()
    with pytest.raises(InputError, match="cannot be read"):
        archive_digest(tmp_path / "missing.zip")
