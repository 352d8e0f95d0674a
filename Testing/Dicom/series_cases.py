"""The table: what a series must be taken for, by the command line and by the panel alike."""

from __future__ import annotations

from dataclasses import replace

from Dicom.series_files import (
    COARSE,
    CORONAL,
    FEW,
    FINE,
    SAGITTAL,
    Series,
    along_one_direction,
    canon,
    ge,
    philips,
    siemens,
    siemens_csa,
    uih,
)
from ProstateAlignRefineLib.core.study import Modality

T2W, ADC, HBV = Modality.T2W, Modality.ADC, Modality.HBV
TSE = {"ScanningSequence": "SE", "EchoTime": 104.0, "RepetitionTime": 4000.0}
EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 72.0, "RepetitionTime": 4500.0}
VIBE = {"ScanningSequence": "GR", "EchoTime": 1.6, "RepetitionTime": 5.0}
TRACE = {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]}
ADC_TYPE = {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}


def t2(description, grid=FINE, **tags):
    return Series(description, grid, tags)


def dwi(description, edit=lambda _: None, **tags):
    return Series(description, COARSE, tags, edit)


NAMES = {
    # What image files, and DICOM files without any other header, tell by their name and geometry.
    "siemens-t2": (t2("t2_tse_tra"), T2W),
    "ge-axt2-without-echo-time": (t2("AxT2 FRFSE"), T2W),
    "ge-oblique-t2": (t2("OAx T2 FSE"), T2W),
    "philips-t2": (t2("eT2W_TSE_tra"), T2W),
    "philips-single-t2": (t2("sT2W_TSE_ax"), T2W),
    "space": (t2("3DT2 SPACE"), T2W),
    "picai-t2": (t2("11373_1001396_t2w"), T2W),
    "t2-named-as-sagittal-lies-axial": (t2("t2_tse_sag"), T2W),
    "sagittal": (t2("t2_tse_tra", SAGITTAL), None),
    "coronal": (t2("t2_tse_cor", CORONAL), None),
    "picai-sagittal": (t2("11373_1001396_sag", SAGITTAL), None),
    "picai-coronal": (t2("11373_1001396_cor", CORONAL), None),
    "t2-map": (t2("T2_map"), None),
    "t2-star": (t2("T2* tra"), None),
    "t2-localizer": (t2("t2 localizer"), None),
    "three-plane-localizer": (t2("3-plane loc T2"), None),
    "haste": (t2("t2_haste_tra"), None),
    "ssfse": (t2("Ax T2 SSFSE"), None),
    "maximum-intensity": (t2("t2 space MIP"), None),
    "three-slices": (t2("t2", FEW), None),
    "no-t2-but-a-patients-number": (t2("patient2"), None),
    "ct": (t2("CT thorax"), None),
    "contrast-enhanced": (t2("t1_vibe_dyn_wash-in"), None),
    "siemens-adc": (dwi("ep2d_diff_tra_DYNDIST_ADC"), ADC),
    "ge-adc": (dwi("Apparent Diffusion Coefficient (mm2/s)"), ADC),
    "philips-adc": (dwi("dADC"), ADC),
    "axadc": (dwi("AxADC"), ADC),
    "adcmap": (dwi("ADCmap"), ADC),
    "picai-adc": (dwi("11373_1001396_adc"), ADC),
    "adc-of-an-experiment": (dwi("expert reading 3 ADC"), ADC),
    "adc-of-named-b-values": (dwi("ADC b50-800"), ADC),
    "sagittal-adc": (replace(dwi("ADC"), grid=SAGITTAL), None),
    "exponential-adc": (dwi("eADC"), None),
    "exponential-adc-in-words": (dwi("Exponential Apparent Diffusion Coefficient"), None),
    "siemens-exponential": (dwi("ep2d_diff_ADC_exp"), None),
    "fractional-anisotropy": (dwi("ep2d_diff_FA"), None),
    "colour-adc": (dwi("ADC colour"), None),
    "siemens-calculated": (dwi("ep2d_diff_tra_DYNDISTCALC_BVAL"), HBV),
    "calculated-of-listed-b-values": (dwi("diff tra b 50 500 800 WIP511bCALC_BVAL"), HBV),
    "synthetic": (dwi("synthetic DWI b1500"), HBV),
    "picai-hbv": (dwi("11373_1001396_hbv"), HBV),
    "b-1400": (dwi("DWI b1400"), HBV),
    "loaded-twice": (dwi("DWI b1400_1"), HBV),
    "b-value-in-words": (dwi("diffusion, b-value 1000"), HBV),
    "high-b-value": (dwi("ep2d-advdiff-3Scan-high bvalue 1400"), HBV),
    "high-b": (dwi("dwi high b"), HBV),
    "high-bandwidth": (dwi("ep2d_diff high bandwidth"), None),
    "low-b": (dwi("DWI b50"), None),
    "low-b-value-in-words": (dwi("dwi bvalue 400"), None),
    "several-b-values": (dwi("diff tra b 50 500 1400"), None),
    "four-b-values": (dwi("diffusie-3Scan-4bval_fs"), None),
    "exponential-of-high-b": (dwi("eADC b1400"), None),
}

