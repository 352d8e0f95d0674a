"""How the one entry ends where a command cannot go on."""

import errno
import os

import pytest

from ProstateAlignRefineLib import cli


def test_a_result_is_not_written_below_a_file_and_the_path_is_not_quoted(tmp_path, capsys):
    (tmp_path / "DOE_JANE").touch()
    assert cli.main(["phantom", "-o", str(tmp_path / "DOE_JANE" / "a" / "out")]) == 2
    said = capsys.readouterr().err
    assert "Not a directory" in said
    assert "DOE" not in said


@pytest.mark.parametrize(("number", "told"), [(errno.ENOSPC, True), (errno.EACCES, True), (errno.EBADF, False)])
def test_what_disk_and_rights_refuse_is_one_sentence_and_other_faults_are_not_hidden(monkeypatch, capsys, number, told):
    def fail(_arguments):
        raise OSError(number, os.strerror(number), "DOE_JANE")

    monkeypatch.setattr(cli.inspect, "run", fail)
    if told:
        assert cli.main(["inspect", "x"]) == 2
        said = capsys.readouterr().err
        assert os.strerror(number) in said
        assert "DOE" not in said
    else:
        with pytest.raises(OSError, match="DOE"):
            cli.main(["inspect", "x"])
