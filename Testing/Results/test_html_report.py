"""The report of a case: what it says, that it stands alone, and what a browser makes of it."""

import base64
import html.parser
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.assessment import Assessment
from ProstateAlignRefineLib.core.cautions import Caution
from ProstateAlignRefineLib.core.diameters import measure_diameters
from ProstateAlignRefineLib.core.extents import Extents
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.gland import body_axes
from ProstateAlignRefineLib.core.lesions import Lesion
from ProstateAlignRefineLib.core.palette import LESION_RGB, RULER_RGB
from ProstateAlignRefineLib.core.pirads import Enhancement, Extension
from ProstateAlignRefineLib.core.places import Level, Place, Side
from ProstateAlignRefineLib.core.sectors import sector_called
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.results.case_report import CaseReport
from ProstateAlignRefineLib.results.html_report import html_report, key_images, rich_text_report
from ProstateAlignRefineLib.results.report import RESEARCH_USE
from ProstateAlignRefineLib.results.review import Decision, FoundLesion
from ProstateAlignRefineLib.results.run import Run
from ProstateAlignRefineLib.results.setting import Setting
from ProstateAlignRefineLib.results.slice_names import COUNTED
from ProstateAlignRefineLib.results.slice_pictures import Slices

TILT = (1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96)
GRID = Grid((200, 190, 10), (0.6, 0.7, 3.0), (-60.0, -60.0, -15.0), TILT)
NASTY = '<script>alert(1)</script> & "quoted" <img src=http://example.org/x>'
PLACE = Place(Side.RIGHT, Level.MID, GlandZone.PERIPHERAL, sector="PZpl")


def lesion_at(number, mask, place):
    axes = body_axes(GRID)[0]
    index = np.argwhere(mask)
    diameters = measure_diameters(mask, (0, 0, 0), GRID, axes, Extents.of(mask, GRID.spacing_zyx, axes[2]))
    slices = (int(index[:, 0].min()), int(index[:, 0].max()))
    length = diameters.longest.length_mm
    return Lesion(number, 1.2, length, 20.0, 700.0, 500.0, 0.8, 0.9, 0.6, (0, 0, 0), slices, place, 0.8, diameters)


def a_case(**changes):
    random = np.random.default_rng(5)
    volumes = {modality: 500 + 80 * random.standard_normal(GRID.shape) for modality in Modality}
    first, second = np.zeros(GRID.shape, bool), np.zeros(GRID.shape, bool)
    first[3:6, 80:95, 70:98] = True
    second[6:8, 110:120, 100:112] = True
    lesions = (
        FoundLesion(
            lesion_at(1, first, PLACE),
            "1.2",
            Decision.ACCEPTED,
            assessment=Assessment(t2w=3, dwi=4, epe=Extension.SUSPECTED, dce=Enhancement.POSITIVE),
        ),
        FoundLesion(lesion_at(2, second, Place(Side.LEFT, Level.BASE, GlandZone.TRANSITION, sector="TZa")), "1.3"),
    )
    model = ModelFacts("a model", "ab" * 32, "Trained on phantoms.", 0.35, 0.25, "prostate lesion", 0.05, "cd" * 32)
    run = Run(model, "prostate lesion", "CPU", "fp32", {"t2w": "only one"}, {"prostate-align-refine": "9.9"}, {}, 6.2)
    slices = Slices(volumes, GRID, first | second, np.zeros(GRID.shape, bool))
    return replace(CaseReport(slices, lesions, run, Setting(0.3, 0.2), COUNTED), **changes)


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def plain(text):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", text))


def test_it_says_what_was_found_and_how():
    text = html_report(a_case())
    for said in (RESEARCH_USE, "a model", "ab" * 32, "cd" * 32, "tau 0.3, alpha 0.2", "prostate lesion", "9.9", "6.2"):
        assert said in text
    words = plain(text)
    assert "Highest PI-RADS v2.1 category by the reader: 4." in words
    assert "PI-RADS v2.1: 4 (T2W 3, DWI 4, DCE positive; rule of the peripheral zone)." in words
    assert "Extraprostatic extension: suspected. Seminal vesicle invasion: not stated." in words
    assert "Trained on phantoms." in words
    assert "19 x 12 x 9 mm" in words


