"""b-values of every vendor, as text, numbers and bytes of unknown type."""

import struct

import pytest
from pydicom import Dataset

from Dicom.series_files import csa_header
from ProstateAlignRefineLib.core.match.evidence import named_b_value
from ProstateAlignRefineLib.dicom.read.b_value import b_value

SIEMENS = (0x0019, "SIEMENS MR HEADER", 0x0C)
GE = (0x0043, "GEMS_PARM_01", 0x39)
PHILIPS = (0x2001, "Philips Imaging DD 001", 0x03)
UIH = (0x0065, "Image Private Header", 0x09)


def header_with(place: tuple[int, str, int], vr: str, value: object) -> Dataset:
    header = Dataset()
    group, creator, element = place
    header.private_block(group, creator, create=True).add_new(element, vr, value)
    return header


@pytest.mark.parametrize(
    ("place", "vr", "value", "expected"),
    [
        (SIEMENS, "IS", "800", 800),
        (SIEMENS, "OB", b"800 ", 800),
        (SIEMENS, "UN", b"1400", 1400),
        (GE, "IS", ["1000001500", "8", "0", "0"], 1500),
        (GE, "IS", ["50", "0", "0", "0"], 50),
        (GE, "UN", b"1000001400\\8\\0\\0", 1400),
        (GE, "OB", b"800\\8\\0\\0 ", 800),
        (PHILIPS, "FL", 1000.0, 1000),
        (PHILIPS, "UN", struct.pack("<f", 1500.0), 1500),
        (PHILIPS, "OB", struct.pack("<f", 0.0), 0),
        (UIH, "FD", 2000.0, 2000),
        (UIH, "UN", struct.pack("<d", 1400.0), 1400),
    ],
)
def test_private_tags_of_each_vendor_tell_the_b_value(place, vr, value, expected):
    assert b_value(header_with(place, vr, value)).value == expected


def test_private_tag_is_found_by_its_creator_not_by_its_block_number():
    header = Dataset()
    header.private_block(0x0019, "SOMEBODY ELSE", create=True).add_new(0x0C, "IS", "77")
    assert b_value(header) is None
    header.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "800")
    assert b_value(header).value == 800


def test_standard_tag_goes_before_private_ones():
    header = header_with(SIEMENS, "IS", "800")
    header.DiffusionBValue = 1400.0
    assert b_value(header).value == 1400


def test_standard_tag_is_found_inside_the_diffusion_sequence_and_per_frame():
    diffusion, header = Dataset(), Dataset()
    diffusion.DiffusionBValue = 1000.0
    header.MRDiffusionSequence = [diffusion]
    assert b_value(header).value == 1000
    assert b_value(Dataset(), groups=(diffusion,)).value == 1000


def test_a_frame_without_direction_of_an_enhanced_image_is_b_0():
    diffusion = Dataset()
    diffusion.DiffusionDirectionality = "NONE"
    assert b_value(Dataset(), groups=(diffusion,)).value == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("*ep_b800t", 800), ("*ep_b1000#3", 1000), ("ep_b0", 0), ("*ep_b50_800", None), ("*tse2d1_25", None)],
)
def test_sequence_name_tells_single_b_values_only(name, expected):
    header = Dataset()
    header.SequenceName = name
    found = b_value(header)
    assert (found and found.value) == expected


def test_csa_header_is_the_last_resort():
    header = header_with((0x0029, "SIEMENS CSA HEADER", 0x10), "OB", csa_header(EchoNumber="1", B_value="1400 "))
    assert b_value(header).value == 1400
    header.SequenceName = "*ep_b800t"
    assert b_value(header).value == 800


@pytest.mark.parametrize("cut", [0, 3, 12, 40, 100, 150])
def test_damaged_csa_header_tells_nothing(cut):
    whole = csa_header(EchoNumber="1", B_value="1400")
    assert b_value(header_with((0x0029, "SIEMENS CSA HEADER", 0x10), "OB", whole[:cut])) is None
    assert b_value(header_with((0x0029, "SIEMENS CSA HEADER", 0x10), "OB", csa_header(B_value=""))) is None
    hostile = whole[:8] + struct.pack("<i", 2**31 - 1) + whole[12:]
    assert b_value(header_with((0x0029, "SIEMENS CSA HEADER", 0x10), "OB", hostile)).value == 1400


@pytest.mark.parametrize("value", ["", b"", b"\xff\xfe", "abc", [], -5, 1e7])
def test_nonsense_is_no_b_value(value):
    header = Dataset()
    header.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "UN", b"")
    header.private_block(0x0019, "SIEMENS MR HEADER")[0x0C].value = value
    assert b_value(header) is None


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("DWI b1400 tra", 1400),
        ("ep2d_diff_b=800", 800),
        ("DWI b-value 50", 50),
        ("dwi_b1400_1", 1400),
        ("diff tra b 50 500 800 WIP511b", None),
        ("DWI b0-1400", None),
        ("b50 b400 b800", None),
        ("b1 map", None),
        ("t2_tse_tra", None),
        ("rib 12", None),
    ],
)
def test_a_name_tells_a_b_value_only_where_it_is_one(description, expected):
    assert named_b_value(description) == expected
