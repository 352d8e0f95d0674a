"""The tables of PI-RADS v2.1, every combination of scores; and what is kept of what a reader entered."""

import itertools

import pytest

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.assessment import UNASSESSED, Assessment, assessment_from, stored_assessment
from ProstateAlignRefineLib.core.pirads import Enhancement, Extension, ScoredZone, asks_for_five, category
from ProstateAlignRefineLib.core.places import Level, Place, Side, StackThird
from ProstateAlignRefineLib.core.sectors import SECTORS, sector_called, sectors_of

# DWI: category without and with positive contrast, whatever T2W says.
PERIPHERAL = {1: (1, 1), 2: (2, 2), 3: (3, 4), 4: (4, 4), 5: (5, 5)}
# T2W: category by DWI 1 to 5, whatever contrast says.
TRANSITION = {1: (1, 1, 1, 1, 1), 2: (2, 2, 2, 3, 3), 3: (3, 3, 3, 3, 4), 4: (4, 4, 4, 4, 4), 5: (5, 5, 5, 5, 5)}
COMBINATIONS = list(itertools.product(range(1, 6), range(1, 6), Enhancement))


@pytest.mark.parametrize(("t2w", "dwi", "dce"), COMBINATIONS)
def test_categories_are_those_of_the_tables(t2w, dwi, dce):
    assert category(ScoredZone.PERIPHERAL, t2w, dwi, dce) == PERIPHERAL[dwi][dce is Enhancement.POSITIVE]
    assert category(ScoredZone.TRANSITION, t2w, dwi, dce) == TRANSITION[t2w][dwi - 1]


def test_there_is_no_category_without_the_scores_that_decide():
    none = Enhancement.NOT_DONE
    assert category(None, 4, 4, none) is None
    assert category(ScoredZone.PERIPHERAL, 4, None, none) is None
    assert category(ScoredZone.PERIPHERAL, None, 4, none) == 4
    assert [category(ScoredZone.TRANSITION, t2w, None, none) for t2w in (1, 2, 3, 4, 5)] == [1, None, None, 4, 5]


@pytest.mark.parametrize(
    ("decisive", "mm", "extension", "asked"),
    [
        (4, 14.9, Extension.SUSPECTED, False),
        (4, 15.0, Extension.NONE, True),
        (4, 9.0, Extension.DEFINITE, True),
        (5, 20.0, Extension.DEFINITE, False),
        (3, 20.0, Extension.DEFINITE, False),
        (None, 20.0, Extension.NONE, False),
    ],
)
def test_a_four_that_is_large_or_extends_is_asked_about_never_changed(decisive, mm, extension, asked):
    assert asks_for_five(decisive, mm, extension) is asked


def test_the_map_has_the_41_sectors_of_v2_1():
    assert len(SECTORS) == len({sector.text for sector in SECTORS}) == 41
    assert sum(sector.level is not None for sector in SECTORS) == 38
    assert sum(sector.name == "CZ" for sector in SECTORS) == 2
    assert all(sector_called(sector.text) == sector for sector in SECTORS)


def test_a_place_from_the_gland_has_its_sectors_one_from_the_stack_none():
    right = Place(Side.RIGHT, Level.MID, GlandZone.PERIPHERAL, sector="PZpm")
    assert [sector.text for sector in sectors_of(right)] == ["right mid PZpm"]
    middle = Place(Side.MIDLINE, Level.APEX, GlandZone.ANTERIOR_STROMA, sector="AS")
    assert [sector.text for sector in sectors_of(middle)] == ["right apex AS", "left apex AS"]
    assert sectors_of(Place(Side.LEFT, StackThird.MIDDLE)) == ()
    assert sectors_of(Place(Side.LEFT, Level.MID, GlandZone.OUTSIDE)) == ()
    assert sectors_of(Place(Side.LEFT, Level.MID, GlandZone.CENTRAL, sector="CZ")) == ()  # the map has it at the base


def test_the_zone_follows_the_sector_until_the_reader_says_otherwise():
    place = Place(Side.RIGHT, Level.MID, GlandZone.PERIPHERAL, sector="PZpm")
    scores = Assessment(t2w=2, dwi=4)
    assert scores.category_at(place) == 4
    assert Assessment(t2w=2, dwi=4, sector=sector_called("left mid TZa")).category_at(place) == 3
    assert Assessment(t2w=2, dwi=4, zone=ScoredZone.TRANSITION).category_at(place) == 3
    assert scores.category_at(Place(Side.LEFT, StackThird.UPPER)) is None
    assert Assessment(t2w=2, dwi=4, sector=sector_called("left mid AS")).category_at(place) is None


def test_what_was_entered_is_kept_and_nonsense_counts_as_not_entered():
    entered = Assessment(
        ScoredZone.TRANSITION, 3, 5, Enhancement.POSITIVE, Extension.SUSPECTED, Extension.NONE, sector_called("US")
    )
    assert assessment_from(stored_assessment(entered)) == entered
    assert stored_assessment(UNASSESSED) == ""
    for nonsense in ("", "{", "[]", '{"t2w": 9, "dwi": true, "dce": [], "sector": "left", "epe": 3, "zone": "x"}'):
        assert assessment_from(nonsense) == UNASSESSED
    assert not UNASSESSED
    assert entered