def test_a_lesion_nobody_scored_has_no_category_and_the_program_gives_none():
    case = a_case()
    words = plain(html_report(replace(case, lesions=case.lesions[1:])))
    assert "PI-RADS v2.1: not scored." in words
    assert "the program gives none" in words


def test_a_four_of_fifteen_millimetres_is_asked_about():
    assert "scores 5, not 4" in plain(html_report(a_case()))
    assert "scores 5, not 4" not in plain(html_report(replace(a_case(), lesions=a_case().lesions[1:])))


def test_nothing_from_a_file_becomes_markup():
    case = a_case()
    model = replace(case.run.model, name=NASTY, notice=NASTY)
    told = (Caution("some-code", NASTY),)
    run = replace(case.run, model=model, prompt=NASTY, sources={"t2w": NASTY}, cautions=told)
    run = replace(run, versions={"prostate-align-refine": NASTY})
    clean, dirty = Tags(html_report(case)), Tags(html_report(replace(case, run=run, patient=((NASTY, NASTY),))))
    assert "script" not in {tag for tag, _ in dirty.found}
    assert [a for tag, a in dirty.found if tag == "img"] == [a for tag, a in clean.found if tag == "img"]


def test_what_no_text_may_hold_is_left_out():
    case = a_case()
    text = html_report(replace(case, run=replace(case.run, prompt="one\udcfftwo\u202ethree\x1b[31m\x00")))
    assert "one\ufffdtwothree<" in text
    assert text.encode("utf-8")


@pytest.mark.parametrize("make", [html_report, rich_text_report])
def test_it_stands_alone(make):
    text = make(a_case())
    tags = Tags(text).found
    assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in tags}
    for _tag, attributes in tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "data", "action"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "@import" not in text
    assert "url(" not in text


def test_key_images_hold_the_outline_and_on_t2w_the_ruler():
    case = a_case()
    text = html_report(case)
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"jpeg;base64,([^\"]+)", text)]
    assert len(pictures) == 3 * len(case.lesions)
    assert all(np.asarray(picture.convert("L")).std() > 5 for picture in pictures)
    for name, picture in key_images(case, case.lesions[0]):
        pixels = np.asarray(picture).reshape(-1, 3)
        assert (pixels == LESION_RGB).all(axis=1).sum() > 100, name
        assert ((pixels == RULER_RGB).all(axis=1).sum() > 60) == (name == "T2W")


def test_the_ruler_lies_on_the_lesion():
    case = a_case()
    picture = np.asarray(dict(key_images(case, case.lesions[0]))["T2W"])
    rows, columns = np.nonzero((picture == RULER_RGB).all(axis=2))
    outline = np.nonzero((picture == LESION_RGB).all(axis=2))
    assert outline[0].min() - 2 <= np.percentile(rows, 10)
    assert np.percentile(rows, 90) <= outline[0].max() + 2
    assert abs(columns.min() - outline[1].min()) <= 4


def test_the_sectors_of_the_lesions_are_marked_the_readers_before_the_models():
    case = a_case()
    moved = replace(case.lesions[1], assessment=Assessment(sector=sector_called("left SV")))
    text = html_report(replace(case, lesions=(case.lesions[0], moved)))
    titles = re.findall("<title>([^<]*: lesion [0-9][^<]*)</title>", text)
    assert titles == ["left SV: lesion 2", "right mid PZpl: lesion 1"]
    assert "left SV (reader)" in text


def test_no_lesion_is_a_report_too():
    words = plain(html_report(replace(a_case(), lesions=())))
    assert "No lesion." in words
    assert RESEARCH_USE in words
