"""Networks compared: each trained from several seeds on the same cases and judged on the same test cases.

    python Testing/Benchmarks/ablation.py [--config FILE] [--seeds 0 1 2] [-o DIR] [--report FILE] [--data DATASET]

`--config` is any training configuration: its data, sizes and schedule hold for every network. A run that is done is not
done again, and one that was stopped goes on where it was. The report is Markdown; it compares only networks that had
stopped improving on the validation cases.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from ablation_table import Comparison, Runs, as_markdown, is_improving

from ProstateAlignRefineLib.evaluation.evaluate import Protocol, judge_folder
from ProstateAlignRefineLib.inference.device import Compute, choose_compute
from ProstateAlignRefineLib.network.baselines import NetworkKind
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.completion import fold_temperature
from ProstateAlignRefineLib.training.config import TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.configured_cases import cases_of
from ProstateAlignRefineLib.training.mirrored_text import encode_training_text
from ProstateAlignRefineLib.training.test_predictions import PREDICTIONS, REFERENCES, write_test_cases
from ProstateAlignRefineLib.training.trainer import Trainer

SIZE = Path(__file__).with_name("ablation.toml")
KINDS: tuple[NetworkKind, ...] = get_args(NetworkKind)
TEST, FACTS = "test", "facts.json"


def main() -> None:
    arguments = parsed()
    base = read_training_config(str(arguments.config))
    compute = choose_compute(arguments.device, arguments.precision)
    cases = cases_of(base, arguments.data, arguments.output / "cases", arguments.workers)
    studies = list(cases.test_studies())  # read once, not once a run
    cases = replace(cases, test_studies=lambda: iter(studies))
    for seed in arguments.seeds:
        for kind in arguments.networks:
            folder = arguments.output / f"{kind}-{seed}"
            if not (folder / TEST).is_dir():
                print(f"{kind}, seed {seed}", flush=True)
                run(variant(base, kind, seed), cases, compute, folder)
    systems = [judged(kind, arguments.seeds, arguments.output, base) for kind in arguments.networks]
    report = as_markdown(Comparison(base, arguments.config, tuple(arguments.seeds), tuple(systems), compute))
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    arguments.report.write_text(report, encoding="utf-8")
    print(f"The table is in {arguments.report}.")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=SIZE, help="what to train on, how large, how long")
    parser.add_argument("--networks", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("-o", "--output", type=Path, default=Path("ablation"), help="runs, resumed where they are")
    parser.add_argument("--report", type=Path, default=Path("ablation/ablation.md"))
    parser.add_argument("--data", type=Path, help="what prepare made, where the configuration asks")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    return parser.parse_args()


def variant(base: TrainingConfig, kind: NetworkKind, seed: int) -> TrainingConfig:
    """The same training of another network; the paper's networks get the paper's text token, heatmap loss and gate."""
    config = replace(base, name=f"{kind}, seed {seed}", seed=seed)
    if kind.startswith("paper"):
        config = replace(
            config,
            text=replace(base.text, tokens="pooled"),
            loss=replace(base.loss, heatmap="plain"),
            bundle=replace(base.bundle, confidence="sigmoid_foreground_logit"),
        )
    return replace(config, network=kind)


def run(config: TrainingConfig, cases: Cases, compute: Compute, folder: Path) -> None:
    """Trains (or goes on training) and writes the test cases' predictions, which mark the run as done."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    trainer = Trainer(config, cases, encode_training_text(config.text), compute, folder)
    network = trainer.train()
    fold_temperature(network, trainer)
    facts = {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "steps": len(trainer.history) * config.schedule.iterations,
        "cpu_seconds": time.process_time() - started,
        "improving": is_improving([row["validation_dice"] for row in trainer.history if "validation_dice" in row]),
    }
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    write_test_cases(trainer, network, folder / TEST)


def judged(kind: NetworkKind, seeds: Sequence[int], output: Path, base: TrainingConfig) -> Runs:
    protocol = Protocol(minimum_ml=base.bundle.minimum_lesion_ml)
    folders = [output / f"{kind}-{seed}" for seed in seeds]
    judgements = [judge_folder(f / TEST / PREDICTIONS, f / TEST / REFERENCES, protocol) for f in folders]
    facts = [json.loads((folder / FACTS).read_text(encoding="utf-8")) for folder in folders]
    return Runs(kind, tuple(judgements), tuple(facts))


if __name__ == "__main__":
    main()
