"""Series names as protocols of five vendors give them, and archives show them: each is taken for what it is."""

from __future__ import annotations

import pytest

from ProstateAlignRefineLib.core.match.evidence import SeriesEvidence, SeriesHeader, named_b_value
from ProstateAlignRefineLib.core.match.rules import Kind, judge

SIEMENS = {
    Kind.T2W: ("t2_tse_tra_320_p2", "t2_spc_rst_axial obl_Prostate", "t2_blade_tra", "t2_tse_tra_3mm _SFOV_TE 92"),
    Kind.ADC: (
        "ep2d_diff_tra_DYNDIST_MIX_ADC",
        "resolve_tra_p2_ADC_DFC_MIX",
        "ZOOMit_DWI_b0_1000_ADC",
        "AX DWI (50,1500)_ADC",
        "b_1500 prostate_ADC",
    ),
    Kind.HBV: (
        "ep2d_diff_zoomit_CALC_BVAL",
        "AX DIFFUSION_CALC_BVAL_DFC_MIX",
        "RESOLVE_tra_b1400_TRACEW",
        "ep2d_diff_b1400_new 32 measipat",
        "diffusie-3Scan-4bval_fsCALC_BVAL",
        "b_1500 prostate",
        "ep2d_diff_1500b",
    ),
    Kind.DWI: ("ep2d_diff_b50_400_800_1400_TRACEW", "resolve_tra_p2_TRACEW_DFC", "AX DWI (50,1500)"),
    Kind.OTHER: ("t2_haste_tra", "t1_vibe_fs_dyn", "ep2d_diff_tensor_FA"),
}
GE = {
    Kind.T2W: ("Ax T2 PROPELLER", "Oax T2 Propeller", "AX T2 SMALL FOV", "Ax T2 thin FRFSE", "3D T2 CUBE", "AX T2 N/S"),
    Kind.ADC: (
        "ADC (10^-6 mm\u00b2/s)",
        "Apparent Diffusion Coefficient (mm2/s)",
        "Average DC",
        "ADC:Nov 12 2019 10-15-30 CET",
    ),
    Kind.HBV: (
        "Axial FOCUS DWI 1400",
        "MAGiC DWI b 2000",
        "MAGIC DWI 1500",
        "DW_Synthetic: Ax DWI All B-50-800 Synthetic B-1400",
        "DW_Synthetic: Ax Focus 50,500,800,1400,2000",
        "Ax DWI B=1400",
    ),
    Kind.DWI: ("Ax DWI 50,800", "AX DWI 256x256", "Ax DWI BH"),
    Kind.OTHER: ("Ax T2 SSFSE", "Exponential Apparent Diffusion Coefficient", "LAVA"),
}
PHILIPS = {
    Kind.T2W: ("T2W_TSE_ax PSS Refoc 52", "T2 TSE ax no sense", "WIP T2W_TSE_3mm SENSE", "sT2 VISTA"),
    Kind.ADC: (
        "dADC 0_1500",
        "dADC b 0 1000 2000",
        "ddADC MAP",
        "d3B ADC 3B 750  ERC SSh_DWI FAST SENSE",
        "DIFF bv1400_ADC",
    ),
    Kind.HBV: (
        "sb_1500",
        "sB1400",
        "sb-2000",
        "sb1500 r5 only",
        "sDWI_b_2000",
        "DIFF bv1400",
        "3B 2000 w ERC SSh_DWI",
        "dDWI_high b",
        "DWI_1400",
    ),
    Kind.DWI: ("DWI_5b_0_1500", "DWI_b0_100_800", "dDWI 3b", "DWI 50 800", "DWI 3000 ms"),
    Kind.OTHER: ("T2W_SSH", "T2 UTSE SSh", "Survey", "eADC"),
}
CANON = {
    Kind.T2W: ("T2W FSE Ax", "Ax T2W FSE2D"),
    Kind.ADC: ("ADC map DWI", "Ax DWI 3 b-values ADC"),
    Kind.HBV: ("SEDWI b1000", "cDWI 2000", "CDWI b=1500"),
    Kind.DWI: ("FE EPI DWI", "ISO DWI"),
    Kind.OTHER: ("T2 FASE Ax", "AX FASE2D T2"),
}
UNITED_IMAGING = {
    Kind.T2W: ("t2_fse_tra", "t2_arms_fse_tra", "004_t2_fse_tra"),
    Kind.ADC: ("epi_dwi_tra_CBSF5_NL3_ADC", "epi_dwi_tra_b1500_ADC"),
    Kind.HBV: ("epi_dwi_tra_b1500", "epi_dwi_tra_CDWI_b1500", "dwi_MicroView_b1500"),
    Kind.DWI: ("epi_dwi_tra_CBSF5_NL3_b50_merge", "epi_dwi_tra_b50_b1500"),
    Kind.OTHER: ("t2_ssfse_tra", "gre_quick3d"),
}
VENDORS = {"siemens": SIEMENS, "ge": GE, "philips": PHILIPS, "canon": CANON, "united-imaging": UNITED_IMAGING}


def kind_of(name: str, pixel_mm: float) -> Kind:
    """By the name and the geometry alone, as of a volume without headers. DWI counts as other there: it has no tag."""
    return judge(SeriesEvidence(name, SeriesHeader(), "axial", 20, pixel_mm, 3.0)).kind


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_names_of_a_vendor(vendor):
    fine, coarse = 0.5, 2.0
    for kind, names in vendor.items():
        for name in names:
            found = kind_of(name, fine if kind is Kind.T2W or "T2" in name.upper() else coarse)
            found = Kind.OTHER if found is Kind.DWI else found
            assert found is (Kind.OTHER if kind is Kind.DWI else kind), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DWI_1400", 1400),
        ("MAGIC DWI 1500", 1500),
        ("ep2d_diff_1500b", 1500),
        ("sb-2000", 2000),
        ("hb2000", 2000),
        ("DWI 50 800", None),
        ("DWI 3000 ms", None),
        ("AX DWI 256x256", None),
        ("DWI 64 dir", None),
        ("ep2d_diff_2.0mm", None),
        ("DWI FOV 1400", None),
        ("sub1500", None),
    ],
)
def test_numbers_that_are_b_values_and_numbers_that_are_not(name, expected):
    assert named_b_value(name) == expected
