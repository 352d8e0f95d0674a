"""docs/trust.md says what the tests say."""

from host import trust_table


def test_the_page_is_current():
    said = trust_table.PAGE.read_text(encoding="utf-8")
    assert said == trust_table.page(trust_table.rows_of(trust_table.ROOT)), "run: make trust"


def test_marks_of_tests_files_and_parameters_are_found(tmp_path):
    folder = tmp_path / "Testing" / "Dicom"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.slow, pytest.mark.fault('a | b', 'c')]\n"
        "@pytest.mark.fault('d', 'e' 'f')\n"
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.fault('g', 'h'))])\n"
        "def test_y(n): ...\n"
    )
    rows = trust_table.rows_of(tmp_path)
    assert [(row.tried, row.seen, row.test) for row in rows] == [
        ("a | b", "c", "the whole file"),
        ("d", "ef", "test_y"),
        ("g", "h", "test_y"),
    ]
    assert "| a \\| b | c | [the whole file](../Testing/Dicom/test_x.py) |" in trust_table.page(rows)
