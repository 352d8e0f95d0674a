"""Damaged and random files for every reader: a result or one sentence, never another error."""

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from Fuzz.readers import READERS
from Fuzz.samples import sample_of

HERE = Path(__file__).resolve().parent
TEXTS = ("report", "bundle", "panel-bundle", "cohort", "folds-json", "folds-csv", "marksheet", "message", "exchange")
few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def in_a_process(script, *arguments):
    command = [sys.executable, str(HERE / script), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)


@pytest.mark.parametrize("reader", sorted(READERS))
def test_the_sound_sample_is_read(reader):
    READERS[reader](sample_of(reader))


@pytest.mark.fault(
    "reports, models, lists, archives, DICOM and NIfTI files damaged in a thousand ways", "a result, or one sentence"
)
def test_damaged_files_end_in_a_result_or_a_sentence():
    ended = in_a_process("mutate.py", "80", "11")
    assert ended.returncode == 0, ended.stderr[-2000:]


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="Atheris is not installed: pip install .[fuzz]")
def test_inputs_that_a_fuzzer_seeks_end_in_a_result_or_a_sentence(tmp_path):
    ended = in_a_process("guided.py", str(tmp_path), "-runs=1500", "-seed=4", "-rss_limit_mb=4096")
    assert ended.returncode == 0, ended.stderr[-2000:]


@pytest.mark.parametrize("reader", TEXTS)
@few
@given(st.data())
def test_any_text_ends_in_a_result_or_a_sentence(reader, data):
    sound = sample_of(reader)
    place = data.draw(st.integers(0, len(sound)))
    after = data.draw(st.integers(place, len(sound)))
    READERS[reader](sound[:place] + data.draw(st.binary(max_size=60)) + sound[after:])


@pytest.mark.parametrize("reader", ["zip", "dicom", "nifti-gz"])
@few
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_result_or_a_sentence(reader, content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        READERS[reader](content)
