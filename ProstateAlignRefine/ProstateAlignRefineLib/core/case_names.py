"""How cases are named, after PI-CAI: a study is `patient_study`."""

from __future__ import annotations


def patient_of(case: str) -> str:
    """What stands before the last underscore (`10000_1000000`: patient 10000); a name without one is the patient's.

    Cases of one patient share a fold and are drawn together. Taking too much for one patient costs power, taking too
    little lets a patient be trained on and judged.
    """
    return case.rpartition("_")[0] or case
