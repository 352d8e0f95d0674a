"""`prostate-align-refine encode-text`: prompts in, the text embedding that guides a network out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..core.plain_lines import remark

BIOMEDCLIP = "hf-hub:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"


@dataclass(frozen=True)
class EncodeTextOptions:
    prompts: tuple[str, ...]
    encoder: str
    output: Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("encode-text", help="encode prompts once, for training and bundles")
    parser.add_argument("prompts", nargs="+", metavar="PROMPT", help="several guide the network together")
    parser.add_argument(
        "--encoder",
        default=BIOMEDCLIP,
        help="hf-hub:owner/name, local-dir:FOLDER or starter:SEED (default: BiomedCLIP)",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a .npz file")
    parser.set_defaults(options=EncodeTextOptions, run=run)


def run(options: EncodeTextOptions) -> int:
    from ..core.errors import InputError
    from ..core.storage.signed_file import require_replaceable, signed_file
    from ..network.hub import require_encoder

    if options.output.suffix != ".npz":
        raise InputError("The output must be a .npz file; end its name on .npz.")
    require_replaceable(options.output)
    require_encoder(options.encoder)

    from ..network.text import save_text
    from ..network.text_encoder import encode_prompts

    text = encode_prompts(options.prompts, options.encoder)
    with signed_file(options.output) as path:
        save_text(text, path)
    remark(f"{len(text.prompts)} prompts as {int(text.mask.sum())} tokens of width {text.width}, by {text.encoder}.")
    return 0
