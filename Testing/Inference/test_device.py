"""Which precision a device computes in."""

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import choose_compute, told_precision


@pytest.mark.parametrize(
    ("instructions", "answers", "trains"),
    [((), "fp32", "fp32"), (("avx512_bf16",), "bf16", "fp32"), (("avx512_bf16", "amx_tile"), "bf16", "bf16")],
)
def test_a_cpu_answers_in_bf16_where_it_has_it_and_trains_in_it_where_it_has_tiles(
    monkeypatch, instructions, answers, trains
):
    for name in ("avx512_bf16", "amx_tile"):
        monkeypatch.setattr(torch.cpu, f"_is_{name}_supported", lambda name=name: name in instructions)
    assert choose_compute("cpu").precision == answers
    assert choose_compute("cpu", training=True).precision == trains


def test_bf16_that_a_cpu_would_only_imitate_is_fp32_and_that_is_said(monkeypatch):
    for native in (False, True):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        compute = choose_compute("cpu", "bf16")
        assert compute.precision == ("bf16" if native else "fp32")
        assert told_precision("bf16", compute).endswith("computing in fp32.") is not native
    assert told_precision("auto", choose_compute("cpu", "fp32")) == ""


def test_a_precision_that_is_asked_for_is_taken_and_an_unknown_one_refused():
    assert choose_compute("cpu", "bf16", training=True).precision == "bf16"
    with pytest.raises(InputError, match="fp16"):
        choose_compute("cpu", "fp16")
