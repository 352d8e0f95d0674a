"""A model as a folder: written whole, verified before anything in it is opened, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor

from ..bundle.config import CONFIG_FILE, Architecture, ModelConfig
from ..bundle.opening import MIRRORED_TEXT_FILE, TEXT_FILE, needs_mirrored_text, open_bundle, verify_text
from ..bundle.starter import starter_bundle_path
from ..bundle.summary import CARD_FILE, WEIGHTS_FILE, identity_of
from ..core.errors import InputError
from ..core.storage.files import file_sha256
from ..core.storage.output import writing_folder
from ..core.storage.signature import BUNDLE, read_signature
from ..core.storage.staging import finish_interrupted, is_unfinished
from .baselines import SegmentationNetwork
from .boundary.files import load_boundary, save_boundary
from .boundary.refiner import BoundaryRefiner
from .finiteness import check_finite
from .network import AlignRefineNetwork
from .prompted.files import load_prompted, save_prompted
from .prompted.head import PromptedHead
from .text import TextEmbedding, of_stored, save_text

__all__ = ["Bundle", "load_bundle", "save_bundle", "starter_bundle_path"]

NAMES = (CONFIG_FILE, WEIGHTS_FILE, TEXT_FILE, MIRRORED_TEXT_FILE, CARD_FILE)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded model: network in eval mode and text on one device. `sha256`: see `identity_of`.

    `mirrored_text`: what the text says of a patient mirrored left to right; the same where it names no side.
    On disk there is Align then Refine alone; a trainer looks at its other networks through a bundle too.
    `prompted`: the head in which prompts meet the image, where the bundle has one; `prompts`: what it is asked for, one
    lesion or place each; none where the bundle's own prompt is in force. `boundary`: edits the outlines of findings,
    where the bundle has it; the network's own refiner is then not used. `members`: an ensemble's further networks, of
    the same architecture.
    """

    network: SegmentationNetwork
    config: ModelConfig
    text: TextEmbedding
    mirrored_text: TextEmbedding
    path: Path
    sha256: str
    prompted: PromptedHead | None = None
    prompts: tuple[str, ...] = ()
    boundary: BoundaryRefiner | None = None
    members: tuple[SegmentationNetwork, ...] = ()


def load_bundle(path: Path | str, device: torch.device | str = "cpu") -> Bundle:
    """The model in the folder `path`, verified as `open_bundle` does.

    InputError, one sentence, also for weights that do not fit or are no numbers.
    """
    opened = open_bundle(Path(path))
    path, config = opened.path, opened.config
    network, *members = (
        _loaded(config.architecture, path / folder / WEIGHTS_FILE).to(device).eval() for folder in ("", *config.members)
    )
    prompted = load_prompted(path, config.files)
    boundary = load_boundary(path, config.files, prompted)
    return Bundle(
        network,
        config,
        of_stored(opened.text).to(device),
        of_stored(opened.mirrored_text).to(device),
        path,
        identity_of(config),
        prompted,
        boundary=boundary,
        members=tuple(members),
    )


def save_bundle(
    path: Path | str,
    network: SegmentationNetwork,
    config: ModelConfig,
    text: TextEmbedding,
    model_card: str,
    *,
    mirrored_text: TextEmbedding | None = None,
    prompted: PromptedHead | None = None,
    boundary: BoundaryRefiner | None = None,
) -> ModelConfig:
    """Write the folder `path`, whole or not at all; the configuration with the hashes of its files is returned.

    `mirrored_text`: with left and right swapped, kept where the bundle's inference needs it. An older bundle at `path`
    is replaced; files of others under our names, or ours that somebody edited, are refused (InputError).
    """
    path = Path(path)
    _refuse_foreign(path)
    verify_text(text.width, text.encoder, text.prompts, config)
    if needs_mirrored_text(text.prompts, config) and mirrored_text is None:
        raise ValueError("the text names a side and inference mirrors left to right, so the swapped text is needed")
    _verify_network(network, config)
    with writing_folder(path, BUNDLE, NAMES) as draft:
        folder = draft.folder
        # Not save_file, which makes the weights unreadable to other users.
        (folder / WEIGHTS_FILE).write_bytes(serialize(_plain(network.state_dict())))
        save_text(text, folder / TEXT_FILE)
        if mirrored_text is not None and needs_mirrored_text(text.prompts, config):
            save_text(mirrored_text, folder / MIRRORED_TEXT_FILE)
        if prompted is not None:
            save_prompted(prompted, folder)
        if boundary is not None:
            save_boundary(boundary, folder)
        (folder / CARD_FILE).write_text(model_card, encoding="utf-8")
        files = {file.name: file_sha256(file) for file in sorted(folder.iterdir())}
        config = replace(config, files=files)
        (folder / CONFIG_FILE).write_text(
            json.dumps(config.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )
    return config


def _verify_network(network: SegmentationNetwork, config: ModelConfig) -> None:
    if not isinstance(network, AlignRefineNetwork):
        raise ValueError("a bundle holds Align then Refine and no other network")
    if network.architecture != config.architecture:
        raise ValueError("the network was not built from the configuration's architecture")


def _loaded(architecture: Architecture, path: Path) -> AlignRefineNetwork:
    network = AlignRefineNetwork(architecture)
    try:
        weights = load_file(path)
        network.load_state_dict(weights)
    except SafetensorError as error:
        raise InputError(f"{path.name} is not a valid safetensors file; get the model bundle again.") from error
    except (RuntimeError, TypeError) as error:
        raise InputError(
            f"{path.name} does not fit the architecture in {CONFIG_FILE}; get the bundle again."
        ) from error
    check_finite(weights, path.name)
    return network


def _refuse_foreign(path: Path) -> None:
    finish_interrupted(path)
    others = path.is_file() or (path.is_dir() and any(not is_unfinished(file) for file in path.iterdir()))
    if others and read_signature(path) is None:
        raise InputError(f"'{path.name}' exists and is not a model bundle; name another output folder.")


def _plain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
