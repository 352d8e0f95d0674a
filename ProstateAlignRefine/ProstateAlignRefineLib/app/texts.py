"""The result as text: for the clipboard, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from functools import partial

from ..core.assessment import plain_assessment
from ..core.caution_texts import CONTEXT, TEMPLATES
from ..core.cautions import Caution
from ..core.findings.rule import FindingRule
from ..core.gland import Gland
from ..core.lesions import Lesion
from ..core.places import zone_name
from ..results import gland_words
from ..results.review import Decision, FoundLesion
from ..results.run import Run
from ..results.slice_names import SliceNames
from ..scene.history import Action, ActionKind
from ..scene.reading import Reading
from .i18n import _, translate
from .places import place_text

DECISIONS = {
    Decision.UNDECIDED: _("not reviewed"),
    Decision.ACCEPTED: _("accepted"),
    Decision.REJECTED: _("rejected"),
}
ACTIONS = {
    ActionKind.MOVE_GATE: _("Move the gate"),
    ActionKind.MOVE_SENSITIVITY: _("Move the sensitivity"),
    ActionKind.EDIT_VOXELS: _("Edit voxels"),
    ActionKind.ACCEPT: _("Accept lesion {number}"),
    ActionKind.REJECT: _("Reject lesion {number}"),
    ActionKind.REOPEN: _("Reopen lesion {number}"),
    ActionKind.ASSESS: _("Score lesion {number}"),
}
CSV_HEADER = [
    "lesion",
    "decision",
    "volume_ml",
    "max_axial_diameter_mm",
    "perpendicular_axial_mm",
    "craniocaudal_mm",
    "diameter_3d_mm",
    "mean_adc_1e-6mm2/s",
    "p10_adc_1e-6mm2/s",
    "confidence",
    "mean_confidence",
    "max_confidence",
    "mean_similarity",
    "side",
    "level",
    "zone",
    "second_zone",
    "sector",
    "first_slice",
    "last_slice",
    "slices",
    "centre_l_mm",
    "centre_p_mm",
    "centre_s_mm",
    "tracking_uid",
    "found_with_place_given",
    "pirads_category",
    "pirads_zone",
    "pirads_t2w",
    "pirads_dwi",
    "pirads_dce",
    "extraprostatic_extension",
    "seminal_vesicle_invasion",
    "reader_sector",
]


def decision_text(found: FoundLesion) -> str:
    """A candidate that waits is none of the lesions that are merely not reviewed."""
    waits = found.candidate and found.decision is Decision.UNDECIDED
    return _("candidate") if waits else DECISIONS[found.decision]


def confidence_text(rule: FindingRule | None) -> str:
    """What a finding's confidence means."""
    if rule is None:
        return _("Mean of the base model's confidence over the finding's voxels, 0 to 1; not calibrated")
    return _("Share of findings like this one that were lesions in synthetic studies, 0 to 1")


def action_text(action: Action) -> str:
    """One entry of undo and redo."""
    return ACTIONS[action.kind].format(number=action.lesion)


def research_use() -> str:
    """`core.report.RESEARCH_USE`, spelled out for translation."""
    return _("For research use only. Not a medical device; not for diagnosis or treatment decisions.")


def report_text(reading: Reading) -> str:
    """Plain text to paste into a report; the research-use line first."""
    run = reading.run
    kept = [found for found in reading.lesions if found.kept]
    rejected = sum(found.decision is Decision.REJECTED for found in reading.lesions)
    waiting = len(reading.lesions) - len(kept) - rejected
    lines = [
        research_use(),
        run.model.notice,
        "",
        _("Prostate MRI (T2W, ADC, HBV): {count} lesion(s).").format(count=len(kept)),
        _("The prompt told where to look: found with a place given.") if run.place_given else "",
        *(_lesion_text(found, reading.slice_names) for found in kept),
        _("{count} further finding(s) rejected by the reader.").format(count=rejected) if rejected else "",
        _("{count} candidate(s) below the model's operating point not accepted.").format(count=waiting)
        if waiting
        else "",
        _("PSA {psa:g} ng/mL.").format(psa=run.psa) if run.psa is not None else "",
        gland_text(reading.anatomy.gland, run),
        cautions_text(run.cautions),
        "",
        _provenance(reading),
    ]
    return "\n".join(_without_double_blanks(lines)) + "\n"


