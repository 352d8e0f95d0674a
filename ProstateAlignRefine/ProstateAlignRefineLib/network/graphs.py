"""A bundle's networks as ONNX graphs of any spatial size, for engines without torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..bundle.engine_files import BOUNDARY, NETWORK, PROMPT, PROMPTED, REFINER
from ..bundle.summary import WEIGHTS_FILE
from ..core.errors import InputError
from .boundary.files import WEIGHTS_FILE as BOUNDARY_WEIGHTS
from .boundary.refiner import CHANNELS, BoundaryRefiner
from .bundle import Bundle
from .linked_weights import linked
from .network import AlignRefineNetwork
from .prompted.files import WEIGHTS_FILE as PROMPTED_WEIGHTS
from .prompted.head import PLACE, PromptedHead
from .text import TextBatch

OPSET = 17
INSTALL = 'in the clone: pip install ".[torch]"'
SPACE = ("z", "y", "x")


class NetworkGraph(nn.Module):
    """`image` [1, 3, Z, Y, X] and pooled text [1, D] to base logits, similarity logits, the anatomy's logits where
    there is that head, and the decoder's features at the finest level and, for a prompted head, at the second: all of
    them at full size."""

    def __init__(self, network: AlignRefineNetwork, second: bool) -> None:
        super().__init__()
        self.network, self.second = network, second

    @property
    def outputs(self) -> list[str]:
        """Names of what `forward` gives, in its order."""
        parts = (True, "base"), (True, "similarity"), (self.network.anatomy is not None, "zones"), (True, "finest")
        return [name for given, name in (*parts, (self.second, "second")) if given]

    def forward(self, image: Tensor, pooled: Tensor) -> list[Tensor]:
        """One tensor [1, C, Z, Y, X] of the image's size for each name of `outputs`."""
        seen = self.network.seen(image, pooled)
        size = list(image.shape[2:])
        zones = [] if seen.anatomy is None else [interpolate(seen.anatomy, size, mode="trilinear")]
        second = [interpolate(seen.features[1], size)] if self.second else []
        base = self.network.decoder.finest_logits(seen.features[0])
        return [base, seen.similarity, *zones, seen.features[0], *second]


class RefinerGraph(nn.Module):
    """The finest features [1, C, Z, Y, X], the text's tokens and mask, and the coordinates of z, y and x to refined
    logits [1, 2, Z, Y, X]: of slices, so that any number fits into memory."""

    def __init__(self, network: AlignRefineNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, finest: Tensor, tokens: Tensor, mask: Tensor, *coordinates: Tensor) -> Tensor:
        """`coordinates`: of z, of y and of x, one vector each; none for a refiner without positions."""
        refiner = self.network.refiner
        places = refiner.positions.of_coordinates(coordinates).flatten(0, 2)[None] if refiner.positions else None
        voxels = finest.flatten(2).transpose(1, 2)
        change = refiner.of_voxels(voxels, tokens, mask, places).transpose(1, 2).reshape(finest.shape)
        return self.network.decoder.finest_logits(finest + torch.tanh(refiner.gamma) * change)


