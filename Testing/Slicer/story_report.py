"""The part of the story that reads a case to its end: scores, sector, ruler, report."""

from __future__ import annotations


def the_reader_scores_a_lesion_and_the_rules_combine(stage):
    form = chosen_form(stage)
    if form is None:
        return
    form.zoneBox.currentIndex, form.dwiScoreBox.currentIndex, form.dceBox.currentIndex = 1, 3, 2
    assert form.categoryLabel.text.startswith("PI-RADS v2.1: 4"), form.categoryLabel.text
    form.zoneBox.currentIndex, form.t2wScoreBox.currentIndex = 2, 2
    assert form.categoryLabel.text.startswith("PI-RADS v2.1: 2"), form.categoryLabel.text
    stage.ui.undoButton.click()
    stage.ui.undoButton.click()
    assert form.categoryLabel.text.startswith("PI-RADS v2.1: 4"), form.categoryLabel.text


def extension_beyond_the_gland_is_the_readers_to_say(stage):
    form = chosen_form(stage)
    if form is None:
        return
    for box, name in ((form.epeBox, "epe"), (form.sviBox, "svi")):
        box.currentIndex = 2
        assert getattr(stage.session.reading.lesions[0].assessment, name).value == "suspected"


def the_psa_gives_a_density_and_stays_with_the_result(stage):
    stage.ui.psaEdit.text = PSA
    stage.ui.psaEdit.editingFinished()
    run = stage.session.reading.run
    assert run.psa == float(PSA)
    if stage.session.reading.anatomy.gland is not None:
        assert "ng/mL" in stage.ui.glandLabel.text, stage.ui.glandLabel.text


def a_sector_of_the_map_is_the_readers_after_a_click(stage):
    from ProstateAlignRefineLib.core.sectors import sector_called

    if chosen_form(stage) is None:
        return
    wanted = sector_called("left base CZ")
    stage.panel.assessment.click(wanted)
    assert stage.session.reading.lesions[0].assessment.sector == wanted
    stage.panel.assessment.click(wanted)
    assert stage.session.reading.lesions[0].assessment.sector is None


def the_ruler_measures_the_lesions_largest_diameter(stage):
    from ProstateAlignRefineLib.scene.ruler import ruler_lines
    from ProstateAlignRefineLib.scene.views import centre_of, slice_node

    if chosen_form(stage) is None:
        return
    longest, across = ruler_lines(stage.application.scene)
    lesion = stage.session.reading.lesions[0].lesion
    assert abs(longest.GetLineLengthWorld() - lesion.max_axial_diameter_mm) < 0.01
    assert across.GetLineLengthWorld() <= longest.GetLineLengthWorld() + 0.01
    assert longest.GetDisplayNode().GetVisibility()
    stage.session.jump(1)
    grid, (r, a, s) = stage.session.reading.maps.grid, centre_of(slice_node(stage.application.scene, "ReadingT2W"))
    assert abs(grid.to_index((-r, -a, s))[2] - lesion.diameters.slice) < 0.01, "the ruler is in another slice"
    stage.notes["diameters"] = lesion.diameters.text


def the_report_is_written_as_html_and_pdf(stage):
    for name, first in (("report.html", b"<!DOCTYPE html>"), ("report.pdf", b"%PDF")):
        stage.application.answers["new file"] = stage.output / name
        stage.panel.assessment.widgets.reportButton.click()
        said = stage.panel.assessment.widgets.reportLabel.text
        assert said == f"Written: {name}", said
        assert (stage.output / name).read_bytes().startswith(first)
    text = (stage.output / "report.html").read_text(encoding="utf-8")
    assert "research use only" in text
    assert "<script" not in text
    assert PSA in text
    for found in stage.session.reading.lesions:
        if found.kept:
            assert stage.session.reading.slice_names.text(*found.lesion.slices) in text
    if any(found.kept for found in stage.session.reading.lesions):
        assert text.count('src="data:image/jpeg;base64,') >= 3, "no key images"
        assert "<svg" in text, "no sector map"
    if stage.ui.srButton.enabled:
        stage.application.answers["new file"] = stage.output / "report.dcm"
        stage.panel.assessment.widgets.reportButton.click()
        assert (stage.output / "report.dcm").is_file(), stage.panel.assessment.widgets.reportLabel.text


PSA = "8.4"

STEPS = (
    the_reader_scores_a_lesion_and_the_rules_combine,
    extension_beyond_the_gland_is_the_readers_to_say,
    the_psa_gives_a_density_and_stays_with_the_result,
    a_sector_of_the_map_is_the_readers_after_a_click,
    the_ruler_measures_the_lesions_largest_diameter,
    the_report_is_written_as_html_and_pdf,
)


def chosen_form(stage):
    """The form of the first lesion; None where there is none."""
    if not stage.session.reading.lesions:
        return None
    stage.panel.assessment.widgets.assessmentSection.collapsed = False
    stage.ui.lesionTable.selectRow(0)
    return stage.panel.assessment.widgets
