"""report.json as it comes back: read, or refused in one sentence, whatever was done to it."""

import json
from dataclasses import asdict, replace

import pytest

from Fuzz.samples import RUN
from ProstateAlignRefineLib.core.cautions import Caution, caution
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.results.report import read_run, read_setting
from ProstateAlignRefineLib.results.run import plain_run, run_from, setting_from

SETTING = RUN.own_setting.moved(0.4, 0.6)


def stored(folder, **changed):
    content = {"format": 1, "run": {**plain_run(RUN, SETTING), **changed}}
    (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_a_run_and_its_setting_come_back_as_they_were(tmp_path):
    folder = stored(tmp_path)
    assert read_run(folder) == RUN
    setting = read_setting(folder)
    assert (setting.gate, setting.minimum_ml, bool(setting.paint)) == ((0.4, 0.6), SETTING.minimum_ml, False)


def test_tau_and_alpha_stand_in_a_report_where_they_always_did():
    assert list(plain_run(RUN, SETTING))[:4] == ["model", "tau", "alpha", "prompt"]
    assert plain_run(RUN, SETTING) == {**asdict(RUN), "tau": 0.4, "alpha": 0.6, "cautions": [], "false_positives": 0.0}


def test_a_report_keeps_code_and_text_of_a_caution():
    told = caution("slice-empty", volume="ADC", slices="slice 3")
    run = replace(RUN, cautions=(told,))
    assert plain_run(run, SETTING)["cautions"] == [{"code": "slice-empty", "text": told.text}]
    assert run_from(plain_run(run, SETTING)).cautions == (Caution(told.code, told.text),)
    assert run_from(json.loads(json.dumps(asdict(run)))).cautions == (told,)


def test_reports_of_other_versions_are_read():
    run = plain_run(RUN, SETTING)
    older = {name: value for name, value in run.items() if name not in ("psa", "cautions")}
    assert run_from(older) == RUN
    assert setting_from(older, run_from(older)).gate == SETTING.gate
    assert run_from({**run, "later": [1, 2]}) == RUN


@pytest.mark.fault("a report.json with nested, absurd or missing entries", "that it is damaged; segment again")
@pytest.mark.parametrize(
    "changed",
    [
        {"tau": 7}, {"tau": "0.3"}, {"tau": None}, {"alpha": [[0.2]]}, {"alpha": -1}, {"psa": -3}, {"psa": "high"},
        {"model": []}, {"model": {"name": "x"}}, {"model": {**asdict(RUN.model), "minimum_lesion_ml": -1}},
        {"sources": ["t2w"]}, {"sources": {"t2w": 1}}, {"versions": 3}, {"seconds": {"read": "long"}},
        {"prompt": {"text": "x"}}, {"cautions": [1]}, {"cautions": [{"code": "x"}]}, {"cautions": {"a": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_absurd_entries_are_refused(tmp_path, changed):
    folder = stored(tmp_path, **changed)
    with pytest.raises(InputError):  # noqa: PT012 - one of the two
        read_run(folder)
        read_setting(folder)


@pytest.mark.parametrize(
    "content", ["[]", "3", '"x"', "null", '{"format": 1}', '{"format": 1, "run": []}', '{"format": [1]}']
)
def test_what_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(InputError, match=r"report\.json"):
        read_run(tmp_path)


@pytest.mark.fault("terminal escapes in a report's prompt, notice or sources", "their plain letters")
def test_texts_of_a_report_are_plain(tmp_path):
    run = read_run(stored(tmp_path, prompt="lesion\x1b[2J", sources={"t2w\x07": "a <b>file</b>"}))
    assert (run.prompt, run.sources) == ("lesion", {"t2w": "a ‹b>file‹/b>"})