class PromptGraph(nn.Module):
    """Concept numbers [P, L] and which of them are there to tokens [P, L, D] and pooled text [P, D]."""

    def __init__(self, head: PromptedHead) -> None:
        super().__init__()
        self.tower = head.tower

    def forward(self, concepts: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """`concepts` and `mask` [P, L] of P prompts: tokens [P, L, D] and pooled [P, D]."""
        text = self.tower.of_numbers(concepts, mask)
        return text.tokens, text.pooled


class PromptedGraph(nn.Module):
    """Features of voxels, [V, P] and [V, E], and the text of P prompts to what each adds to the margin, [P, V]."""

    def __init__(self, head: PromptedHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, place: Tensor, evidence: Tensor, tokens: Tensor, pooled: Tensor, mask: Tensor) -> Tensor:
        """Of voxels: see `PromptedHead.of_voxels`."""
        return self.head.of_voxels(place, evidence, TextBatch(pooled, tokens, mask))


def engine_graphs(bundle: Bundle) -> dict[str, bytes]:
    """The graphs that the bundle needs, by file name. `bundle`: as loaded from its folder, on the CPU."""
    if not isinstance(bundle.network, AlignRefineNetwork):
        raise ValueError("Align then Refine and no other network can be exported")
    graphs = {NETWORK: _network(bundle, bundle.network)}
    if bundle.prompted is not None:
        graphs |= _prompted(bundle.prompted)
    boundary, weights = bundle.boundary, bundle.path
    graphs |= {REFINER: _refiner(bundle, bundle.network)} if boundary is None else {BOUNDARY: _boundary(boundary)}
    files = {PROMPT: PROMPTED_WEIGHTS, PROMPTED: PROMPTED_WEIGHTS, BOUNDARY: BOUNDARY_WEIGHTS}
    return {name: linked(graph, weights / files.get(name, WEIGHTS_FILE)) for name, graph in graphs.items()}


def _network(bundle: Bundle, network: AlignRefineNetwork) -> bytes:
    z, y, x = (2 * n for n in network.architecture.size_divisor)
    module = NetworkGraph(network, bundle.prompted is not None)
    image = torch.randn(1, len(network.architecture.channels), z, y, x)
    arguments = {"image": image, "pooled": bundle.text.pooled[None]}
    sizes = {name: dict(enumerate(SPACE, start=2)) for name in ("image", *module.outputs)}
    return _graph(module, arguments, module.outputs, sizes)


def _refiner(bundle: Bundle, network: AlignRefineNetwork) -> bytes:
    finest = torch.randn(1, network.architecture.features_per_stage[0], 2, 3, 4)
    text = {"tokens": bundle.text.tokens[None], "mask": bundle.text.mask[None]}
    places = {name: torch.linspace(-1, 1, n) for name, n in zip(SPACE, (2, 3, 4), strict=True)}
    whole = dict(enumerate(SPACE, start=2))
    sizes = {"finest": whole, "refined": whole, "tokens": {1: "words"}, "mask": {1: "words"}}
    axes = {name: {0: name} for name in SPACE} if network.refiner.positions else {}
    return _graph(RefinerGraph(network), {"finest": finest, **text, **places}, ["refined"], sizes | axes)


def _prompted(head: PromptedHead) -> dict[str, bytes]:
    concepts, mask = torch.tensor([[1, 2, 3], [2, 1, 0]]), torch.tensor([[True] * 3, [True, True, False]])
    named = {0: "prompts", 1: "words"}
    sizes = {"concepts": named, "mask": named, "tokens": named, "pooled": {0: "prompts"}}
    text = _graph(PromptGraph(head), {"concepts": concepts, "mask": mask}, ["tokens", "pooled"], sizes)
    batch = head.tower.of_numbers(concepts, mask)
    voxels = {"place": torch.randn(5, PLACE), "evidence": torch.randn(5, len(head.scale.middle))}
    arguments = {**voxels, "tokens": batch.tokens.detach(), "pooled": batch.pooled.detach(), "mask": mask}
    sizes |= {"place": {0: "voxels"}, "evidence": {0: "voxels"}, "change": {0: "prompts", 1: "voxels"}}
    return {PROMPT: text, PROMPTED: _graph(PromptedGraph(head), arguments, ["change"], sizes)}


def _boundary(refiner: BoundaryRefiner) -> bytes:
    arguments = {"inputs": torch.randn(CHANNELS, 3, 14, 17), "text": torch.randn(refiner.settings.text_width)}
    sizes = {"inputs": dict(enumerate(SPACE, start=1)), "delta": dict(enumerate(SPACE))}
    return _graph(refiner, arguments, ["delta"], sizes)


def _graph(
    module: nn.Module, arguments: dict[str, Tensor], outputs: Sequence[str], sizes: dict[str, dict[int, str]]
) -> bytes:
    """`sizes`: by input and output, the names of the axes that may have any size."""
    with tempfile.TemporaryDirectory() as folder, _exporting():
        path = Path(folder) / "graph.onnx"
        # The newer exporter takes eight times as long, and both write the same operators.
        torch.onnx.export(
            module.eval(),
            tuple(arguments.values()),
            path,
            input_names=list(arguments),
            output_names=list(outputs),
            dynamic_axes=sizes,
            opset_version=OPSET,
            do_constant_folding=False,
            dynamo=False,
        )
        return path.read_bytes()


@contextmanager
def _exporting() -> Iterator[None]:
    """InputError where onnx is missing, which torch.onnx needs."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise InputError(f"To export a model for the CPU engine the package onnx is needed; run {INSTALL}.") from None
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # has no counterpart in ONNX
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
