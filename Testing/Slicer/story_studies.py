"""The part of the story about where studies come from: a zip of two patients, and a b-value that is too low."""

from __future__ import annotations

import shutil


def a_zip_of_two_patients_opens_after_a_choice(stage):
    from ProstateAlignRefineLib.dicom import list_studies

    zipped = zip_of_two_patients(stage)
    studies = {study.patient: study for study in list_studies(zipped)}
    assert set(studies) == {"Zebra Zoe (low)", "Quagga Quentin (high)"}
    stage.application.answers.update({"file": zipped, "study": None})
    stage.ui.openZipButton.click()
    assert "none was chosen" in stage.session.message
    assert not any(patient.split()[0] in stage.session.message for patient in studies)
    stage.application.answers["study"] = studies["Zebra Zoe (low)"]
    stage.ui.openZipButton.click()
    headers = stage.session.study.headers.of(stage.session.inputs.t2w)
    assert str(headers[0].StudyInstanceUID) == studies["Zebra Zoe (low)"].uid, stage.session.message


def an_hbv_below_1400_is_said(stage):
    told = {caution.code: caution.text for caution in stage.session.study.cautions(stage.session.inputs)}
    assert "b = 1000" in told["hbv-low-b"]


def zip_of_two_patients(stage):
    """The story's own study, written twice for two people who do not exist."""
    from ProstateAlignRefineLib.dicom import StudyLabel, write_study
    from ProstateAlignRefineLib.dicom.study_folder import read_study_folder

    study, folder = read_study_folder(stage.study), stage.output / "two"
    for name, patient, b_value in (("low", "Zebra^Zoe", 1000.0), ("high", "Quagga^Quentin", 1400.0)):
        write_study(study, folder / name, StudyLabel(name, patient, name, "MR prostate", "test", False, b_value))
    shutil.make_archive(str(stage.output / "two"), "zip", folder)
    return stage.output / "two.zip"


STEPS = (a_zip_of_two_patients_opens_after_a_choice, an_hbv_below_1400_is_said)
