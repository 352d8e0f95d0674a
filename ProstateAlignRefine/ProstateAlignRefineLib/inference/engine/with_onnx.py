"""ONNX Runtime on the CPU, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...bundle.engine_files import BOUNDARY, NETWORK, PROMPT, PROMPTED, REFINER
from ...bundle.stored_text import StoredText
from ...core.geometry import Array
from ...core.window import Window
from ...network.prompted.change import strongest_change
from ...network.prompted.features import ImageFeatures
from ...network.prompted.settings import PromptedSettings
from .exported import ExportedBundle
from .protocol import Outputs, Values

VOXELS_AT_ONCE = 2**16
"""Bounds the memory of attention over the millions of voxels of a whole region."""


@dataclass(frozen=True, eq=False)
class OnnxEngine:
    """The graphs of a bundle in ONNX Runtime on the CPU, in fp32."""

    bundle: ExportedBundle

    def forward(self, image: Values, window: Window, mirrored_text: bool) -> Outputs:
        text = self.bundle.mirrored_text if mirrored_text else self.bundle.text
        given = {"image": image[None], "pooled": text.pooled[None]}
        seen = {name: values[0] for name, values in self._run(NETWORK, given).items()}
        nothing = np.zeros((0, *image.shape[1:]), np.float32)
        kept = [seen[name] for name in ("finest", "second")] if self.bundle.prompted else [nothing]
        refined = seen["base"] if self.bundle.boundary else self._refined(seen["finest"], window, text)
        return Outputs(seen["base"], refined, seen["similarity"], seen.get("zones", nothing), np.concatenate(kept))

    def prompted_change(self, features: ImageFeatures, prompts: tuple[str, ...]) -> Values:
        text = self._text(prompts)
        voxels = {name: getattr(features, name).reshape(len(getattr(features, name)), -1).T for name in _VOXELS}
        changes = self._run(PROMPTED, {**voxels, **text})["change"].reshape(-1, *features.margin.shape)
        return strongest_change(self._settings, prompts, changes, features.margin)

    def boundary_delta(self, inputs: Values, prompts: tuple[str, ...]) -> Values:
        token = self._text(prompts)["pooled"].mean(axis=0)
        return self._run(BOUNDARY, {"inputs": inputs, "text": token})["delta"]

    @property
    def _settings(self) -> PromptedSettings:
        assert self.bundle.prompted is not None
        return self.bundle.prompted.settings

    def _refined(self, finest: Values, window: Window, text: StoredText) -> Values:
        """Slices at a time."""
        z, y, x = window.coordinates(finest.shape[1:])
        told = {"tokens": text.tokens[None], "mask": text.mask[None], "y": y, "x": x}
        step = max(1, VOXELS_AT_ONCE // (len(y) * len(x)))
        parts = [
            self._run(REFINER, {"finest": finest[None, :, n : n + step], "z": z[n : n + step], **told})["refined"][0]
            for n in range(0, len(z), step)
        ]
        return np.concatenate(parts, axis=1)

    def _text(self, prompts: tuple[str, ...]) -> dict[str, Array]:
        """Tokens, pooled text and mask of every reading of the prompts."""
        numbers = [reading for prompt in prompts for reading in self._settings.readings(prompt)]
        lengths = np.array([[len(row)] for row in numbers])
        mask = np.arange(lengths.max()) < lengths
        concepts = np.zeros(mask.shape, np.int64)
        concepts[mask] = [number for row in numbers for number in row]
        return {**self._run(PROMPT, {"concepts": concepts, "mask": mask}), "mask": mask}

    def _run(self, graph: str, given: Mapping[str, Array]) -> dict[str, Values]:
        """Every output by its name. What a graph does not read (coordinates, where voxels know none) is left out."""
        session = self.bundle.sessions[graph]
        read = {one.name: np.ascontiguousarray(given[one.name]) for one in session.get_inputs()}
        names = [one.name for one in session.get_outputs()]
        return dict(zip(names, session.run(names, read), strict=True))


_VOXELS = ("place", "evidence")
