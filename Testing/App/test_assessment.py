"""The reader's form: scores and their category, the clickable map, the ruler, and the report, on the real widgets."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from App.test_reopened import reopen  # noqa: E402
from ProstateAlignRefineLib.core.diameters import Caliper  # noqa: E402
from ProstateAlignRefineLib.core.pirads import Enhancement, Extension, ScoredZone  # noqa: E402
from ProstateAlignRefineLib.core.sectors import sector_called  # noqa: E402
from ProstateAlignRefineLib.results.html_report import rich_text_report  # noqa: E402
from ProstateAlignRefineLib.scene.ruler import Ruler, ruler_lines  # noqa: E402


def form_of(panel):
    return panel.assessment


@pytest.fixture
def form(segmented):
    segmented.ui.lesionTable.selectRow(0)
    return form_of(segmented)


def enter(form, **indexes):
    for name, index in indexes.items():
        getattr(form.widgets, f"{name}Box").currentIndex = index


def click(form, called):
    """A mouse click on the sector in the view itself."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtTest import QTest

    from host import pythonqt

    view = pythonqt.raw(form.widgets.sectorView)
    shape = next(shape for shape, _area in form._map._areas if shape.sector.text == called)
    QTest.mouseClick(view.viewport(), Qt.LeftButton, pos=view.mapFromScene(QPointF(*shape.centre)))


def said(panel, row=0):
    return panel.session.reading.lesions[row].assessment


def test_without_a_chosen_lesion_nothing_can_be_entered(segmented):
    segmented.ui.lesionTable.setCurrentCell(-1, -1)
    form = form_of(segmented)
    assert not form.widgets.dwiScoreBox.enabled
    assert "the program gives none" in form.widgets.chosenLabel.text


def test_scores_combine_by_the_rule_of_the_zone_and_can_be_undone(segmented, form):
    assert "–" in form.widgets.categoryLabel.text
    enter(form, zone=1, t2wScore=2, dwiScore=3, dce=2, epe=2)
    assert form.widgets.categoryLabel.text.startswith("PI-RADS v2.1: 4")
    assert said(segmented).zone is ScoredZone.PERIPHERAL
    assert (said(segmented).t2w, said(segmented).dwi) == (2, 3)
    assert (said(segmented).dce, said(segmented).epe) == (Enhancement.POSITIVE, Extension.SUSPECTED)
    enter(form, zone=2)
    assert form.widgets.categoryLabel.text == "PI-RADS v2.1: 2"
    segmented.ui.undoButton.click()
    assert form.widgets.zoneBox.currentIndex == 1
    assert segmented.ui.redoButton.toolTip == "Redo: Score lesion 1"


def test_each_lesion_has_a_form_of_its_own(segmented, form):
    enter(form, dwiScore=5)
    segmented.ui.lesionTable.selectRow(1)
    assert form.widgets.dwiScoreBox.currentIndex == 0
    segmented.ui.lesionTable.selectRow(0)
    assert form.widgets.dwiScoreBox.currentIndex == 5


def test_a_click_sets_the_sector_and_a_click_on_anothers_chooses_that_lesion(segmented, form):
    click(form, "right mid PZpl")
    assert said(segmented).sector == sector_called("right mid PZpl")
    segmented.ui.lesionTable.selectRow(1)
    click(form, "left SV")
    assert said(segmented, 1).sector == sector_called("left SV")
    click(form, "right mid PZpl")
    assert segmented.ui.lesionTable.currentRow() == 0
    assert said(segmented, 1).sector == sector_called("left SV")
    click(form, "right mid PZpl")
    assert said(segmented).sector is None


def test_the_sector_tells_the_zone_until_it_is_chosen(segmented, form):
    enter(form, t2wScore=2, dwiScore=4)
    assert "choose the zone" in form.widgets.categoryLabel.text
    click(form, "left base TZa")
    assert form.widgets.categoryLabel.text == "PI-RADS v2.1: 3"
    click(form, "left base PZpm")
    assert form.widgets.categoryLabel.text.startswith("PI-RADS v2.1: 4")


