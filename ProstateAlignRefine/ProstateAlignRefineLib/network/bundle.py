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

from ..bundle.config import CONFIG_FILE, ModelConfig, read_config
from ..bundle.starter import starter_bundle_path
from ..bundle.summary import CARD_FILE, WEIGHTS_FILE, identity_of
from ..core.errors import InputError
from ..core.lexicon import swap_sides
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
from .text import TextEmbedding, load_text, save_text

__all__ = ["Bundle", "load_bundle", "save_bundle", "starter_bundle_path"]

TEXT_FILE = "text.npz"
MIRRORED_TEXT_FILE = "text_mirrored.npz"
NAMES = (CONFIG_FILE, WEIGHTS_FILE, TEXT_FILE, MIRRORED_TEXT_FILE, CARD_FILE)
PICKLE_SUFFIXES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"})


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded model: network in eval mode and text on one device. `sha256`: see `identity_of`.

    `mirrored_text`: what the text says of a patient mirrored left to right; the same where it names no side.
    On disk there is Align then Refine alone; a trainer looks at its other networks through a bundle too.
    `prompted`: the head in which prompts meet the image, where the bundle has one; `prompts`: what it is asked for, one
    lesion or place each; none where the bundle's own prompt is in force. `boundary`: edits the outlines of findings,
    where the bundle has it; the network's own refiner is then not used.
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


def load_bundle(path: Path | str, device: torch.device | str = "cpu") -> Bundle:
    """The model in the folder `path`.

    Every file is compared with its SHA-256 in bundle.json before it is opened. InputError, one sentence, for pickles,
    missing, unlisted or changed files, another format version, a missing or unfit text, and weights that do not fit or
    are no numbers.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"The model bundle '{path.name}' does not exist; name a folder with a {CONFIG_FILE}.")
    finish_interrupted(path)
    _refuse_pickles(path)
    config = read_config(path)
    _verify_files(path, config.files)
    text = load_text(path / TEXT_FILE)
    _verify_text(text, config)
    mirrored = _mirrored_text(path, text, config)
    network = AlignRefineNetwork(config.architecture)
    _load_weights(network, path / WEIGHTS_FILE)
    prompted = load_prompted(path, config.files)
    boundary = load_boundary(path, config.files, prompted)
    return Bundle(
        network.to(device).eval(),
        config,
        text.to(device),
        mirrored.to(device),
        path,
        identity_of(config),
        prompted,
        boundary=boundary,
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
    _verify_text(text, config)
    if _needs_mirrored_text(text, config) and mirrored_text is None:
        raise ValueError("the text names a side and inference mirrors left to right, so the swapped text is needed")
    _verify_network(network, config)
    with writing_folder(path, BUNDLE, NAMES) as draft:
        folder = draft.folder
        # Not save_file, which makes the weights unreadable to other users.
        (folder / WEIGHTS_FILE).write_bytes(serialize(_plain(network.state_dict())))
        save_text(text, folder / TEXT_FILE)
        if mirrored_text is not None and _needs_mirrored_text(text, config):
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


def _refuse_pickles(path: Path) -> None:
    found = sorted(file.name for file in path.rglob("*") if file.suffix.lower() in PICKLE_SUFFIXES)
    if found:
        raise InputError(f"The model bundle '{path.name}' holds a pickle ({found[0]}), which can run code; remove it.")


def _verify_files(path: Path, listed: Mapping[str, str]) -> None:
    if TEXT_FILE not in listed or not (path / TEXT_FILE).is_file():
        raise InputError(f"The model bundle '{path.name}' has no text embedding ({TEXT_FILE}); it cannot run without.")
    present = {file.relative_to(path).as_posix() for file in path.rglob("*") if not file.is_dir()} - {CONFIG_FILE}
    missing = sorted({WEIGHTS_FILE, CARD_FILE, *listed} - present)
    unlisted = sorted(present - set(listed))
    if missing:
        raise InputError(f"The model bundle '{path.name}' lacks {', '.join(missing)}; get the bundle again.")
    if unlisted:
        raise InputError(f"The model bundle '{path.name}' holds unlisted files ({', '.join(unlisted)}); remove them.")
    for name, expected in listed.items():
        if file_sha256(path / name) != expected:
            raise InputError(
                f"{name} of the model bundle '{path.name}' is not the file it was made with; get it again."
            )


def _verify_text(text: TextEmbedding, config: ModelConfig) -> None:
    if text.width != config.architecture.text_width:
        wanted = config.architecture.text_width
        raise InputError(f"The text embedding has width {text.width}, the network reads {wanted}; encode it again.")
    if text.encoder != config.text_encoder or config.prompt not in text.prompts:
        raise InputError("The text embedding is of another prompt or encoder than bundle.json names; encode it again.")


def _needs_mirrored_text(text: TextEmbedding, config: ModelConfig) -> bool:
    return "x" in config.inference.mirror_axes and any(swap_sides(prompt) != prompt for prompt in text.prompts)


def _mirrored_text(path: Path, text: TextEmbedding, config: ModelConfig) -> TextEmbedding:
    if not _needs_mirrored_text(text, config):
        return text
    mirrored = load_text(path / MIRRORED_TEXT_FILE)
    if mirrored.prompts != tuple(map(swap_sides, text.prompts)) or mirrored.encoder != text.encoder:
        raise InputError(f"{MIRRORED_TEXT_FILE} is not the bundle's text with left and right swapped; get it again.")
    return mirrored


def _load_weights(network: AlignRefineNetwork, path: Path) -> None:
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


def _refuse_foreign(path: Path) -> None:
    finish_interrupted(path)
    others = path.is_file() or (path.is_dir() and any(not is_unfinished(file) for file in path.iterdir()))
    if others and read_signature(path) is None:
        raise InputError(f"'{path.name}' exists and is not a model bundle; name another output folder.")


def _plain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
