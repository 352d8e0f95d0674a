"""`prostate-align-refine train`: a configuration in, a model bundle out."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("train", help="train a model and write its bundle")
    parser.add_argument("--config", required=True, metavar="FILE", help="a TOML file, or a preset: starter")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the run; resumes it")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="where prepared cases are kept (default: DIR/cases)")
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare cases (default: 1)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from ..inference.device import choose_compute
    from ..model.text_encoder import encode_prompts
    from ..training.cases import prepare_phantoms
    from ..training.config import read_training_config
    from ..training.finish import finish
    from ..training.trainer import Trainer

    config = read_training_config(arguments.config)
    compute = choose_compute(arguments.device, arguments.precision)
    text = encode_prompts(config.text.prompts, config.text.encoder)
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    print(compute.description)
    cases = prepare_phantoms(config, arguments.cases or folder / "cases", arguments.workers)
    trainer = Trainer(config, cases, text, compute, folder)
    finished = finish(trainer, trainer.train(), folder / "bundle")
    for name, value in finished.metrics.items():
        print(f"{name}: {value}")
    print(f"The bundle is in {folder / 'bundle'}.")
    return 0