def test_scores_survive_the_gate_and_saving_the_scene(segmented, form, tmp_path):
    enter(form, zone=1, dwiScore=4, svi=3)
    click(form, "right apex PZa")
    entered = said(segmented)
    segmented.session.review.commit(0.2, 0.5)
    assert said(segmented) == entered
    panel = reopen(segmented, tmp_path / "scene")
    assert said(panel) == entered
    panel.ui.lesionTable.selectRow(0)
    assert form.widgets.dwiScoreBox.currentIndex == 4
    assert len(ruler_lines(panel.application.scene)) == 2


def test_points_that_the_reader_places_still_go_where_they_went(segmented):
    """Slicer takes any markups that are added for the ones to place points into."""
    scene = segmented.application.scene
    for line in ruler_lines(scene):  # of the first lesion, chosen when the run had ended
        scene.RemoveNode(line)
    own = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "mine")
    segmented.ui.lesionTable.selectRow(1)
    assert len(ruler_lines(scene)) == 2
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    assert selection.GetActivePlaceNodeID() == own.GetID()
    assert selection.GetActivePlaceNodeClassName() == "vtkMRMLMarkupsFiducialNode"


def test_the_ruler_lies_on_the_chosen_lesion_and_goes_with_all_else(segmented, form):
    found = segmented.session.reading.lesions[0].lesion
    longest, across = ruler_lines(segmented.application.scene)
    labels = [longest.GetNthControlPointLabel(n) for n in (0, 1)]
    assert sorted(labels) == ["", f"{found.diameters.longest.length_mm:.0f} mm"]
    assert across.GetLineLengthWorld() == pytest.approx(found.diameters.across.length_mm, abs=1e-3)
    assert longest.GetLineLengthWorld() == pytest.approx(found.max_axial_diameter_mm, abs=1e-3)
    ends = [np.array(longest.GetNthControlPointPositionWorld(n)) for n in (0, 1)]
    lps = np.array([found.diameters.longest.start, found.diameters.longest.end])
    assert np.array(ends) * [-1, -1, 1] == pytest.approx(lps, abs=1e-3)
    assert longest.GetDisplayNode().GetVisibility()
    segmented.ui.aiCheck.checked = False
    segmented.session.show_as_set()
    assert not longest.GetDisplayNode().GetVisibility()
    segmented.ui.aiCheck.checked = True
    segmented.session.show_as_set()
    assert longest.GetDisplayNode().GetVisibility()
    segmented.session.review.preview(0.5, 0.5)
    assert not longest.GetDisplayNode().GetVisibility()


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [((0, 0, 5), (9, 0, 5), 1), ((9, 0, 5), (0, 0, 5), 0), ((0, -9, 5), (1, 0, 5), 0), ((0, 0, 5), (4, -9, 5), 1)],
)
def test_the_length_is_written_beyond_the_outline(segmented, start, end, written):
    """Slicer writes to the upper right of a point: to the left (x) and to the front (-y) of the patient."""
    reading = segmented.session.reading
    lesion = reading.lesions[0].lesion
    line = replace(lesion.diameters, longest=Caliper(start, end))
    Ruler(segmented.application.scene).show(replace(lesion, diameters=line), reading.inputs.t2w)
    longest, _across = ruler_lines(segmented.application.scene)
    assert longest.GetNthControlPointLabel(written).endswith(" mm")
    assert longest.GetNthControlPointLabel(1 - written) == ""


def test_the_form_fits_the_panels_width(segmented, form, events):
    from host import pythonqt

    section = pythonqt.raw(segmented.widget)
    section.resize(416, 800)
    section.show()
    events.settle()
    widget = pythonqt.raw(form.widgets.sectorView).parentWidget().parentWidget()
    assert widget.minimumSizeHint().width() <= 400
    assert widget.width() <= 416


def report(panel, path):
    panel.application.answers["new file"] = path
    form_of(panel).widgets.reportButton.click()
    return form_of(panel).widgets.reportLabel.text


def test_the_report_holds_what_was_entered_and_leaves_out_what_was_rejected(segmented, form, tmp_path):
    enter(form, zone=1, dwiScore=4)
    segmented.ui.lesionTable.selectRow(1)
    segmented.ui.rejectButton.click()
    assert report(segmented, tmp_path / "report.html") == "Written: report.html"
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Highest PI-RADS v2.1 category by the reader: 4." in text
    assert "1 further finding(s) rejected by the reader." in text
    assert "Lesion 2" not in text
    assert text.count("data:image/jpeg") == 3
    assert '<th width="18%">Patient' not in text


