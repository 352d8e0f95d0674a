"""The report of a case as one HTML file: pictures inside it, no script, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape

from PIL import Image

from ..core.cautions import caution_lines
from ..core.plain_text import plain_text
from ..core.study import Modality
from .case_report import (
    CaseReport,
    category_words,
    contradictions,
    decision_words,
    extension_words,
    highest_category,
    score_words,
    sector_words,
)
from .gland_words import gland_text
from .report import RESEARCH_USE
from .review import FoundLesion
from .sector_picture import marked_sectors, sector_svg
from .slice_pictures import draw_ruler, draw_slice, orient
from .windows import grey_window

TITLE = "Prostate MRI: lesion report"
PIXELS = 380
PAPER_PIXELS = 540  # of Qt's rich text on A4 and Letter
QUALITY = 90
# Only what is in the file: a browser asks nobody, and runs nothing.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
NO_CATEGORY = "No PI-RADS category: no reader has scored a lesion, and the program gives none."
BORDERED = 'width="100%" cellspacing="0" cellpadding="3" border="1"'
STYLE = """
body { font-family: Arial, Helvetica, sans-serif; font-size: 13px; color: #1c1c1c; background: #ffffff;
       max-width: 1000px; margin: 16px auto; padding: 0 16px; }
h1 { font-size: 20px; } h2 { font-size: 15px; margin-top: 18px; } p { margin: 5px 0; }
.research { background: #fff3cd; border: 1px solid #d9b44a; padding: 6px 10px; font-weight: bold; }
.caution { color: #8a3b00; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #c4c4c4; padding: 3px 6px;
       text-align: left; vertical-align: top; } th { background: #eef1f4; }
.findings td, .findings th { font-size: 11px; } .facts td { overflow-wrap: anywhere; }
p, h2 { overflow-wrap: anywhere; }
.plain td { border: 0; padding: 0 4px 0 0; text-align: center; }
img, svg { max-width: 100%; height: auto; }
.lesion { break-inside: avoid; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
"""


def html_report(case: CaseReport) -> str:
    """For a browser, on screen and on paper."""
    return _page(case, sector_svg(marked_sectors(case.lesions)), '<meta name="viewport" content="width=device-width">')


def rich_text_report(case: CaseReport) -> str:
    """The same for Qt's rich text, which draws no `<svg>` within a text."""
    svg = sector_svg(marked_sectors(case.lesions))
    return _page(case, f'<img width="{PAPER_PIXELS}" src="{_data("image/svg+xml", svg.encode())}">', "")


def _page(case: CaseReport, sector_map: str, viewport: str) -> str:
    run = case.run
    body = [
        f"<h1>{TITLE}</h1>",
        f'<p class="research">{_said(RESEARCH_USE)}</p>',
        _paragraph(run.model.notice),
        _facts(case.patient),
        "<h2>Findings</h2>",
        _summary(case),
        _table(case),
        *(_paragraph(text, "caution") for text in contradictions(case.lesions)),
        "<h2>Sector map (PI-RADS v2.1)</h2>",
        f"<p>{sector_map}</p>",
        *(_lesion(case, found) for found in case.lesions),
        "<h2>Cautions</h2>" if run.cautions else "",
        *(_paragraph(line, "caution") for line in (caution_lines(run.cautions).splitlines() if run.cautions else ())),
        "<h2>How this came about</h2>",
        _facts(_provenance(case)),
        f'<p class="research">{_said(RESEARCH_USE)}</p>',
    ]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">{viewport}'
        f"<title>{TITLE}</title><style>{STYLE}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n'
        + "\n".join(filter(None, body))
        + "\n</body></html>\n"
    )


def _summary(case: CaseReport) -> str:
    count, psa = len(case.lesions), case.run.psa
    highest = highest_category(case.lesions)
    lines = [
        "No lesion." if not count else "1 lesion." if count == 1 else f"{count} lesions.",
        f"Highest PI-RADS v2.1 category by the reader: {highest}." if highest else NO_CATEGORY,
        f"PSA {psa:g} ng/mL." if psa is not None else "",
        gland_text(case.gland, case.run),
        f"{case.rejected} further finding(s) rejected by the reader." if case.rejected else "",
        f"{case.waiting} candidate(s) below the model's operating point, not accepted." if case.waiting else "",
    ]
    return _paragraph(" ".join(filter(None, lines)))


COLUMNS: tuple[tuple[str, int, Callable[[FoundLesion, CaseReport], str]], ...] = (
    ("#", 5, lambda found, case: str(found.lesion.number)),
    ("PI-RADS v2.1", 12, lambda found, case: category_words(found)),
    ("Place", 14, lambda found, case: sector_words(found)),
    ("Slices", 12, lambda found, case: case.names.text(*found.lesion.slices)),
    ("Diameters", 16, lambda found, case: found.lesion.diameters.text),
    ("mL", 9, lambda found, case: f"{found.lesion.volume_ml:.2f}"),
    ("ADC mean / 10th", 11, lambda found, case: f"{_adc(found.lesion.mean_adc)} / {_adc(found.lesion.p10_adc)}"),
    ("Conf.", 9, lambda found, case: f"{found.lesion.confidence:.2f}"),
    ("Review", 12, lambda found, case: decision_words(found)),
)
"""Heading, share of the width in percent, so that Qt breaks no word or number on paper, and what stands in the cell."""


def _table(case: CaseReport) -> str:
    if not case.lesions:
        return ""
    head = "".join(f'<th width="{width}%">{_said(name)}</th>' for name, width, _cell in COLUMNS)
    rows = ("".join(f"<td>{_said(cell(found, case))}</td>" for _n, _w, cell in COLUMNS) for found in case.lesions)
    lines = "".join(f"<tr>{row}</tr>" for row in rows)
    note = (
        "Diameters: longest axial x perpendicular to it x cranio-caudal. mL: volume. ADC in 1e-6 mm2/s. Conf.: the "
        "model's confidence. PI-RADS scores are a person's."
    )
    return f'<table class="findings" {BORDERED}><tr>{head}</tr>{lines}</table>{_paragraph(note)}'


def _lesion(case: CaseReport, found: FoundLesion) -> str:
    lesion, said = found.lesion, found.assessment
    scores = score_words(said, lesion.place)
    title = f"Lesion {lesion.number}: {sector_words(found)}"
    lines = [
        f"PI-RADS v2.1: {category_words(found)}" + (f" ({scores})" if scores else "") + ".",
        f"Extraprostatic extension: {extension_words(said.epe)}. "
        f"Seminal vesicle invasion: {extension_words(said.svi)}.",
    ]
    shown = case.names.text(lesion.diameters.slice, lesion.diameters.slice)
    images = "".join(
        f'<td width="33%"><img width="{PAPER_PIXELS // 3 - 6}" style="width:100%" alt="{name}, lesion '
        f'{lesion.number}" src="{_data("image/jpeg", _jpeg(picture))}"><br>{name}</td>'
        for name, picture in key_images(case, found)
    )
    table = f'<table class="plain" width="100%"><tr>{images}</tr></table>'
    return (
        f'<div class="lesion"><h2>{_said(title)}</h2>{"".join(map(_paragraph, lines))}{table}'
        f"{_paragraph(f'Slice {shown}, where the lesion is longest.')}</div>"
    )


def key_images(case: CaseReport, found: FoundLesion) -> Iterable[tuple[str, Image.Image]]:
    """The slice that holds the lesion's longest diameter, on T2W with a ruler, ADC and HBV, outlined."""
    slices, diameters = case.slices, found.lesion.diameters
    z = round(float(slices.grid.to_index(diameters.longest.start)[2]))
    windows = {modality: grey_window(slices.volumes[modality], slices.grid, modality) for modality in Modality}
    pictures = draw_slice(slices, z, windows, PIXELS)
    orient(pictures[Modality.T2W], slices.grid)
    draw_ruler(pictures[Modality.T2W], diameters, slices.grid)
    return [(modality.name, picture) for modality, picture in pictures.items()]


def _provenance(case: CaseReport) -> list[tuple[str, str]]:
    run, setting = case.run, case.setting
    version = run.versions.get("prostate-align-refine", "")
    return [
        ("Program", f"ProstateAlignRefine {version}"),
        ("Model", f"{run.model.name}, SHA-256 {run.model.sha256}"),
        ("Weights", f"SHA-256 {run.model.weights_digest}"),
        ("Gate", f"tau {setting.tau:g}, alpha {setting.alpha:g}"),
        ("Prompt", run.prompt + (" (tells where to look)" if run.place_given else "")),
        ("Kind", "changed by a person" if case.by_hand else "as the model gave it"),
        *((f"{modality.upper()} series", source) for modality, source in run.sources.items()),
    ]


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f'<tr><th width="18%">{_said(name)}</th><td>{_said(value)}</td></tr>' for name, value in facts)
    return f'<table class="facts" {BORDERED}>{rows}</table>' if rows else ""


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{_said(text)}</p>" if text else ""


def _said(text: str) -> str:
    """Text, whatever a file says: no markup, no controls, nothing that UTF-8 does not hold."""
    return escape(plain_text(text))


def _adc(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _jpeg(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=QUALITY, subsampling=0)
    return content.getvalue()


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
