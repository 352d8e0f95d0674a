import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from host.commands import run_command
from Model.clip_clone import TEXT_WIDTH, write_clone
from ProstateAlignRefineLib.commands import encode_text
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network import hub
from ProstateAlignRefineLib.network.text import load_text
from ProstateAlignRefineLib.network.text_encoder import encode_prompts

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("open_clip", reason="the extra 'text' is not installed")


def run(*options: str) -> int:
    return run_command(encode_text, *options)


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    folder = tmp_path / "clip"
    folder.mkdir()
    return f"local-dir:{write_clone(folder)}"


def test_prompts_of_an_encoder_in_a_folder_become_a_file(encoder: str, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new" / "text.npz"
    prompts = ["prostate lesion", "left lesion"]
    assert run(*prompts, "--encoder", encoder, "-o", str(out)) == 0
    assert "2 prompts as 8 tokens" in capsys.readouterr().err
    stored, expected = load_text(out), encode_prompts(prompts, encoder)
    assert stored.prompts == ("prostate lesion", "left lesion")
    assert stored.encoder == encoder
    assert stored.width == TEXT_WIDTH
    for name in ("pooled", "tokens", "mask"):
        torch.testing.assert_close(getattr(stored, name), getattr(expected, name))
    with np.load(out, allow_pickle=False) as arrays:
        assert set(arrays) == {"prompts", "pooled", "tokens", "mask", "encoder"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "local-dir:/nowhere", "-o", "text.npz"], r"'nowhere' does not exist; .* docs/text-encoder\.md"),
        (["--encoder", "starter:0", "-o", "text.npy"], "end its name on .npz"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(options: list[str], said: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ProstateAlignRefineLib.network.text_encoder", None)  # loads torch, for seconds
    with pytest.raises(InputError, match=said):
        run("prostate lesion", *options)
    assert not list(tmp_path.iterdir())


def test_without_a_choice_it_is_biomedclip(tmp_path: Path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(hub, "_answer", lambda url: bool(asked.append(url)))
    with pytest.raises(InputError, match=r"copy its \.npz file here, or copy the encoder itself .* local-dir:FOLDER"):
        run("prostate lesion", "-o", str(tmp_path / "text.npz"))
    assert "BiomedCLIP" in asked[0]
    assert (ROOT / "docs" / "text-encoder.md").is_file()


def test_a_hub_that_does_not_answer_is_not_waited_for(monkeypatch, tmp_path: Path) -> None:
    """A name server that is out of reach takes its time before it says so."""
    monkeypatch.setattr(hub, "PATIENCE_S", 0.05)
    monkeypatch.setattr(hub, "_answer", lambda _url: time.sleep(2) or True)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"huggingface\.co does not answer"):
        hub.require_hub("hf-hub:owner/model")
    assert time.monotonic() - started < 1.5


def test_offline_is_believed(monkeypatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "_answer", lambda _url: True)
    with pytest.raises(InputError, match=r"not on this machine, and huggingface\.co must not be asked"):
        hub.require_hub("hf-hub:owner/model")
