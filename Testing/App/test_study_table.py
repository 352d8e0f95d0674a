"""A folder or zip of several patients in the panel: the table opens, one study is read and found again."""

import shutil

import pytest

from Dicom.making import small_study
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import list_studies, write_study
from ProstateAlignRefineLib.dicom.write.series import StudyLabel


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for name, patient, b_value in (("a", "Zebra^Zoe", 1000.0), ("b", "Quagga^Quentin", 1400.0)):
        label = StudyLabel(name, patient, name, "MR prostate", "test", False, b_value)
        write_study(small_study(), folder / name, label)
    return folder


@pytest.fixture(scope="module")
def zipped(archive, tmp_path_factory):
    return shutil.make_archive(str(tmp_path_factory.mktemp("zip") / "export"), "zip", archive)


def by_patient(source):
    return {study.patient.split()[0]: study for study in list_studies(source)}


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_study_that_is_chosen_is_read(panel, archive, zipped, kind):
    source = archive if kind == "folder" else type(archive)(zipped)
    wanted = by_patient(source)["Quagga"]
    panel.application.answers.update({kind: source, "study": wanted})
    (panel.ui.openButton if kind == "folder" else panel.ui.openZipButton).click()
    asked = dict(panel.application.asked)["study"]
    assert {study.patient for study in asked} == {"Zebra Zoe (a)", "Quagga Quentin (b)"}
    inputs, headers = panel.session.inputs, panel.session.study.headers
    assert {str(one.StudyInstanceUID) for slices in headers.of_all(inputs).values() for one in slices} == {wanted.uid}
    headers.forget()  # as when the scene is saved and opened again
    assert set(headers.of_all(inputs)) == set(Modality)


def test_no_choice_opens_nothing_and_says_so(panel, archive):
    panel.application.answers.update({"folder": archive, "study": None})
    panel.ui.openButton.click()
    assert panel.ui.messageLabel.text.startswith("Nothing was opened: there are several studies")
    assert panel.session.inputs is None


def test_a_low_b_value_is_told_also_of_volumes_that_were_loaded_one_by_one(panel, archive):
    panel.application.answers.update({"folder": archive, "study": by_patient(archive)["Zebra"]})
    panel.ui.openButton.click()
    session = panel.session
    told = [caution.text for caution in session.study.cautions(session.inputs) if caution.code == "hbv-low-b"]
    assert told == [
        "The HBV was acquired at b = 1000 s/mm2; PI-RADS v2.1 asks for at least 1400, since normal tissue is still "
        "bright below; lesions may be missed or invented."
    ]
    session.study._opened = None
    assert [one.text for one in session.study.cautions(session.inputs) if one.code == "hbv-low-b"] == told


def test_the_table_shows_a_row_a_study_and_gives_the_selected_one(panel, archive):
    from ProstateAlignRefineLib.app.study_table import StudyTable

    studies = list_studies(archive)
    table = StudyTable(studies)
    assert table.table.rowCount == 2
    cells = [[table.table.item(row, column).text() for column in range(5)] for row in range(2)]
    assert [cell[0] for cell in cells] == [study.patient for study in studies]
    assert cells[0][3] == "yes"
    assert cells[0][4].startswith("1 (T2W axial), 2 (ADC axial")
    assert table.chosen is studies[0]
    assert len(table._buttons.buttons()) == 2
    table.table.setCurrentCell(1, 0)
    assert table.chosen is studies[1]
    table.table.cellDoubleClicked(1, 0)
    assert table.dialog.result() == 1
