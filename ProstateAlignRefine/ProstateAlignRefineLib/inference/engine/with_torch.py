"""Torch, on a GPU or the CPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import interpolate

from ...core.window import Window
from ...network.bundle import Bundle
from ...network.network import NetworkOutput
from ...network.prompted.features import ImageFeatures
from ...network.prompted.head import PromptedHead, prompt_token, prompted_change
from ..device import Compute
from .protocol import GpuMemoryError, Outputs, Values


@dataclass(frozen=True, eq=False)
class TorchEngine:
    """`bundle` is moved to the device; prompted head and boundary refiner, which are small, stay on the CPU."""

    bundle: Bundle
    compute: Compute

    @classmethod
    def of(cls, bundle: Bundle, compute: Compute) -> TorchEngine:
        """Moves the bundle's network and text to the device of `compute`."""
        bundle.network.to(compute.torch_device)
        text, mirrored = (text.to(compute.torch_device) for text in (bundle.text, bundle.mirrored_text))
        return cls(replace(bundle, text=text, mirrored_text=mirrored), compute)

    @torch.inference_mode()
    def forward(self, image: Values, window: Window, mirrored_text: bool) -> Outputs:
        """GpuMemoryError where it does not fit into the GPU's memory."""
        outputs = self._outputs(image, window, mirrored_text)
        if outputs is None:
            torch.cuda.empty_cache()  # here, since the exception held the forward's tensors
            raise GpuMemoryError
        return outputs

    @torch.inference_mode()
    def prompted_change(self, features: ImageFeatures, prompts: tuple[str, ...]) -> Values:
        return prompted_change(self._head, features, prompts)

    @torch.inference_mode()
    def boundary_delta(self, inputs: Values, prompts: tuple[str, ...]) -> Values:
        assert self.bundle.boundary is not None
        delta: Values = self.bundle.boundary(torch.from_numpy(inputs), prompt_token(self._head, prompts)).numpy()
        return delta

    @property
    def _head(self) -> PromptedHead:
        assert self.bundle.prompted is not None
        return self.bundle.prompted

    def _outputs(self, image: Values, window: Window, mirrored_text: bool) -> Outputs | None:
        """None where the GPU's memory is full."""
        try:
            with self.compute.autocast:
                output = self._forward(torch.from_numpy(image)[None], window, mirrored_text)
            size = list(image.shape[1:])
            zones = output.anatomy_logits
            upsampled = [] if zones is None else [interpolate(zones.float(), size, mode="trilinear")]
            kept = [interpolate(level.float(), size) for level in output.features or []]
            base, refined = output.base_logits[0], output.refined_logits
            parts = [base], [refined], [output.similarity_logits], upsampled, kept
            return Outputs(*(_array(levels) if levels else np.zeros((0, *size), np.float32) for levels in parts))
        except torch.OutOfMemoryError:
            return None

    def _forward(self, image: torch.Tensor, window: Window, mirrored_text: bool) -> NetworkOutput:
        text = self.bundle.mirrored_text if mirrored_text else self.bundle.text
        options = {}
        if self.bundle.prompted is not None:
            options = {"refine": self.bundle.boundary is None, "keep_features": True}
        output: NetworkOutput = self.bundle.network(image.to(self.compute.torch_device), text, window, **options)
        return output


def _array(levels: list[torch.Tensor]) -> Values:
    """[C, Z, Y, X] of all the levels' channels, each [1, C, Z, Y, X]."""
    values: Values = torch.cat([level.float() for level in levels], dim=1)[0].cpu().numpy()
    return values
