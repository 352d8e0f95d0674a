"""Whether a text encoder is on this machine, or can be fetched: asked before torch is loaded, or minutes are waited."""

from __future__ import annotations

from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ..core.errors import InputError

HUB, FOLDER = "hf-hub:", "local-dir:"
CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
OF_FOLDER = ((CONFIG,), WEIGHTS, ("config.json",), ("vocab.txt", "tokenizer.json"))
"""What a folder needs: one file of each."""
PATIENCE_S = 2.0


def require_encoder(encoder: str) -> None:
    """InputError, with what to copy from where, if an encoder `hf-hub:owner/name` or `local-dir:folder` is missing."""
    require_hub(encoder)
    if encoder.startswith(FOLDER):
        _require_folder(Path(encoder.removeprefix(FOLDER)))


def _require_folder(folder: Path) -> None:
    missing = [" or ".join(names) for names in OF_FOLDER if not any((folder / name).is_file() for name in names)]
    if missing:
        fault = f"lacks {', '.join(missing)}" if folder.is_dir() else "does not exist"
        raise InputError(
            f"The text encoder folder '{folder.name}' {fault}; put the files of the open_clip model and its BERT's "
            "there, as docs/text-encoder.md lists them."
        )


def require_hub(encoder: str) -> None:
    """InputError, with what to copy from where, if an encoder `hf-hub:owner/name` is neither kept here nor in reach.

    Other encoders are none of the hub's. Without the package huggingface_hub nothing is asked: what needs it says so.
    """
    if not encoder.startswith(HUB):
        return
    repository = encoder.removeprefix(HUB)
    try:
        from huggingface_hub import constants, hf_hub_url, try_to_load_from_cache
    except ImportError:
        return
    kept = [isinstance(try_to_load_from_cache(repository, name), str) for name in (CONFIG, *WEIGHTS)]
    if kept[0] and any(kept[1:]):
        return
    if constants.HF_HUB_OFFLINE or not _answers(hf_hub_url(repository, CONFIG)):
        why = "must not be asked (HF_HUB_OFFLINE)" if constants.HF_HUB_OFFLINE else "does not answer"
        raise InputError(
            f"The text encoder '{encoder}' is not on this machine, and huggingface.co {why}. Run the same "
            "encode-text where it does and copy its .npz file here, or copy the encoder itself and name it with "
            "local-dir:FOLDER; docs/text-encoder.md says which files."
        )


def _answers(url: str) -> bool:
    """Whether any answer comes in time; what it says is for the download to judge."""
    answers: Queue[bool] = Queue()
    # A thread, since the time that looking up a name takes cannot be bounded otherwise.
    Thread(target=lambda: answers.put(_answer(url)), daemon=True).start()
    try:
        return answers.get(timeout=PATIENCE_S)
    except Empty:
        return False


def _answer(url: str) -> bool:
    try:
        with urlopen(Request(url, method="HEAD"), timeout=PATIENCE_S):
            return True
    except HTTPError:
        return True
    except (URLError, OSError, ValueError):
        return False
