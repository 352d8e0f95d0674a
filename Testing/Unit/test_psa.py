import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.psa import psa_density, read_psa


@pytest.mark.parametrize(("text", "value"), [("6.2", 6.2), (" 13 ", 13.0), ("4,5", 4.5), ("", None), ("  ", None)])
def test_a_psa_is_a_positive_number_or_nothing(text, value):
    assert read_psa(text) == value


@pytest.mark.parametrize("text", ["-1", "0", "high", "nan", "inf", "6.2 ng/mL"])
def test_anything_else_is_refused_without_quoting_it(text):
    with pytest.raises(InputError, match="PSA is not a positive number") as refused:
        read_psa(text)
    assert text not in str(refused.value).replace("6.2, or", "")


def test_a_psa_that_no_patient_has_is_refused_without_quoting_it():
    with pytest.raises(InputError, match="check its unit") as refused:
        read_psa("6200000")
    assert "62" not in str(refused.value)


def test_density_is_psa_over_volume():
    assert psa_density(6.0, 40.0) == pytest.approx(0.15)
