"""The sentences of the cautions by their codes, with named fields.

`_` marks what Slicer's extraction of texts for translation finds here; the panel translates, in the context CONTEXT.
"""

from __future__ import annotations

from collections.abc import Mapping

CONTEXT = "core.caution_texts"  # as Slicer's tools name this file


def _(text: str) -> str:
    return text


TEMPLATES: Mapping[str, str] = {
    "t2w-short": _(
        "The T2W is only {height} mm high; base or apex of the prostate may lie outside, and lesions in them are "
        "missed."
    ),
    "dwi-coverage": _(
        "The {volume} covers {share} of the middle of the T2W{missing}; nothing is marked where it has no image, "
        "and lesions there are missed."
    ),
    "gland-outside-dwi": _("{share} of the gland lies outside the {volume} ({parts}); lesions there are missed."),
    "lesion-outside-dwi": _(
        "{ml} mL looked like lesion where the ADC or the HBV has no image; they are not marked, since nothing "
        "there can be told from the T2W alone."
    ),
    "noise": _(
        "The {volume} looks like noise only: neighbouring voxels have nothing in common in its middle slice; what "
        "is found is not to be relied upon."
    ),
    "adc-offset": _(
        "No voxel of the ADC, a mask's zeros aside, is below {lowest}, though a body has bone and fat; an offset "
        "may have been added, and the ADC values in this report would be too high by it."
    ),
    "adc-negative": _(
        "The ADC is below zero in {share} of the prostate region, which no diffusion is; its values are not to be "
        "relied upon."
    ),
    "hbv-inverted": _(
        "The HBV is bright in most of the body and dark in little of it, as an inverted image is; lesions may be "
        "missed or invented."
    ),
    "hbv-like-t2w": _(
        "The HBV is bright where the T2W is (correlation {correlation}), as images of low b-values are; a high-b "
        "image (b = 800 or more) is needed to see lesions."
    ),
    "hbv-low-b": _(
        "The HBV was acquired at b = {b} s/mm2; PI-RADS v2.1 asks for at least {least}, since normal tissue is still "
        "bright below; lesions may be missed or invented."
    ),
    "adc-hbv-exchanged": _(
        "The volume given as HBV looks like an ADC map and the one given as ADC like a high-b image; make sure "
        "that they are not exchanged."
    ),
    "eight-bit": _(
        "The {volume} has whole numbers from {lowest} to 255, as screen captures have; contrast may be lost."
    ),
    "saturated": _(
        "The {volume} has its largest value in {share} of the prostate region: it was clipped, and what differs "
        "there is lost."
    ),
    "gland-not-found": _(
        "The model found no plausible prostate gland; the images may not show one, may be displaced, or may be "
        "unlike those it was trained on. Sides and levels are told from the middle of the T2W."
    ),
    "gland-unusual": _(
        "The gland found measures {ml} mL and {sizes} mm, which few glands do; its outline, and places told from "
        "it, may be wrong."
    ),
    "gland-in-pieces": _(
        "{share} of what the model took for gland lies apart from its largest piece; the outline, and places told "
        "from it, may be wrong."
    ),
    "gland-outlines-differ": _(
        "The gland network and the model outline the gland differently (Dice {dice}; {other} and {own} mL); the "
        "network's outline was taken, and volume, PSA density and places depend on it."
    ),
    "gland-cut": _(
        "The gland found reaches the border of the {border}; what lies beyond is not judged, and its volume is "
        "too small."
    ),
    "adc-empty-in-gland": _(
        "The ADC is zero or less in {share} of the gland: it was masked, or its fit failed, there; lesions may be "
        "missed or invented."
    ),
    "dwi-late": _(
        "The {volume} was acquired {time} {order} the T2W; the prostate may have moved or changed between them."
    ),
    "dwi-other-day": _(
        "The {volume} was acquired {time} {order} the T2W; the prostate may have moved or changed between them."
    ),
    "adc-hbv-unrelated": _(
        "The ADC and the HBV do not show the same in the same place: {how}; make sure that both are of this "
        "patient and of one acquisition."
    ),
    "diffusion-unlike-t2w": _(
        "The diffusion images and the T2W have little in common (mutual information {information} nats); make "
        "sure that they are of one patient."
    ),
    "dwi-displaced": _(
        "The {who} about {displacement} from where the T2W shows the same; lesions may be missed or misplaced. {advice}"
    ),
    "slice-empty": _("The {volume} has no image in {slices}; lesions there can be missed or invented."),
    "slice-repeated": _("The {volume} shows the same image twice, again in {slices}; what lies there is not known."),
    "slices-thin": _(
        "The T2W's slices are {own} mm apart, and the model reads them {read} mm apart; if they were interpolated, "
        "lesions come out too small, and small ones are lost: give the images as they were acquired."
    ),
    "t2w-reformatted": _(
        "The T2W is stored in {plane} slices; it was read as axial ones, {spacing} mm apart, which the model may "
        "know less well."
    ),
    "dwi-registered": _("ADC and HBV were moved onto the T2W by a rigid registration, as asked for. {displacements}"),
    "position-unknown": _(
        "The files do not say where in the patient the images lie; they were taken as one axial grid whose rows "
        "run to the left and whose columns run to the back, so right and left, and base and apex, may be swapped "
        "in the result."
    ),
    "axes-sheared": _(
        "The axes of the {volume} are {degrees} degrees off right angles; it was read with axes at right angles "
        "about its middle, which moves voxels 40 mm away by up to {moved} mm."
    ),
    "training-case": _(
        "The model was trained on this very study, or chosen by it, so that its answer here is better than on others; "
        "it may not count in figures."
    ),
    "adc-unit-differs": _(
        "The ADC map names {named} as its unit, but its values in the middle are those of a map in {found}, and "
        "were read so."
    ),
}
