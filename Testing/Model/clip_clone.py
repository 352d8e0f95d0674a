"""A tiny clone of BiomedCLIP's architecture, made on the fly."""

import json
from pathlib import Path

import torch

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "prostate", "lesion", "left", "zone", "##s")
TEXT_WIDTH, HIDDEN = 24, 32


def write_clone(folder: Path) -> Path:
    """BiomedCLIP's text architecture with one layer, in a folder as published: its BERT is named on the hub."""
    bert = {"model_type": "bert", "vocab_size": len(VOCABULARY), "hidden_size": HIDDEN, "num_hidden_layers": 1}
    bert |= {"num_attention_heads": 2, "intermediate_size": 48, "max_position_embeddings": 16, "pad_token_id": 0}
    (folder / "config.json").write_text(json.dumps(bert))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    text = {"hf_proj_type": "mlp", "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 16}
    vision = {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8}
    here = {"hf_model_name": str(folder), "hf_tokenizer_name": str(folder), "hf_model_pretrained": False}
    _write_model(folder, {"embed_dim": TEXT_WIDTH, "vision_cfg": vision, "text_cfg": {**text, **here}})
    hub = {"hf_model_name": "owner/some-bert", "hf_tokenizer_name": "owner/some-bert"}
    published = {"embed_dim": TEXT_WIDTH, "vision_cfg": vision, "text_cfg": {**text, **hub}}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": published, "preprocess_cfg": {}}))
    return folder


def _write_model(folder: Path, settings: dict[str, object]) -> None:
    from open_clip.model import CustomTextCLIP
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = CustomTextCLIP(**settings)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
