"""Whether a model of the Hugging Face hub is on this machine, or can be fetched: asked before minutes are waited."""

from __future__ import annotations

from queue import Empty, Queue
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ..core.errors import InputError

HUB = "hf-hub:"
CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
PATIENCE_S = 2.0


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
