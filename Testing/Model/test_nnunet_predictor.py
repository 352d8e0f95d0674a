"""The same network through nnU-Net's own predictor: tiles, mirroring and padding give the same logits."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from Model.samples import text_of
from ProstateAlignRefineLib.bundle.config import Architecture, InferenceSettings, ModelConfig
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.predictor import plan_forwards, predict
from ProstateAlignRefineLib.network.bundle import Bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork

CPU = Compute(torch.device("cpu"), "fp32")


@pytest.mark.parametrize("region", [(4, 8, 8), (7, 13, 21), (3, 30, 6)])  # one tile, many, smaller than a tile
@pytest.mark.parametrize("axes", [(), ("z", "y", "x")])
def test_it_gives_the_same_logits(
    region, axes, paper_architecture: Architecture, config: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor_module = pytest.importorskip("nnunetv2.inference.predict_from_raw_data", reason="nnunetv2 is missing")
    # It adds up tiles in half precision, which loses most of a tile's corner; the comparison is about the rest.
    gaussian = predictor_module.compute_gaussian
    monkeypatch.setattr(predictor_module, "compute_gaussian", lambda *a, **k: gaussian(*a, **k, dtype=torch.float32))
    monkeypatch.setattr(torch, "half", torch.float32)
    torch.manual_seed(0)
    text = text_of(tokens=1)
    network = AlignRefineNetwork(paper_architecture).eval()
    volumes = np.random.default_rng(0).normal(size=(3, *region)).astype(np.float32)
    theirs = predictor_module.nnUNetPredictor(
        tile_step_size=0.5, use_gaussian=True, use_mirroring=bool(axes), device=torch.device("cpu"), allow_tqdm=False
    )

    class BaseLogits(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return network(image, text).base_logits[0]

    theirs.network = BaseLogits()
    theirs.configuration_manager = SimpleNamespace(patch_size=config.preprocessing.patch_size)
    theirs.label_manager = SimpleNamespace(num_segmentation_heads=2)
    theirs.allowed_mirroring_axes = (0, 1, 2)
    logits = theirs.predict_sliding_window_return_logits(torch.from_numpy(volumes)).float().numpy()

    settings = InferenceSettings("always", axes)
    whole = replace(config, architecture=paper_architecture, inference=settings)
    bundle = Bundle(network, whole, text, text, Path(), "")
    maps = predict(bundle, volumes, plan_forwards(bundle, region, CPU), CPU, lambda done, all_: None)
    margin = maps[MAP_NAMES.index("base_margin")]
    np.testing.assert_allclose(margin, logits[1] - logits[0], atol=1e-4)
    assert margin.std() > 0.1
