"""Lists of studies as people write them, and as no list can be."""

import pytest

from ProstateAlignRefineLib.core.cohort import read_cohort
from ProstateAlignRefineLib.core.errors import InputError


@pytest.mark.parametrize(
    "content",
    [
        b"case,study\n1_1,a\n1_2,b\n",
        "case;study\r\n1_1;a\r\n1_2;b\r\n".encode("utf-16"),
        "Case\tStudy\n1_1\ta\n\n1_2\tb\t\n".encode("utf-8-sig"),
        b'"","case","study"\n"1","1_1","a"\n"2","1_2","b"\n',
        b"psa ; study ; case\n;a;1_1\n6,2 ; b ; 1_2\n",
    ],
    ids=["comma", "semicolon in UTF-16", "tab with a mark", "quoted, as R writes", "blanks, another order"],
)
def test_lists_of_every_spreadsheet_are_read(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    assert [(entry.case, entry.source) for entry in read_cohort(tmp_path / "list.csv")] == [
        ("1_1", tmp_path / "a"),
        ("1_2", tmp_path / "b"),
    ]


def test_absolute_paths_are_taken_as_they_are(tmp_path):
    (tmp_path / "list.txt").write_text(f"{tmp_path / 'study_1'}\n../study_2\n")
    assert [entry.case for entry in read_cohort(tmp_path / "list.txt")] == ["study_1", "study_2"]


def test_hidden_files_and_folders_hold_no_study(tmp_path):
    for name in ("10000/10000_1_t2w.mha", "10000/._10000_1_t2w.mha", ".Trashes/10001_2_t2w.mha"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0")
    assert [entry.case for entry in read_cohort(tmp_path)] == ["10000_1"]


@pytest.mark.fault(
    "a list of studies that is empty, binary, lacks columns, or names a case twice", "what is wrong with the list"
)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no study"),
        (b"case,study\n", "and a row"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not a text file"),
        ("case,study\n1,Größe".encode("latin-1"), "not a text file"),
        (b"case,folder\n1,a\n", "needs the columns"),
        (b"case,t2w,adc\n1,a,b\n", "needs the columns"),
        (b"case,t2w,adc,hbv\n1,a,,c\n", "names neither"),
        (b"case,study\n1,a\n1,b\n", "case names twice"),
        (b"case,study\nA,a\na,b\n", "case names twice"),
        (b"case,study\n,a\n", "cannot name folders"),
        (b"case,study\n../x,a\n", "cannot name folders"),
        (b"case,study\nnul\x1b[2J,a\n", "cannot name folders"),
        (b"case,study\n" + b"x" * 300 + b",a\n", "cannot name folders"),
        (b"case,study,study\n1,a,b\n", "a column twice"),
        (b"case,study\n1,a,b,c\n", "more columns"),
        (b"..\n", "cannot name folders"),
    ],
)
def test_lists_that_are_none_are_refused(tmp_path, content, why):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(InputError, match=why):
        read_cohort(tmp_path / "list.csv")
