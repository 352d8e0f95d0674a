"""A finished study of a cohort is known by its images, not by its name alone."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib.commands import segment_cohort
from ProstateAlignRefineLib.core.cohort import Entry
from ProstateAlignRefineLib.core.image_marks import BEGINNING, MOST_FILES, mark_of


@pytest.mark.fault(
    "a finished study of a cohort is pointed at other images", "it is segmented anew, and the table says so"
)
@pytest.mark.parametrize("column", ["study", "files"])
def test_a_finished_study_of_other_images_is_segmented_anew(a_study_folder, a_bundle, tmp_path, capsys, column) -> None:
    """One that was only moved, or whose files are gone, is not."""
    wrong, right, listed, out = tmp_path / "wrong", tmp_path / "right", tmp_path / "list.csv", tmp_path / "out"
    shutil.copytree(a_study_folder, wrong)
    shutil.copytree(a_study_folder, right)
    adc = sitk.ReadImage(str(right / "a_adc.mha"))
    sitk.WriteImage(adc * 1.1, str(right / "a_adc.mha"))

    def told_of(study: Path) -> tuple[str, str]:
        names = ",".join(str(study / f"a_{name}.mha") for name in ("t2w", "adc", "hbv"))
        head, told = ("case,study", str(study)) if column == "study" else ("case,t2w,adc,hbv", names)
        listed.write_text(f"{head}\none,{told}\n", encoding="utf-8")
        assert run_command(segment_cohort, listed, "-o", out, "--model", a_bundle) == 0
        row = next(csv.DictReader((out / "cohort.csv").read_text(encoding="utf-8").splitlines()))
        return row["state"], row["why"]

    assert told_of(wrong) == ("done", "")
    before = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "one" / "study" / "adc.nii.gz")))
    assert told_of(wrong) == ("skipped", "")
    capsys.readouterr()
    assert told_of(right) == ("done", segment_cohort.ANEW)
    assert f"one: {segment_cohort.ANEW}" in capsys.readouterr().out
    after = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "one" / "study" / "adc.nii.gz")))
    assert np.abs(after - before).max() > 1
    shutil.move(right, tmp_path / "moved")
    assert told_of(tmp_path / "moved") == ("skipped", "")
    shutil.rmtree(tmp_path / "moved")
    assert told_of(tmp_path / "moved") == ("skipped", "")


def test_a_mark_is_of_the_files_and_not_of_their_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, ending in ((one, "dcm"), (other, "ima")):
        (folder / "series").mkdir(parents=True)
        for number in range(3 * MOST_FILES):
            (folder / "series" / f"{number:03}.{ending}").write_bytes(bytes([number]) * 100)
    mark = mark_of(Entry("a", one))
    assert mark == mark_of(Entry("b", other))
    (other / ".DS_Store").write_bytes(b"hidden")
    assert mark == mark_of(Entry("b", other))
    (other / "series" / "000.ima").write_bytes(bytes([1]) * 100)
    assert mark != mark_of(Entry("b", other))
    (one / "series" / "000.dcm").write_bytes(bytes([0]) * (BEGINNING + 1))
    assert mark != mark_of(Entry("a", one))
    assert mark_of(Entry("c", tmp_path / "nowhere")) == mark_of(Entry("c", {})) == ""