def test_table_and_text_hold_the_scores(segmented, form, tmp_path):
    enter(form, zone=1, dwiScore=4, epe=1)
    segmented.application.answers["new file"] = tmp_path / "lesions.csv"
    segmented.ui.csvButton.click()
    first, second = csv.DictReader((tmp_path / "lesions.csv").open(encoding="utf-8"))
    assert (first["pirads_category"], first["pirads_dwi"], first["extraprostatic_extension"]) == ("4", "4", "none")
    assert second["pirads_category"] == second["pirads_dce"] == ""
    segmented.ui.copyButton.click()
    assert "PI-RADS v2.1 4 (T2W –, DWI 4, DCE not done)" in segmented.application.clipboard


def test_a_pdf_of_the_report_has_text_and_pictures(segmented, form, tmp_path):
    assert report(segmented, tmp_path / "report.pdf") == "Written: report.pdf"
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Subtype /Image") >= 3


def test_no_word_or_number_of_the_table_is_broken_on_paper(segmented, form):
    """A volume of 12.49 mL on two lines reads as 12.4."""
    from ProstateAlignRefineLib.app.case_reports import case_of

    first, *others = segmented.session.reading.lesions
    case = case_of(segmented.session.reading)
    large = replace(first, lesion=replace(first.lesion, number=12, volume_ml=12.49))
    ends = ends_of_lines_on_paper(rich_text_report(replace(case, lesions=[large, *others])))
    broken = [end for end in ends if not end.endswith((" ", "-", "\u2028")) and len(end) < 24]  # hashes are longer
    assert ends
    assert not broken


def ends_of_lines_on_paper(rich_text):
    """What stands on each line but the last of a paragraph or cell, laid out as QTextDocument::print does."""
    from PySide6.QtCore import QSizeF
    from PySide6.QtGui import QTextDocument
    from PySide6.QtPrintSupport import QPrinter

    document, printer = QTextDocument(), QPrinter()
    printer.setOutputFormat(QPrinter.PdfFormat)
    document.setHtml(rich_text)
    document.documentLayout().setPaintDevice(printer)
    margins = document.rootFrame().frameFormat()
    margins.setMargin(printer.logicalDpiY() * 2 / 2.54)
    document.rootFrame().setFrameFormat(margins)
    document.setPageSize(QSizeF(printer.width(), printer.height()))
    assert document.pageCount()  # which lays it out
    block, ends = document.begin(), []
    while block.isValid():
        lines = [block.layout().lineAt(index) for index in range(block.layout().lineCount())]
        ends += [block.text()[line.textStart() :][: line.textLength()] for line in lines[:-1]]
        block = block.next()
    return ends


def test_another_suffix_is_refused(segmented, form, tmp_path):
    assert ".html, .pdf or .dcm" in report(segmented, tmp_path / "report.docx")
    assert not list(tmp_path.glob("*.docx"))


def test_the_dicom_report_is_the_patients_and_stands_in_the_database(segmented_dicom, tmp_path):
    from Dicom.making import dciodvfy_errors

    path = tmp_path / "report.dcm"
    assert report(segmented_dicom, path) == "Written: report.dcm"
    stored = dcmread(path)
    assert stored.PatientID == "P-1"
    assert bytes(stored.EncapsulatedDocument).startswith(b"%PDF")
    assert dciodvfy_errors(path) == []
    assert segmented_dicom.application.inserted == [path]
    assert report(segmented_dicom, tmp_path / "named.html") == "Written: named.html"
    assert "Doe^Jane" in (tmp_path / "named.html").read_text(encoding="utf-8")


def test_the_structured_report_carries_the_scores(segmented_dicom, tmp_path):
    segmented_dicom.ui.lesionTable.selectRow(0)
    enter(form_of(segmented_dicom), zone=1, dwiScore=5)
    segmented_dicom.application.answers.update({"new file": tmp_path / "lesions.sr.dcm", "confirm": True})
    segmented_dicom.ui.srButton.click()
    assert "PI-RADS 5 - Very high (lesion)" in dcmread(tmp_path / "lesions.sr.dcm").to_json()


def test_a_report_without_dicom_files_says_why_it_is_no_dicom(segmented, form, tmp_path):
    assert "Not all DICOM files" in report(segmented, tmp_path / "report.dcm")
    assert not (tmp_path / "report.dcm").exists()
