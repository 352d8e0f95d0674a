"""Identifiers and texts of a hostile study: no file lands outside the output folder, none is named after them."""

import pytest

from Dicom.making import INFO, change, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom import load_study, save_headers, write_map, write_segmentation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # the test itself writes invalid values
HOSTILE = ["../../x", "/etc/x", "..", "CON", "9" * 500, "1.2\\3.4", "", "1.2\0/../x"]
UIDS = ["SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"]


@pytest.mark.fault("UIDs that are paths, devices or far too long", "nothing outside of the output folder")
@pytest.mark.parametrize("uid", HOSTILE)
@pytest.mark.parametrize("keyword", UIDS)
def test_hostile_uids_name_no_file(study_folder, tmp_path, uid, keyword):
    change(study_folder / "t2w", lambda dataset: setattr(dataset, keyword, uid))
    change(study_folder / "adc", lambda dataset: setattr(dataset, keyword, uid))
    change(study_folder / "hbv", lambda dataset: setattr(dataset, keyword, uid))
    out = tmp_path / "a" / "b" / "out"
    before = set(tmp_path.iterdir())
    said = ""
    try:
        study = load_study(study_folder)
        save_headers(study.headers, out / "headers")
        write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, out / "lesions.seg.dcm")
        write_map(two_lesions(study.grid) > 0, study.grid, study.headers, INFO, out / "map")
    except InputError as refused:
        said = str(refused)
    assert not uid or f" {uid}" not in said
    assert set(tmp_path.iterdir()) <= before | {tmp_path / "a"}
    allowed = ("lesions.seg.dcm", "map", "headers", "0", "t2w-", "adc-", "hbv-")
    assert all(path.name.startswith(allowed) for path in out.rglob("*"))


@pytest.mark.fault("a series without its UID", "that the series is missing")
def test_missing_series_uid_is_passed_over(study_folder):
    change(study_folder / "adc", lambda dataset: delattr(dataset, "SeriesInstanceUID"))
    with pytest.raises(InputError, match="no axial ADC"):
        load_study(study_folder)
