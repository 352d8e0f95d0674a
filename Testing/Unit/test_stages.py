"""How far a run is, told from its stages."""

import pytest

from ProstateAlignRefineLib.core.stages import STAGE_PERCENT, percent_done


def test_the_stages_follow_each_other_without_a_gap():
    ends = [(percent_done(stage, 0, 4), percent_done(stage, 4, 4)) for stage in STAGE_PERCENT]
    assert ends[0][0] == 0
    assert ends[-1][1] == 100
    assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]


def test_within_a_stage_it_is_the_share_of_its_steps():
    start, end = percent_done("network", 0, 1), percent_done("network", 1, 1)
    assert percent_done("network", 1, 4) == pytest.approx(start + (end - start) / 4)
    assert percent_done("network", 0, 0) == start


def test_another_word_tells_nothing():
    assert percent_done("done", 0, 1) is None
