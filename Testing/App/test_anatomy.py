"""What the panel says and shows of the gland, and what a PSA value adds to it."""

import csv
from itertools import product

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")


@pytest.fixture
def with_gland(open_panel, with_study, events):
    """A panel with the result of a model that tells the gland."""
    panel = with_study(open_panel("with gland"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading is not None, panel.session.message
    return panel


def type_psa(panel, text):
    panel.ui.psaEdit.text = text
    panel.ui.psaEdit._qt.editingFinished.emit()


def report(panel):
    panel.ui.copyButton.click()
    return panel.application.clipboard


def test_the_table_names_the_sector_and_its_tool_tip_says_it_in_words(with_gland):
    cell = with_gland.ui.lesionTable.item(0, 5)
    assert cell.text() == "left mid PZpl"
    assert cell.toolTip() == "left mid PZpl (peripheral zone, posterolateral)"
    assert "left mid PZpl (peripheral zone, posterolateral), slices " in report(with_gland)


def test_the_table_file_names_zone_and_sector(with_gland, tmp_path):
    with_gland.application.answers["new file"] = tmp_path / "lesions.csv"
    with_gland.ui.csvButton.click()
    first = next(csv.DictReader((tmp_path / "lesions.csv").open(encoding="utf-8")))
    assert [first[name] for name in ("side", "level", "zone", "second_zone", "sector")] == [
        "left",
        "mid",
        "peripheral",
        "",
        "PZpl",
    ]


def test_without_a_gland_the_place_is_that_in_the_stack_and_the_report_says_so(segmented):
    assert segmented.ui.lesionTable.item(0, 5).text() == "left, middle third"
    assert "The model gives no gland" in segmented.ui.glandLabel.text
    assert "The model gives no gland" in report(segmented)
    assert not segmented.ui.glandCheck.enabled


def test_the_gland_line_is_off_at_first_and_hidden_with_all_else(with_gland, events):
    ui, display = with_gland.ui, with_gland.session.reading.nodes.gland.GetDisplayNode()
    assert not display.GetVisibility2D()
    ui.glandCheck.checked = True
    events.settle()
    assert display.GetVisibility2D()
    assert with_gland.session.state.show_gland
    ui.aiCheck.checked = False
    events.settle()
    assert not display.GetVisibility()


def test_a_gland_that_the_user_removed_is_not_touched_again(with_gland, events):
    with_gland.application.scene.RemoveNode(with_gland.session.reading.nodes.gland)
    with_gland.session.review.commit(0.4, 0.9)
    with_gland.ui.aiCheck.checked = False
    events.settle()
    assert not with_gland.ui.glandCheck.enabled
    assert with_gland.ui.lesionTable.item(0, 5).text() == "left mid PZpl"


def test_a_psa_gives_its_density_on_the_panel_and_in_the_report(with_gland):
    volume = with_gland.session.reading.anatomy.gland.volume_ml
    assert "PSA density" not in with_gland.ui.glandLabel.text
    type_psa(with_gland, "6,2")
    assert f"PSA density {6.2 / volume:.2f} ng/mL/mL." in with_gland.ui.glandLabel.text
    text = report(with_gland)
    assert "PSA 6.2 ng/mL." in text
    assert f"PSA density {6.2 / volume:.2f} ng/mL/mL." in text
    type_psa(with_gland, "")
    assert "PSA" not in report(with_gland)


def test_a_psa_that_is_no_number_is_refused_and_the_earlier_one_stays(with_gland):
    type_psa(with_gland, "6.2")
    type_psa(with_gland, "elevated")
    assert "PSA is not a positive number" in with_gland.ui.messageLabel.text
    assert "elevated" not in with_gland.ui.messageLabel.text
    assert with_gland.ui.psaEdit.text == "6.2"


def test_a_psa_stays_with_its_patient(with_gland, events, with_study):
    """Segmenting the same volumes again keeps it; another study starts without."""
    type_psa(with_gland, "6.2")
    for expected in ("6.2", ""):
        events.until(lambda: with_gland.ui.segmentButton.enabled)
        with_gland.ui.segmentButton.click()
        events.until(lambda: not with_gland.session.run.running)
        assert with_gland.ui.psaEdit.text == expected
        with_study(with_gland)


def test_the_models_notice_stands_beside_the_result_and_in_the_report(segmented):
    segmented.session.say("something else")
    assert segmented.ui.noticeLabel.text == "Trained on nothing."
    assert "Trained on nothing." in report(segmented)


def test_before_a_result_there_is_no_place_for_a_psa(panel):
    assert not panel.ui.psaEdit.enabled
    assert not panel.ui.noticeLabel.text


def test_every_place_is_spelled_out_for_translation():
    from ProstateAlignRefineLib.app.places import place_text, short_place
    from ProstateAlignRefineLib.core.anatomy import GlandZone
    from ProstateAlignRefineLib.core.places import SECTOR_WORDS, ZONE_WORDS, Level, Place, Side, StackThird

    in_gland = product(Side, Level, [*ZONE_WORDS, GlandZone.OUTSIDE], [None, *ZONE_WORDS], [*SECTOR_WORDS, "CZ", "AS"])
    for place in (*(Place(*words) for words in in_gland), *(Place(*words) for words in product(Side, StackThird))):
        assert place_text(place) == place.text
        assert short_place(place) == place.short_text()
