"""What the reader entered, as coded concepts: PI-RADS v2.1 scores and sectors of the map."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydicom.sr.coding import Code

from ...core.assessment import Assessment
from ...core.pirads import Enhancement, ScoredZone
from ...core.places import Place
from ...core.sectors import Sector

# CID 6304
_SECTORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "right base PZa": ("716904003", "Right anterior basal peripheral zone of prostate"),
        "left base PZa": ("716905002", "Left anterior basal peripheral zone of prostate"),
        "right base PZpl": ("716906001", "Right posterolateral basal peripheral zone of prostate"),
        "left base PZpl": ("716907005", "Left posterolateral basal peripheral zone of prostate"),
        "right base PZpm": ("836428004", "Right posteromedial basal peripheral zone of prostate"),
        "left base PZpm": ("836427009", "Left posteromedial basal peripheral zone of prostate"),
        "right base CZ": ("716900007", "Central zone of right half prostate"),
        "left base CZ": ("716901006", "Central zone of left half prostate"),
        "right base TZa": ("716896009", "Right anterior basal transition zone of prostate"),
        "left base TZa": ("716897000", "Left anterior basal transition zone of prostate"),
        "right base TZp": ("716898005", "Right posterior basal transition zone of prostate"),
        "left base TZp": ("716899002", "Left posterior basal transition zone of prostate"),
        "right base AS": ("716892006", "Right basal anterior fibromuscular stroma of prostate"),
        "left base AS": ("716893001", "Left basal anterior fibromuscular stroma of prostate"),
        "right mid PZa": ("716919002", "Right anterior middle peripheral zone of prostate"),
        "left mid PZa": ("716920008", "Left anterior middle peripheral zone of prostate"),
        "right mid PZpl": ("716921007", "Right posterolateral middle peripheral zone of prostate"),
        "left mid PZpl": ("716922000", "Left posterolateral middle peripheral zone of prostate"),
        "right mid PZpm": ("716923005", "Right posteromedial middle peripheral zone of prostate"),
        "left mid PZpm": ("716924004", "Left posteromedial middle peripheral zone of prostate"),
        "right mid TZa": ("716913001", "Right anterior middle transition zone of prostate"),
        "left mid TZa": ("716914007", "Left anterior middle transition zone of prostate"),
        "right mid TZp": ("716915008", "Right posterior middle transition zone of prostate"),
        "left mid TZp": ("716916009", "Left posterior middle transition zone of prostate"),
        "right mid AS": ("716909008", "Right middle anterior fibromuscular stroma of prostate"),
        "left mid AS": ("716910003", "Left middle anterior fibromuscular stroma of prostate"),
        "right apex PZa": ("716936005", "Right anterior apical peripheral zone of prostate"),
        "left apex PZa": ("716937001", "Left anterior apical peripheral zone of prostate"),
        "right apex PZpl": ("716938006", "Right posterolateral apical peripheral zone of prostate"),
        "left apex PZpl": ("716939003", "Left posterolateral apical peripheral zone of prostate"),
        "right apex PZpm": ("716940001", "Right posteromedial apical peripheral zone of prostate"),
        "left apex PZpm": ("716941002", "Left posteromedial apical peripheral zone of prostate"),
        "right apex TZa": ("716930004", "Right anterior apical transition zone of prostate"),
        "left apex TZa": ("716931000", "Left anterior apical transition zone of prostate"),
        "right apex TZp": ("716932007", "Right posterior apical transition zone of prostate"),
        "left apex TZp": ("716933002", "Left posterior apical transition zone of prostate"),
        "right apex AS": ("716926002", "Right apical anterior fibromuscular stroma of prostate"),
        "left apex AS": ("716927006", "Left apical anterior fibromuscular stroma of prostate"),
        "right SV": ("74308000", "Right seminal vesicle"),
        "left SV": ("42320003", "Left seminal vesicle"),
        "US": ("717027004", "Male external urethral sphincter"),
    }
)
_WORDS = ("Very low", "Low", "Intermediate", "High", "Very high")
SYSTEM, VERSION = Code("130551", "DCM", "Reporting system"), Code("130565", "DCM", "PI-RADS v2.1")
OVERALL = Code("130560", "DCM", "PI-RADS Localized Abnormality Assessment")
T2W = Code("130561", "DCM", "PI-RADS T2WI Lesion Assessment")
DWI = Code("130562", "DCM", "PI-RADS DWI Lesion Assessment")
DCE = Code("130563", "DCM", "PI-RADS DCE Lesion Assessment")
_FIRST_OVERALL, _FIRST_DWI = 50296, 50314  # CID 6328 and 6331, in rising order
_FIRST_T2W = {ScoredZone.PERIPHERAL: 50302, ScoredZone.TRANSITION: 50308}  # CID 6329 and 6330
_T2W_WORDS = {ScoredZone.PERIPHERAL: "T2WI PZ", ScoredZone.TRANSITION: "T2WI TZ"}
_ENHANCEMENT = {  # CID 6332
    Enhancement.NEGATIVE: Code("RID50320", "RADLEX", "PI-RADS DCE -ve"),
    Enhancement.POSITIVE: Code("RID50321", "RADLEX", "PI-RADS DCE +ve"),
    Enhancement.NOT_DONE: Code("RID50327", "RADLEX", "PI-RADS X - DCE Inadequate or absent"),
}


def sector_code(sector: Sector) -> Code:
    """Of CID 6304."""
    value, meaning = _SECTORS[sector.text]
    return Code(value, "SCT", meaning)


def evaluations(assessment: Assessment, place: Place) -> list[tuple[Code, Code]]:
    """Concept and value of each score of a lesion at this place; empty where its category is not told."""
    category, zone = assessment.category_at(place), assessment.zone_at(place)
    if category is None or zone is None:
        return []
    found = [(SYSTEM, VERSION), (OVERALL, _code(_FIRST_OVERALL, category, "{number} - {word} (lesion)"))]
    if assessment.t2w is not None:
        text = "{number} - " + _T2W_WORDS[zone] + " {word}"
        found.append((T2W, _code(_FIRST_T2W[zone], assessment.t2w, text)))
    if assessment.dwi is not None:
        found.append((DWI, _code(_FIRST_DWI, assessment.dwi, "{number} - DWI {word}")))
    return [*found, (DCE, _ENHANCEMENT[assessment.dce])]


def _code(first: int, score: int, text: str) -> Code:
    meaning = "PI-RADS " + text.format(number=score, word=_WORDS[score - 1])
    return Code(f"RID{first + score - 1}", "RADLEX", meaning)
