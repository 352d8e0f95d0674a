import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.files import check_replaceable, replacing_file, replacing_folder


@pytest.mark.fault("a file that cannot be written to the end", "the earlier one, unchanged")
def test_a_file_takes_its_name_only_when_written_to_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing_file(path) as temporary:
        temporary.write_text(f"half {1 / 0}")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    with replacing_file(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


@pytest.mark.fault("a result that cannot be written to the end", "the earlier one, unchanged")
def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "out"
    with replacing_folder(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as temporary:
        (temporary / "b").write_text(f"2 {1 / 0}")
    assert [p.name for p in folder.iterdir()] == ["a"]
    with replacing_folder(folder) as temporary:
        (temporary / "c").write_text("3")
    assert [p.name for p in folder.iterdir()] == ["c"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_only_an_empty_folder_or_an_earlier_result_may_be_replaced(tmp_path):
    assert not check_replaceable(tmp_path / "new", "mark")
    assert not check_replaceable(tmp_path, "mark")
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match="holds other files"):
        check_replaceable(tmp_path, "mark")
    (tmp_path / "mark").touch()
    assert check_replaceable(tmp_path, "mark")
    with pytest.raises(InputError, match="holds other files"):
        check_replaceable(tmp_path, "mark", ("mark", "report"))
    (tmp_path / "holiday.jpg").unlink()
    assert check_replaceable(tmp_path, "mark", ("mark", "report"))
    with pytest.raises(InputError, match="is a file"):
        check_replaceable(tmp_path / "mark", "mark")
