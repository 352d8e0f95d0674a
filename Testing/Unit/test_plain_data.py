"""JSON and tables from outside: what cannot be right is one sentence."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.plain_data import parse_json
from ProstateAlignRefineLib.core.tables import is_header, read_table

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_plain_values_come_through_unchanged(value):
    assert parse_json(json.dumps(value), "x", "mend it") == value


@pytest.mark.fault(
    "NaN, 1e400, huge numbers, entries named twice, deep nesting, no JSON", "which file, why, what to do"
)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": NaN}', "not finite"),
        (b"[-Infinity]", "not finite"),
        (b"[1e400]", "not finite"),
        (b"[%s]" % (b"9" * 5000), "too many digits"),
        (b"[99999999999999999999]", "too many digits"),
        (b'{"a": 1, "a": 2}', "names the entry 'a' twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 50 + b"]" * 50, "nested too deeply"),
        (b"", "not valid JSON"),
        (b"\xff\xff\xff", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
    ],
)
def test_what_is_not_plain_is_refused_with_the_reason(content, why):
    with pytest.raises(InputError, match=f"report.json cannot be used: .*{why}.*; segment again"):
        parse_json(content, "report.json", "segment again")


@pytest.mark.fault("JSON saved with a byte order mark or in UTF-16", "it is read")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_json_is_read(encoding):
    assert parse_json('{"ä": "前"}'.encode(encoding), "x", "y") == {"ä": "前"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    with suppress(InputError):
        parse_json(content, "x", "y")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_every_spreadsheet_are_read(tmp_path, separator, encoding):
    lines = (separator.join(cells) for cells in (("case", "fold", ""), ("1_1", "0", ""), ("", "", ""), ("ä_1", "1")))
    (tmp_path / "t.csv").write_bytes("\r\n".join(lines).encode(encoding))
    assert read_table(tmp_path / "t.csv", "The table")[0] == {"case": "1_1", "fold": "0"}
    assert is_header(f"Case{separator}Study", "case")


@pytest.mark.fault("a table with a binary, Latin-1, doubled or overlong column", "which file, and what to mend")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "not a text file"),
        ("case,straße".encode("latin-1"), "not a text file"),
        (b"case,fold\0\n", "not a text file"),
        (b"case,case\n1,2\n", "names a column twice"),
        (b"case,fold\n1,2,3\n", "more columns"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path, content, why):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=why):
        read_table(tmp_path / "t.csv", "The table")