def csv_text(reading: Reading) -> str:
    """One row a lesion, rejected ones too; a point as the decimal mark, whatever the language."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    given = int(reading.run.place_given)
    writer.writerows(_csv_row(found, reading.slice_names, given) for found in reading.lesions)
    return sheet.getvalue()


def cautions_text(cautions: Sequence[Caution]) -> str:
    """A line a caution, for reading before the table."""
    return "\n".join(_("Caution: {text}").format(text=caution_text(caution)) for caution in cautions)


def caution_text(caution: Caution) -> str:
    """In the user's language where the caution has a sentence with named fields, else as it was written."""
    template = translate(CONTEXT, TEMPLATES.get(caution.code, ""))
    try:
        return template.format(**caution.fields) or caution.text
    except (KeyError, IndexError, ValueError):  # of a version without these fields, or a translation with others
        return caution.text


def adc_text(value: float | None) -> str:
    """In 1e-6 mm²/s; a dash where the ADC does not cover the lesion."""
    return "–" if value is None else f"{value:.0f}"


def gland_text(gland: Gland | None, run: Run) -> str:
    """`results.gland_words`, in the user's language."""
    return gland_words.gland_text(gland, run, partial(translate, gland_words.CONTEXT))


def _lesion_text(found: FoundLesion, names: SliceNames) -> str:
    lesion = found.lesion
    text = _(
        "Lesion {number} ({decision}): {place}, slices {slices}; {volume:.2f} mL, {diameters}; "
        "ADC mean {adc}, 10th percentile {p10} (1e-6 mm2/s); confidence {confidence:.2f}; similarity {similarity:.2f}."
    ).format(
        number=lesion.number,
        decision=decision_text(found),
        place=place_text(lesion.place),
        slices=names.text(*lesion.slices),
        volume=lesion.volume_ml,
        diameters=lesion.diameters.text,
        adc=adc_text(lesion.mean_adc),
        p10=adc_text(lesion.p10_adc),
        confidence=lesion.confidence,
        similarity=lesion.mean_similarity,
    )
    return " ".join(filter(None, (text, assessment_text(found))))


def assessment_text(found: FoundLesion) -> str:
    """What the reader entered, in a sentence; empty where nothing was."""
    said = found.assessment
    if not said:
        return ""
    return _("Reader: PI-RADS v2.1 {category} ({scores}); EPE {epe}, SVI {svi}; sector {sector}.").format(
        category="–" if found.category is None else found.category,
        scores=f"T2W {said.t2w or '–'}, DWI {said.dwi or '–'}, DCE {said.dce.value}",
        epe=said.epe.value or "–",
        svi=said.svi.value or "–",
        sector=", ".join(sector.text for sector in said.sectors_at(found.lesion.place)) or "–",
    )


def _provenance(reading: Reading) -> str:
    run, setting = reading.run, reading.setting
    return _(
        "ProstateAlignRefine {version}, model {model} ({sha256}…), tau {tau:.2f}, alpha {alpha:.2f}, {kind}."
    ).format(
        version=run.versions.get("prostate-align-refine", ""),
        model=run.model.name,
        sha256=run.model.sha256[:12],
        tau=setting.tau,
        alpha=setting.alpha,
        kind=reading.algorithm_type.lower(),
    )


def _csv_row(found: FoundLesion, names: SliceNames, place_given: int) -> Sequence[object]:
    lesion: Lesion = found.lesion
    numbers = (
        lesion.volume_ml,
        lesion.max_axial_diameter_mm,
        lesion.diameters.across.length_mm,
        lesion.diameters.craniocaudal_mm,
        lesion.diameter_3d_mm,
        lesion.mean_adc,
        lesion.p10_adc,
        lesion.confidence,
        lesion.mean_confidence,
        lesion.max_confidence,
        lesion.mean_similarity,
    )
    rounded = ["" if number is None else f"{number:.4g}" for number in numbers]
    place = lesion.place
    words = (
        place.side.value,
        place.level.value,
        zone_name(place.zone) or "",
        zone_name(place.second_zone) or "",
        place.sector,
    )
    slices = (*sorted(map(names.number, lesion.slices)), names.text(*lesion.slices))
    centre = [f"{value:.2f}" for value in lesion.centre_lps]
    decision = found.decision.value or ("candidate" if found.candidate else "not reviewed")
    return [lesion.number, decision, *rounded, *words, *slices, *centre, found.uid, place_given, *_said(found)]


def _said(found: FoundLesion) -> Sequence[object]:
    """The reader's scores; empty cells where nothing was entered."""
    if not found.assessment:
        return [""] * 8
    zone = found.assessment.zone_at(found.lesion.place)
    said = {**plain_assessment(found.assessment), "zone": zone.value if zone else ""}
    return ["" if value is None else value for value in (found.category, *said.values())]


def _without_double_blanks(lines: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
