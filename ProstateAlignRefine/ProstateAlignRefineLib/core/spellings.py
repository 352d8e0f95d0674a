"""English as radiologists write it about the prostate: every spelling that the starter model knows."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

from .lexicon import LESION, NOT, ORGAN, Lexicon

_SAME: dict[str, str] = {
    LESION: "lesion, lesions, tumor, tumors, tumour, tumours, cancer, cancers, carcinoma, adenocarcinoma, malignancy, "
    "neoplasm, focus, foci, mass, masses, abnormality, abnormalities, finding, findings, spot, target, targets, cspca, "
    "pca, index lesion, roi, nodule, nodules, lesional, malignant, area, areas, region, regions",
    "left": "left, left sided, lt, l, left side, left half, left lobe, left hand, sinister, leftward",
    "right": "right, right sided, rt, r, right side, right half, right lobe, right hand, dexter, rightward",
    "midline": "midline, mid line, median, centre line",
    "base": "base, basal, upper third, base level, at base, cranial, cranial third, superior, superior third, upper",
    "mid": "mid, midgland, mid gland, middle third, middle, mid level, midportion, mid portion, mid third, equatorial",
    "apex": "apex, apical, lower third, apex level, caudal, caudal third, inferior, inferior third, lower",
    "peripheral": "peripheral, peripheral zone, pz, peripherally, peripheral gland",
    "transition": "transition, transitional, transition zone, transitional zone, tz, central gland, bph zone",
    "central": "central, central zone, cz",
    "stroma": "stroma, anterior stroma, anterior fibromuscular stroma, fibromuscular stroma, afs, afms, as, "
    "anterior fibromuscular, fibromuscular, stromal",
    "anterior": "anterior, anteriorly, ventral, ventrally, front, anterior half, frontal",
    "posterior": "posterior, posteriorly, dorsal, dorsally, back, posterior half, rear",
    "lateral": "lateral, laterally",
    "medial": "medial, medially",
    "small": "small, tiny, subcentimeter, subcentimetre, sub centimeter, little, punctate, minute",
    "medium": "medium, medium sized, moderate sized, intermediate, mid sized, midsized",
    "large": "large, big, bulky, extensive, sizeable, large sized, huge",
    NOT: "no, not, without, absent, none, normal, benign, healthy, never, negative, unremarkable, nothing",
    ORGAN: (
        "liver, hepatic, kidney, kidneys, renal, spleen, lung, lungs, heart, cardiac, brain, pancreas, "
        "stomach, bladder, rectum, rectal, colon, bowel, intestine, bone, bones, pelvis, femur, hip, sacrum, "
        "spine, vertebra, muscle, muscles, fat, skin, breast, thyroid, uterus, ovary, ovaries, testis, "
        "testicle, penis, urethra, seminal vesicle, seminal vesicles, sv, lymph node, lymph nodes, node, "
        "nodes, artery, vein, vessel, vessels, aorta, gallbladder, adrenal, oesophagus, esophagus, trachea, "
        "eye, ear, nose, tongue, tooth, teeth, knee, shoulder, hand, foot, arm, leg, finger, catheter, "
        "implant, stent, air, water, cat, dog, car, house, tree, table, banana, apple, nerve, cyst, stone, "
        "calcification, haemorrhage, hemorrhage, prostatitis, inflammation, bph, air bubble, gas, stool, "
        "bph nodule, bph nodules, stromal nodule, stromal nodules"
    ),
}
"""Concept to its spellings. Benign tissue that reads like a lesion counts as elsewhere: it is not to be outlined."""

_SEVERAL: dict[str, tuple[str, ...]] = {
    "pzpl": ("peripheral", "posterior", "lateral"),
    "pzpm": ("peripheral", "posterior", "medial"),
    "pza": ("peripheral", "anterior"),
    "pzp": ("peripheral", "posterior"),
    "pzl": ("peripheral", "lateral"),
    "pzm": ("peripheral", "medial"),
    "tza": ("transition", "anterior"),
    "tzp": ("transition", "posterior"),
    "anterior horn": ("peripheral", "anterior"),
    "posterolateral": ("posterior", "lateral"),
    "postero lateral": ("posterior", "lateral"),
    "posterolaterally": ("posterior", "lateral"),
    "dorsolateral": ("posterior", "lateral"),
    "posteromedial": ("posterior", "medial"),
    "postero medial": ("posterior", "medial"),
    "posteromedially": ("posterior", "medial"),
    "anterolateral": ("anterior", "lateral"),
    "anteromedial": ("anterior", "medial"),
    "lpz": ("left", "peripheral"),
    "rpz": ("right", "peripheral"),
    "ltz": ("left", "transition"),
    "rtz": ("right", "transition"),
}

_FILLERS = (
    "a, an, the, of, in, at, on, with, to, is, there, any, all, this, that, it, and, find, show, "
    "outline, segment, mark, locate, where, please, me, zone, gland, prostate, prostatic, patient, "
    "patients, clinically, significant, suspicious, suspected, suspicion, likely, probable, possible, "
    "highly, very, mildly, mild, marked, markedly, moderate, moderately, measuring, measures, measured, "
    "about, approximately, circa, ca, size, sized, diameter, in diameter, level, sector, portion, part, "
    "side, sided, third, half, lobe, aspect, located, location, lying, lies, seen, visible, situated, "
    "within, from, for, primary, dominant, index, single, solitary, focal, discrete, lenticular, ill, "
    "well, defined, circumscribed, t2, t2w, dwi, adc, hbv, mri, high, low, signal, intensity, "
    "restricted, restriction, diffusion, hypointense, hyperintense, dark, bright, contrast, early, "
    "enhancement, new, known, biopsy, proven, gleason, isup, grade, group, equivocal, near, toward, "
    "towards, abutting, capsule, capsular, up, down, one, an area of, zonal, bilateral, both, sides, "
    "either, max, maximum, axial, dimension, suspect, prostate gland, tissue, be, which, are, bilaterally, "
    "lower signal, lower adc, lower t2, intermediate signal, intermediate adc, intermediate t2, "
    "intermediate intensity, or, through, into, extending, extends"
)


@lru_cache(maxsize=1)
def english() -> Lexicon:
    """The spellings that prompts of the starter model are read with."""
    same = ((spelling, (concept,)) for concept, spellings in _SAME.items() for spelling in _listed(spellings))
    fillers = ((spelling, ()) for spelling in _listed(_FILLERS))
    return Lexicon(dict(chain(fillers, same, _SEVERAL.items())))


def _listed(spellings: str) -> list[str]:
    return [spelling.strip() for spelling in spellings.split(",")]
