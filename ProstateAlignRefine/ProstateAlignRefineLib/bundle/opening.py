"""A bundle folder verified before anything in it is opened, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..core.lexicon import swap_sides
from ..core.storage.files import file_sha256
from ..core.storage.staging import finish_interrupted
from .config import CONFIG_FILE, ModelConfig, read_config
from .stored_text import StoredText
from .summary import CARD_FILE, WEIGHTS_FILE

TEXT_FILE = "text.npz"
MIRRORED_TEXT_FILE = "text_mirrored.npz"
PICKLE_SUFFIXES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"})


@dataclass(frozen=True, eq=False)
class OpenedBundle:
    """A verified folder. `mirrored_text`: what the text says of a patient mirrored left to right; the same where it
    names no side."""

    path: Path
    config: ModelConfig
    text: StoredText
    mirrored_text: StoredText


def read_settled_config(path: Path) -> ModelConfig:
    """The configuration of a folder whose last writing, where it was interrupted, is finished first."""
    if not path.is_dir():
        raise InputError(f"The model bundle '{path.name}' does not exist; name a folder with a {CONFIG_FILE}.")
    finish_interrupted(path)
    return read_config(path)


def open_bundle(path: Path) -> OpenedBundle:
    """Every file is compared with its SHA-256 in bundle.json.

    InputError, one sentence, for pickles, missing, unlisted or changed files, another format version, a missing or
    unfit text.
    """
    config = read_settled_config(path)
    _refuse_pickles(path)
    _verify_files(path, config)
    text = StoredText.load(path / TEXT_FILE)
    verify_text(text.width, text.encoder, text.prompts, config)
    return OpenedBundle(path, config, text, _mirrored_text(path, text, config))


def verify_text(width: int, encoder: str, prompts: tuple[str, ...], config: ModelConfig) -> None:
    """InputError where a text of these is not the one that `config` names."""
    if width != config.architecture.text_width:
        wanted = config.architecture.text_width
        raise InputError(f"The text embedding has width {width}, the network reads {wanted}; encode it again.")
    if encoder != config.text_encoder or config.prompt not in prompts:
        raise InputError("The text embedding is of another prompt or encoder than bundle.json names; encode it again.")


def needs_mirrored_text(prompts: tuple[str, ...], config: ModelConfig) -> bool:
    """Whether images are mirrored left to right and the prompts name a side, which must then be swapped."""
    return "x" in config.inference.mirror_axes and any(swap_sides(prompt) != prompt for prompt in prompts)


def _mirrored_text(path: Path, text: StoredText, config: ModelConfig) -> StoredText:
    if not needs_mirrored_text(text.prompts, config):
        return text
    mirrored = StoredText.load(path / MIRRORED_TEXT_FILE)
    if mirrored.prompts != tuple(map(swap_sides, text.prompts)) or mirrored.encoder != text.encoder:
        raise InputError(f"{MIRRORED_TEXT_FILE} is not the bundle's text with left and right swapped; get it again.")
    return mirrored


def _refuse_pickles(path: Path) -> None:
    found = sorted(file.name for file in path.rglob("*") if file.suffix.lower() in PICKLE_SUFFIXES)
    if found:
        raise InputError(f"The model bundle '{path.name}' holds a pickle ({found[0]}), which can run code; remove it.")


def _verify_files(path: Path, config: ModelConfig) -> None:
    listed = config.files
    if TEXT_FILE not in listed or not (path / TEXT_FILE).is_file():
        raise InputError(f"The model bundle '{path.name}' has no text embedding ({TEXT_FILE}); it cannot run without.")
    present = {file.relative_to(path).as_posix() for file in path.rglob("*") if not file.is_dir()} - {CONFIG_FILE}
    weights = {WEIGHTS_FILE, *(f"{member}/{WEIGHTS_FILE}" for member in config.members)}
    missing = sorted({CARD_FILE, *weights, *listed} - present)
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
