"""What is kept and shown of a result says what it says: files, colours, the overview, limits of a study."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.cautions import caution
from ProstateAlignRefineLib.core.checks.study import check_together, check_volumes, prostate_region
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.exchange import read_exchange, write_exchange
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.gland import measure_gland
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.palette import ADDED_RGB, GLAND_RGB, LESION_RGB, REMOVED_RGB, blend, grey, heat
from ProstateAlignRefineLib.core.protocol import Describe, Finished, Progress, ProtocolError, decode, encode
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.results.gland_words import gland_text
from ProstateAlignRefineLib.results.lesions_at import lesions_at
from ProstateAlignRefineLib.results.overview import BAR, FOOT, PANEL, Overview, draw_overview
from ProstateAlignRefineLib.results.report import (
    REPORT_NAME,
    lesion_table,
    read_run,
    read_setting,
    write_report,
)
from ProstateAlignRefineLib.results.run import ModelFacts, Run
from ProstateAlignRefineLib.results.setting import Paint, Setting
from ProstateAlignRefineLib.results.view import edge_letters
from ProstateAlignRefineLib.results.windows import grey_window

GRID = Grid((64, 60, 12), (1.0, 1.2, 3.0), (30.0, 36.0, -15.0), (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))


@pytest.fixture
def maps() -> Maps:
    """A lesion that the refiner widens to one side and narrows at the other, in a gland."""
    base = np.full(GRID.shape, -4.0, np.float32)
    base[4:7, 25:35, 20:30] = 3.0
    refined = base.copy()
    refined[4:7, 25:35, 30:33], refined[4:7, 25:35, 20:22] = 8.0, -8.0
    zones = np.zeros(GRID.shape, np.uint8)
    zones[2:10, 15:45, 10:50] = GlandZone.PERIPHERAL
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 64, dtype=np.float32), GRID.shape).copy()
    return Maps(GRID, base, refined, np.full(GRID.shape, 0.5, np.float32), ramp, zones)


@pytest.fixture
def overview(maps: Maps) -> Overview:
    found = lesions_at(maps, to_image(np.full(GRID.shape, 800.0, np.float32), GRID), Setting(0.4, 1.0))
    flat = np.linspace(100, 200, np.prod(GRID.shape), dtype=np.float32).reshape(GRID.shape)
    volumes = dict.fromkeys(Modality, flat)
    return Overview(volumes, maps, found, "a notice", measure_gland(maps.zones, GRID))


def panels(picture: Image.Image, row: int = 0) -> list[np.ndarray]:
    top = BAR + row * (PANEL + BAR)
    values = np.asarray(picture)
    return [values[top : top + PANEL, column * PANEL : (column + 1) * PANEL].astype(int) for column in range(5)]


def near(panel: np.ndarray, colour: tuple[int, int, int], within: int = 6) -> np.ndarray:
    return (np.abs(panel - colour) <= within).all(axis=-1)


def test_the_overview_outlines_the_lesion_where_it_lies_and_marks_the_edits_at_their_side(overview: Overview):
    picture = draw_overview(overview)
    assert picture.size == (5 * PANEL, BAR + PANEL + BAR + FOOT)
    t2w, adc, hbv, _, edits = panels(picture)
    for panel in (t2w, adc, hbv):
        rows, columns = np.nonzero(near(panel, LESION_RGB))
        # 100 mm in 300 pixels about the middle: column 22 is 10 mm left of the middle, row 25 is 6 mm above it.
        assert columns.min() == pytest.approx(150 - 10 * 3, abs=4)
        assert columns.max() == pytest.approx(150 + 1 * 3, abs=4)
        assert rows.min() == pytest.approx(150 - 6 * 3, abs=4)
        assert near(panel, LESION_RGB).sum() < 1500  # a line, not a filled square
    added, removed = (np.nonzero(near(edits, colour))[1] for colour in (ADDED_RGB, REMOVED_RGB))
    assert added.mean() == pytest.approx(150 + (31.5 - 32) * 3, abs=3)
    assert removed.mean() == pytest.approx(150 + (21 - 32) * 3, abs=3)
    assert near(np.asarray(picture)[-FOOT:].astype(int), LESION_RGB).any()  # the key


def test_the_overview_draws_the_gland_where_there_is_one_and_the_heat_rising_to_the_right(overview: Overview):
    t2w, _, _, heatmap, _ = panels(draw_overview(overview))
    whole = np.array(GLAND_RGB) - t2w
    assert (np.abs(whole).sum(axis=-1) < 160).sum() > 300
    without = replace(overview, maps=replace(overview.maps, zones=None), gland=None)
    assert np.abs(panels(draw_overview(without))[0] - t2w).sum() > 0
    inside = heatmap[:, 60:240].sum(axis=-1).mean(axis=0)
    assert inside[-20:].mean() > inside[:20].mean() + 50


def test_what_is_bright_beyond_the_view_does_not_darken_the_picture():
    rng = np.random.default_rng(0)
    values = rng.integers(20, 200, (4, 100, 100)).astype(float)
    grid = Grid((100, 100, 4), (2.0, 2.0, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    before = grey_window(values, grid, Modality.HBV)
    values[:, :20] = 4000  # within the middle of the rows that views once looked at, and 60 mm from the centre
    assert grey_window(values, grid, Modality.HBV) == before
    assert before[1] == pytest.approx(200, abs=5)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [((1, 0, 0, 0, 1, 0, 0, 0, 1), "RLAP"), ((-1, 0, 0, 0, -1, 0, 0, 0, 1), "LRPA")],
)
def test_the_edges_are_called_by_the_patients_sides(direction, letters):
    tilted = Grid((10, 10, 4), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), direction)
    assert "".join(edge_letters(tilted)) == letters


def test_the_overview_writes_the_psa_density_at_the_gland(overview: Overview):
    without, told = (np.asarray(draw_overview(replace(overview, psa=psa))).astype(int) for psa in (None, 6.2))
    changed = np.argwhere((without != told).any(axis=-1))
    assert changed.size
    assert changed[:, 0].min() > len(told) - FOOT


def test_without_a_lesion_the_slice_of_highest_confidence_is_shown(overview: Overview):
    confidence = overview.maps.confidence.copy()
    confidence[9, 5, 5] = 0.9
    maps = replace(overview.maps, confidence=confidence)
    picture = draw_overview(
        replace(overview, maps=maps, found=replace(overview.found, lesions=(), labels=overview.found.labels * 0))
    )
    assert picture.height == BAR + PANEL + BAR + FOOT
    assert not near(panels(picture)[0], LESION_RGB).any()


def test_at_most_four_lesions_have_a_row(overview: Overview):
    five = (replace(overview.found.lesions[0], number=1),) * 5
    assert (
        draw_overview(replace(overview, found=replace(overview.found, lesions=five))).height
        == BAR + 4 * (PANEL + BAR) + FOOT
    )


def test_grey_and_heat_run_from_the_window_s_low_to_its_high_end():
    values = np.array([-10.0, 0.0, 50.0, 100.0, 300.0])
    assert grey(values, 0.0, 100.0)[:, 0].tolist() == [0, 0, 127, 255, 255]
    assert grey(values, 5.0, 5.0)[:, 0].tolist() == [0, 0, 255, 255, 255]
    colours = heat(values, 0.0, 100.0).astype(int)
    assert colours[[0, -1]].tolist() == [[0, 0, 8], [250, 250, 170]]
    brightness = heat(np.linspace(0, 1, 50), 0.0, 1.0).astype(int).sum(axis=1)
    assert (np.diff(brightness) >= 0).all()  # reads in grey
    mixed = blend(np.full((1, 2, 3), 100), (200, 0, 100), np.array([[0.0, 0.25]]))
    assert mixed.tolist() == [[[100, 100, 100], [125, 75, 100]]]


def test_maps_on_their_way_to_the_panel_arrive_bit_for_bit(maps: Maps, tmp_path):
    write_exchange(maps, tmp_path)
    found = read_exchange(tmp_path)
    assert found.grid == maps.grid
    for name, array in maps.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
    write_exchange(replace(maps, zones=None), tmp_path)
    assert read_exchange(tmp_path).zones is None
    np.save(tmp_path / "confidence.npy", np.full(GRID.shape, 0.5, object), allow_pickle=True)  # would run code
    with pytest.raises(InputError, match="not complete"):
        read_exchange(tmp_path)


FACTS = ModelFacts("test model", "ab" * 32, "a notice", 0.35, 0.25, "prostate lesion", 0.1)
RUN = Run(FACTS, "prostate lesion", "CPU", "fp32", {"t2w": "it"}, {"torch": "2"}, {"read": 1.23456}, psa=6.2)


def test_a_report_gives_back_the_run_and_says_the_gland_in_its_directions(overview: Overview, tmp_path):
    write_report(
        tmp_path,
        RUN,
        replace(overview.found, setting=Setting(0.4, 0.6, 0.1, false_positives=0.5)),
        {"added": 3, "removed": 4},
        gland=overview.gland,
    )
    again, setting = read_run(tmp_path), read_setting(tmp_path)
    assert (setting.gate, setting.minimum_ml) == ((0.4, 0.6), FACTS.minimum_lesion_ml)
    assert replace(again, seconds={}) == replace(RUN, seconds={})
    assert again.seconds == {"read": 1.2346}
    content = json.loads((tmp_path / REPORT_NAME).read_text())
    gland = content["gland"]
    assert (gland["transverse_mm"], gland["anteroposterior_mm"], gland["craniocaudal_mm"]) == pytest.approx(
        (40, 36, 24)
    )
    assert gland["psa_density_ng_per_ml_per_ml"] == pytest.approx(6.2 / gland["volume_ml"], abs=1e-4)
    assert content["edits_voxels"] == {"added": 3, "removed": 4}
    assert gland["ellipsoid_volume_ml"] == pytest.approx(np.pi / 6 * 40 * 36 * 24 / 1000, abs=1e-3)
    content["format"] = 2
    (tmp_path / REPORT_NAME).write_text(json.dumps(content))
    with pytest.raises(InputError, match="has format 2, this version reads 1"):
        read_run(tmp_path)


def test_the_gland_has_one_sentence_with_its_density_or_why_there_is_none(overview: Overview):
    volume = f"{overview.gland.volume_ml:.1f} mL by its voxels, 18.1 mL as an ellipsoid (40 × 36 × 24 mm)"
    density = f"PSA density {6.2 / overview.gland.volume_ml:.2f} ng/mL/mL."
    assert gland_text(overview.gland, RUN) == f"Gland {volume}, outlined by the model. {density}"
    by_taps = replace(RUN, psa=None, gland_by="TAPS")
    assert gland_text(overview.gland, by_taps) == f"Gland {volume}, outlined by TAPS."
    assert gland_text(None, by_taps).endswith("thirds of the T2W images.")
    assert gland_text(None, RUN).endswith("The PSA density is not known without it.")


@pytest.mark.parametrize("moved", [{"tau": 0.36}, {"alpha": 0.3}, {"paint": Paint(added=np.array([7]))}])
def test_a_run_is_untouched_until_gate_voxels_or_prompt_are_changed(moved):
    assert RUN.untouched_at(RUN.own_setting)
    assert not RUN.untouched_at(replace(RUN.own_setting, **moved))
    assert not replace(RUN, prompt="another").untouched_at(RUN.own_setting)


def test_the_table_has_a_row_a_lesion_and_a_dash_where_there_is_no_adc(overview: Overview):
    header, row = lesion_table([replace(overview.found.lesions[0], mean_adc=None, p10_adc=712.4)]).splitlines()
    assert header.split()[:3] == ["#", "volume", "mL"]
    cells = row.split()
    assert cells[0] == "1"
    assert cells[1] == f"{overview.found.lesions[0].volume_ml:.2f}"
    assert cells[4:6] == ["-", "712"]
    assert cells[8] == "5-7"  # counted from 1, as viewers do
    assert lesion_table([]) == "No lesion found."


def test_a_message_survives_the_pipe_and_one_with_other_fields_is_refused():
    finished = Finished(5, "CPU", "fp32", "", {}, {}, (caution("slice-empty", volume="ADC", slices="slice 3"),))
    for message in (Describe(3, "bundle", "cpu"), Progress(4, "network", 2, 9), finished):
        assert decode(encode(message)) == message
    with pytest.raises(ProtocolError, match="other fields"):
        decode(b'{"kind": "progress", "request": 1}\n')
    with pytest.raises(ProtocolError, match="no message"):
        decode(b"[]\n")


def study(adc: float = 1200.0, moved: float = 0.0, slices: int = 12) -> Study:
    noise = np.random.default_rng(0)
    grid = replace(GRID, size=(64, 60, slices))
    beside = replace(grid, origin=(GRID.origin[0] + moved, *GRID.origin[1:]))
    tissue = [
        to_image(noise.uniform(0.9, 1.1, grid.shape).astype(np.float32), place) for place in (grid, beside, beside)
    ]
    return Study(tissue[0], tissue[1] * adc, tissue[2])


def check_study(study: Study) -> None:
    check_volumes(study)
    check_together(study)


@pytest.mark.parametrize("adc", [310.0, 1200.0, 2950.0])
def test_a_plausible_study_passes(adc):
    check_study(study(adc))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"adc": 250.0}, "The ADC has a median of 24"),
        ({"adc": 3300.0}, "give a map in 1e-6"),
        ({"moved": 34.0}, "ADC covers"),
        ({"slices": 2}, "has only 2 slices"),
    ],
)
def test_what_no_prostate_study_is_is_said(wrong, words):
    with pytest.raises(InputError, match=words):
        check_study(study(**wrong))


def test_half_of_the_prostate_region_must_be_covered_and_three_slices_are_enough():
    check_study(study(moved=28.0))
    check_study(study(slices=3))


def test_the_prostate_region_is_the_middle_60_mm():
    region = prostate_region(replace(GRID, size=(200, 200, 40)))
    assert region.size == (30, 30, 20)
    assert region.spacing == (2.0, 2.0, 3.0)
    small = prostate_region(replace(GRID, spacing=(1.0, 1.0, 1.0)))
    assert small.size == (30, 30, 6)
    assert small.spacing == (2.0, 2.0, 2.0)
