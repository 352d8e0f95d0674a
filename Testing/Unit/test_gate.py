import numpy as np
import torch

from ProstateAlignRefineLib.core.gate import gate_logits


def test_edits_only_where_confidence_exceeds_tau():
    base, refined = np.zeros(4), np.full(4, 2.0)
    confidence = np.array([0.0, 0.35, 0.36, 1.0])
    assert gate_logits(base, refined, confidence, tau=0.35, alpha=0.25).tolist() == [0, 0, 0.5, 0.5]


def test_alpha_zero_gives_the_base_and_alpha_one_the_refined_logits():
    rng = np.random.default_rng(0)
    base, refined = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    everywhere = np.ones(5)
    np.testing.assert_array_equal(gate_logits(base, refined, everywhere, 0.5, 0.0), base)
    np.testing.assert_allclose(gate_logits(base, refined, everywhere, 0.5, 1.0), refined)


def test_numpy_and_torch_agree():
    rng = np.random.default_rng(1)
    base, refined = rng.normal(size=(2, 1, 2, 3, 4, 5)).astype(np.float32)
    confidence = rng.uniform(size=(1, 1, 3, 4, 5)).astype(np.float32)
    in_numpy = gate_logits(base, refined, confidence, 0.4, 0.3)
    in_torch = gate_logits(*map(torch.from_numpy, (base, refined, confidence)), 0.4, 0.3)
    np.testing.assert_allclose(in_numpy, in_torch.numpy(), rtol=1e-6)


def test_gating_margins_equals_gating_logits_then_subtracting():
    rng = np.random.default_rng(2)
    base, refined = rng.normal(size=(2, 2, 50))
    confidence = rng.uniform(size=50)
    logits = gate_logits(base, refined, confidence, 0.5, 0.25)
    margins = gate_logits(base[1] - base[0], refined[1] - refined[0], confidence, 0.5, 0.25)
    np.testing.assert_allclose(logits[1] - logits[0], margins)
