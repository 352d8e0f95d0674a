"""Which precision a device computes in."""

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import choose_compute


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


def test_a_precision_that_is_asked_for_is_taken_and_an_unknown_one_refused():
    assert choose_compute("cpu", "bf16", training=True).precision == "bf16"
    with pytest.raises(InputError, match="fp16"):
        choose_compute("cpu", "fp16")
