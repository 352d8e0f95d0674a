"""Whose a case is: the same rule in training and in the bootstrap."""

import pytest

from ProstateAlignRefineLib.core.case_names import patient_of


@pytest.mark.parametrize(
    ("case", "patient"),
    [
        ("10000_1000000", "10000"),
        ("caseA_01", "caseA"),
        ("caseA_02", "caseA"),
        ("site_07_patient_3_2", "site_07_patient_3"),
        ("phantom-000001", "phantom-000001"),
        ("_1", "_1"),
    ],
)
def test_a_case_is_its_patients(case: str, patient: str) -> None:
    assert patient_of(case) == patient
