"""The rule of findings: what it is fitted on, where its operating point comes from, and the bundle it goes into."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ProstateAlignRefineLib.bundle.config import read_config
from ProstateAlignRefineLib.bundle.rewriting import rewrite_bundle
from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.bundle.summary import CARD_FILE, identity_of, read_summary
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.findings.measures import MEASURES
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.training.findings.cases import FindingCase, FindingGate, finding_case
from ProstateAlignRefineLib.training.findings.fit import ALLOWED, fitted, froc
from ProstateAlignRefineLib.training.findings.section import HEADING, NEXT, with_findings

GATE = FindingGate(0.35, 0.25, 0.08)


def case(peaks: list[float], overlaps: list[list[float]]) -> FindingCase:
    measures = np.zeros((len(peaks), len(MEASURES)))
    measures[:, MEASURES.index("peak_margin")] = peaks
    values = np.array(overlaps, float).reshape(len(peaks), -1)
    return FindingCase(measures, values, len(peaks), np.full(len(peaks), 0.5))


def drawn(count: int) -> list[FindingCase]:
    """Findings whose odds of being a lesion are exp(peak margin), one or two a study."""
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(count):
        peaks = rng.normal(0, 2, rng.integers(1, 3))
        genuine = rng.uniform(size=len(peaks)) < 1 / (1 + np.exp(-peaks))
        lesions = max(int(genuine.sum()), 1)
        overlaps = np.zeros((len(peaks), lesions))
        overlaps[np.flatnonzero(genuine), np.arange(genuine.sum())] = 0.5
        cases.append(case(peaks.tolist(), overlaps.tolist()))
    return cases


def test_the_fit_recovers_the_odds_that_findings_were_drawn_with():
    cases = drawn(2000)
    rule = fitted(cases, GATE)
    (term,) = rule.terms  # what does not vary tells nothing
    assert term.measure == "peak_margin"
    assert term.weight / term.spread == pytest.approx(1.0, abs=0.1)
    told = rule.confidences(case([-2.0, 0.0, 2.0], [[0], [0], [0]]).measures)
    assert told == pytest.approx([0.12, 0.5, 0.88], abs=0.03)
    assert (rule.tau, rule.alpha, rule.studies) == (0.35, 0.25, 2000)


def test_froc_counts_each_lesion_once_and_only_findings_that_meet_none_as_false():
    two_on_one = case([3.0, 2.0, 1.0], [[0.4, 0.0], [0.3, 0.0], [0.05, 0.05]])
    healthy = FindingCase(case([1.5], [[0]]).measures, np.zeros((1, 0)), 1, np.array([0.5]))
    points = froc([np.array([0.9, 0.8, 0.3]), np.array([0.5])], [two_on_one, healthy])
    assert [(p.confidence, p.false_positives, p.sensitivity) for p in points] == [
        (0.9, 0.0, 0.5),
        (0.8, 0.0, 0.5),
        (0.5, 0.5, 0.5),
        (0.3, 1.0, 0.5),
    ]


def test_the_operating_point_finds_most_lesions_at_the_rate_allowed():
    rule = fitted(drawn(400), GATE)
    point = rule.expected(rule.operating_confidence)
    assert point.false_positives <= ALLOWED
    better = [other for other in rule.froc if other.sensitivity > point.sensitivity]
    assert all(other.false_positives > ALLOWED for other in better)


def test_findings_of_a_study_know_which_lesion_they_meet():
    grid = Grid((30, 30, 8), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    margin = np.full(grid.shape, -9.0, np.float32)
    margin[2:5, 5:12, 5:12], margin[4:7, 20:26, 20:26] = 3.0, -1.0
    share = 1 / (1 + np.exp(-margin))
    maps = Maps(grid, margin, margin, share, share)
    lesions = np.zeros(grid.shape, np.uint8)
    lesions[4:7, 20:26, 20:26] = 7
    found = finding_case(maps, dict.fromkeys(Modality, np.ones(grid.shape)), lesions, GATE)
    assert found.overlaps.tolist() == [[0.0], [1.0]]
    assert (found.marked, found.genuine.tolist()) == (1, [False, True])
    assert found.measures[:, MEASURES.index("peak_margin")].tolist() == [3.0, -1.0]
    assert found.voxel_means == pytest.approx(1 / (1 + np.exp([-3.0, 1.0])))
    assert found.found(np.array([True, True])) == (1, 1)
    assert found.found(np.array([True, False])) == (0, 1)


def test_a_bundle_is_rewritten_with_its_rule_and_loads(tmp_path):
    source = starter_bundle_path()
    config = read_config(source)
    rule = fitted(drawn(60), GATE)
    card = with_findings((source / CARD_FILE).read_text(encoding="utf-8"), rule, "1 to 60", {"others": drawn(20)})
    assert card.count(HEADING) == 1
    assert card.index(HEADING) < card.index(NEXT)
    rewrite_bundle(source, tmp_path / "new", replace(config, findings=rule), card)
    bundle = load_bundle(tmp_path / "new")
    assert bundle.config.findings == rule == read_summary(tmp_path / "new").facts.findings
    assert bundle.sha256 != identity_of(config)
    assert bundle.prompted is not None
    rewrite_bundle(source, tmp_path / "new", replace(config, findings=None), card)  # in place of the earlier one
    assert load_bundle(tmp_path / "new").config.findings is None


def test_a_bundle_of_an_earlier_version_has_no_rule_and_stays_what_it_was(tmp_path):
    folder = tmp_path / "earlier"
    shutil.copytree(starter_bundle_path(), folder)
    content = json.loads((folder / "bundle.json").read_text())
    del content["findings"]
    (folder / "bundle.json").write_text(json.dumps(content))
    config = read_config(folder)
    assert config.findings is None
    assert identity_of(config) == identity_of(replace(config, name="another"))
    content["findings"] = {"bias": 1.0}
    (folder / "bundle.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="'findings' lacks the entries"):
        read_config(folder)


def test_a_changed_file_is_not_carried_over(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(starter_bundle_path(), source)
    (source / "text.npz").write_bytes(b"other")
    with pytest.raises(InputError, match=r"text\.npz .* is not as listed"):
        rewrite_bundle(source, tmp_path / "new", read_config(source), "card")
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").iterdir())
