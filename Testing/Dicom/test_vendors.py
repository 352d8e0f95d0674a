"""Studies as the vendors' scanners write them: the right series is found without any help of the description."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from Dicom.making import change
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import load_study


def siemens(dataset: Dataset, b: int) -> None:
    dataset.Manufacturer, dataset.ImageType = "SIEMENS", ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "DIS2D"]
    dataset.SequenceName = "*ep_b50_800"
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "OB", f"{b} ".encode())


def ge(dataset: Dataset, b: int) -> None:
    dataset.Manufacturer, dataset.ImageType = "GE MEDICAL SYSTEMS", ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant = ["EP", "SE"], "NONE"
    dataset.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [str(1000000000 + b), "8", "0", "0"])


def philips(dataset: Dataset, b: int) -> None:
    dataset.Manufacturer, dataset.ImageType = "Philips", ["ORIGINAL", "PRIMARY", "M_SE", "M", "SE"]
    dataset.ScanningSequence = "SE"  # of its echo planar spin echo too
    dataset.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "UN", struct.pack("<f", b))


def uih(dataset: Dataset, b: int) -> None:
    dataset.Manufacturer, dataset.ImageType = "UIH", ["ORIGINAL", "PRIMARY", "DWI"]
    dataset.private_block(0x0065, "Image Private Header", create=True).add_new(0x09, "FD", float(b))


ADC_LOOKS = {
    siemens: (["DERIVED", "PRIMARY", "DIFFUSION", "ADC", "DIS2D"], "any"),
    ge: (["DERIVED", "SECONDARY", "COMBINED"], "Apparent Diffusion Coefficient (mm2/s)"),
    philips: (["ORIGINAL", "PRIMARY", "ADC", "M", "ADC"], "any"),
    uih: (["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], "any"),
}


@pytest.fixture(params=[siemens, ge, philips, uih], ids=lambda vendor: vendor.__name__)
def vendor_study(request, study_folder) -> tuple[Callable[[Dataset, int], None], Path]:
    vendor = request.param
    image_type, description = ADC_LOOKS[vendor]

    def t2w(dataset: Dataset) -> None:
        dataset.SeriesDescription, dataset.ImageType = "any", ["ORIGINAL", "PRIMARY", "M"]

    def adc(dataset: Dataset) -> None:
        vendor(dataset, 800)
        dataset.SeriesDescription, dataset.ImageType = description, image_type

    def hbv(dataset: Dataset) -> None:
        dataset.SeriesDescription = "any"
        del dataset.DiffusionBValue
        vendor(dataset, 1500)

    for name, edit in (("t2w", t2w), ("adc", adc), ("hbv", hbv)):
        change(study_folder / name, edit)
    return vendor, study_folder


def test_the_three_series_are_found(vendor_study):
    vendor, folder = vendor_study
    study = load_study(folder)
    numbers = [int(study.headers[modality][0].SeriesNumber) for modality in Modality]
    assert numbers == [1, 2, 3]
    names = {siemens: "Siemens", ge: "GE", philips: "Philips", uih: "UIH"}
    assert f"b = 1500 from the {names[vendor]} private tag" in study.reasons[Modality.HBV]


def test_b_0_that_philips_tells_of_every_image_makes_no_diffusion_image(study_folder):
    def every_image(dataset: Dataset) -> None:
        dataset.DiffusionBValue = 0.0
        dataset.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", 0.0)

    change(study_folder / "t2w", every_image)
    study = load_study(study_folder)
    assert study.headers[Modality.T2W][0].SeriesNumber == 1
