"""Whatever goes wrong in the worker, the panel hears in words that help, with nothing of the study in them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib.bundle.network_grid import network_grid
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.protocol import Describe, Described, Failed, Segment
from ProstateAlignRefineLib.inference import jobs, pace, worker
from ProstateAlignRefineLib.inference.device import Compute, computed_otherwise
from ProstateAlignRefineLib.inference.pace import note_seconds
from ProstateAlignRefineLib.network.bundle import load_bundle

SEGMENT = Segment(7, "study", "bundle", "prostate lesion", "output", "cpu")


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (InputError("The ADC is missing; add it."), "input", "The ADC is missing; add it."),
        (ImportError("no torch", name="torch"), "install", "The worker's Python lacks torch; "),
        (ImportError("something"), "install", "The worker's Python lacks a package; "),
        (MemoryError(), "memory", "The memory did not suffice"),
        (torch.OutOfMemoryError("CUDA out of memory"), "memory", "The memory did not suffice"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory", "The memory did not suffice"),
        (RuntimeException("BFCArena: Failed to allocate memory for requested buffer"), "memory", "The memory did"),
        (ValueError("Doe^Jane"), "internal", "The worker failed (ValueError); its log says more."),
    ],
)
def test_every_failure_has_its_reason(monkeypatch, error, reason, words):
    def fail(request, send):
        raise error

    monkeypatch.setattr(jobs, "segment", fail)
    sent = []
    worker.answer(SEGMENT, sent.append)
    (failed,) = sent
    assert isinstance(failed, Failed)
    assert (failed.request, failed.reason) == (7, reason)
    assert failed.message.startswith(words)
    assert "Doe" not in failed.message


def test_each_request_goes_to_its_own_job(monkeypatch):
    heard = []
    monkeypatch.setattr(jobs, "segment", lambda request, send: heard.append(("segment", request)))
    monkeypatch.setattr(jobs, "describe", lambda request, send: heard.append(("describe", request)))
    for request in (SEGMENT, Describe(8, "", "cpu")):
        worker.answer(request, heard.append)
    assert heard == [("segment", SEGMENT), ("describe", Describe(8, "", "cpu"))]


def test_a_smaller_way_is_said_only_where_it_was_taken():
    gpu, cpu = Compute(torch.device("cuda"), "bf16"), Compute(torch.device("cpu"), "fp32")
    assert computed_otherwise(gpu, gpu) == computed_otherwise(cpu, cpu) == ""
    assert "computed on the CPU" in computed_otherwise(gpu, cpu)


def test_the_device_is_described_with_a_time_where_there_is_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "_cache_folder", lambda: tmp_path / "cache")
    sent = []
    jobs.describe(Describe(3, "", "cpu"), sent.append)
    bundle = str(write_random_bundle(tmp_path / "random"))
    jobs.describe(Describe(4, bundle, "cpu"), sent.append)
    without, new = sent
    assert (new.request, new.expected_seconds) == (4, 0.0)  # nothing is known of it yet
    note_seconds(load_bundle(Path(bundle)).sha256, new.device, (10, 100, 100), 0.5)
    jobs.describe(Describe(5, bundle, "cpu"), sent.append)
    with_bundle = sent[-1]
    assert isinstance(without, Described)
    assert (without.request, without.expected_seconds) == (3, 0.0)
    assert without.device.startswith("CPU: ")
    shape = network_grid(jobs.USUAL_T2W, load_bundle(Path(bundle)).config.preprocessing).shape
    assert with_bundle.expected_seconds == pytest.approx(0.5 * np.prod(shape) / 1e5)
    assert "torch" in with_bundle.versions