HEADERS = {
    # What needs DICOM headers.
    "tse-without-a-name": (t2("any", **TSE), T2W),
    "short-echo": (t2("t1_tse_tra", ScanningSequence="SE", EchoTime=11.0, RepetitionTime=600.0), None),
    "short-echo-named-t2": (t2("t2_tse_tra", ScanningSequence="SE", EchoTime=11.0), None),
    "sagittal-tse": (t2("any", SAGITTAL, **TSE), None),
    "gradient-echo-named-t2": (t2("t2 medic", **VIBE), None),
    "reformatted": (t2("t2_space", **TSE, ImageType=["DERIVED", "SECONDARY", "MPR"]), T2W),
    "haste-with-all-headers": (t2("t2_haste_tra", **TSE), None),
    "t2-map-by-image-type": (t2("t2", **TSE, ImageType=["DERIVED", "PRIMARY", "T2 MAP"]), None),
    "localizer-by-image-type": (t2("t2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), None),
    "subtraction": (t2("t2", **VIBE, ImageType=["DERIVED", "PRIMARY", "SUBTRACTION"]), None),
    "b-0-of-every-image": (Series("T2W_TSE", FINE, TSE, philips(0.0)), T2W),
    "siemens-adc-type": (dwi("any", siemens(800), **ADC_TYPE), ADC),
    "ge-adc-of-b-1400": (dwi("Apparent Diffusion Coefficient (mm2/s)", ge(1400)), ADC),
    "ge-exponential-adc-of-b-1400": (dwi("Exponential ADC", ge(1400), **EPI), None),
    "adc-type-named-exponential": (dwi("eADC", **ADC_TYPE), None),
    "siemens-private": (dwi("any", siemens(1400), **TRACE), HBV),
    "siemens-csa": (dwi("any", siemens_csa(1400), **TRACE), HBV),
    "siemens-sequence-name": (dwi("any", **TRACE, SequenceName="*ep_b1400t"), HBV),
    "ge-private": (dwi("any", ge(1500), **EPI), HBV),
    "philips-private": (dwi("any", philips(1000), ScanningSequence="SE", EchoTime=80.0), HBV),
    "uih-private": (dwi("any", uih(2000)), HBV),
    "canon-comment": (dwi("any", canon("b=1500"), **EPI), HBV),
    "canon-one-direction": (dwi("any", canon("b=1500(0.445,0.000,0.895)"), DiffusionBValue=1500.0), None),
    "philips-adc-named-as-its-images": (
        dwi("dWIP SSh_DWI FAST SENSE", philips(0.0), **EPI, ImageType=["ORIGINAL", "PRIMARY", "ADC", "UNSPECIFIED"]),
        ADC,
    ),
    "standard-b-value": (dwi("any", DiffusionBValue=1400.0), HBV),
    "headers-go-before-the-name": (dwi("DWI b1400", ge(50), **EPI), None),
    "calculated-type": (dwi("any_CALC_BVAL", **TRACE), HBV),
    "low-b-by-private-tag": (dwi("any", siemens(50), **TRACE), None),
    "one-direction": (dwi("any", along_one_direction), None),
    "mosaic": (dwi("any", siemens(1400), ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION", "MOSAIC"]), None),
    "fine-diffusion": (Series("any", FINE, EPI, ge(1400)), HBV),
}

T2, MAP, HIGH = (
    replace(t2("t2_tse_tra", **TSE), number=4),
    replace(dwi("ADC", siemens(800), **ADC_TYPE), number=7, low=600, high=2000),
    replace(dwi("CALC_BVAL", siemens(1400), **TRACE), number=8),
)
MOVED = (9.0, 4.0, 0.0)

STUDIES = {
    # Series of a study, and the numbers of those that T2W, ADC and HBV are read from; None: read from none.
    "one-of-each": ((T2, MAP, HIGH), (4, 7, 8)),
    "sagittal-first": ((T2, MAP, HIGH, replace(t2("t2_tse_sag", SAGITTAL, **TSE), number=3)), (4, 7, 8)),
    "t2-repeated": ((T2, MAP, HIGH, replace(T2, number=9)), (9, 7, 8)),
    "original-before-reformatted": (
        (T2, MAP, HIGH, replace(T2, number=9, tags={**TSE, "ImageType": ["DERIVED", "SECONDARY", "MPR"]})),
        (4, 7, 8),
    ),
    "t2-better": ((T2, MAP, HIGH, replace(T2, number=9, grid=COARSE)), (4, 7, 8)),
    "usual-b-preferred": (
        (T2, MAP, replace(HIGH, number=10, edit=siemens(1000)), HIGH, replace(HIGH, number=11, edit=siemens(3000))),
        (4, 7, 8),
    ),
    "nearer-to-1400": (
        (T2, MAP, replace(HIGH, number=10, edit=siemens(1000)), replace(HIGH, edit=siemens(1200))),
        (4, 7, 8),
    ),
    "diffusion-on-one-grid": (
        (T2, MAP, HIGH, replace(HIGH, number=9, grid=replace(COARSE, origin=(-40.0, -10.0, -55.0)))),
        (4, 7, 8),
    ),
    "moved-between": (
        (T2, MAP, HIGH, *(replace(one, number=one.number + 10, moved_mm=MOVED) for one in (MAP, HIGH))),
        (4, 7, 8),
    ),
    "other-maps-beside": (
        (T2, MAP, HIGH, replace(dwi("eADC", siemens(1400)), number=12), replace(t2("t1_vibe", **VIBE), number=13)),
        (4, 7, 8),
    ),
    "ge": (
        (
            replace(t2("AxT2 FRFSE"), number=2),
            replace(dwi("any", ge(50), **EPI), number=3),
            replace(dwi("any", ge(1400), **EPI), number=4),
            replace(dwi("Apparent Diffusion Coefficient (mm2/s)"), number=500, low=600, high=2000),
        ),
        (2, 500, 4),
    ),
}  # fmt: skip
