"""Which model with which gate, prompt and device: options that `segment` and `segment-cohort` share."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..bundle.config import ModelConfig
from ..bundle.summary import prompt_in_force
from ..core.gate import check_gate
from ..results.setting import check_false_positives

PRECISION = "of the network's arithmetic (default: auto: bf16 where the device is fast with it, else fp32)"


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """`model`: a bundle, None: the starter model. `tau`, `alpha`, `prompt`: None: the bundle's own."""

    model: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    tau: float | None = None
    alpha: float | None = None
    prompt: str | None = None
    false_positives: float = 0.0
    register: bool = False
    gland_wheel: Path | None = None

    def check(self) -> None:
        """InputError where tau, alpha or the false positives are given and out of range."""
        check_false_positives(self.false_positives)
        check_gate(self.tau or 0.0, self.alpha or 0.0)

    def gate(self, config: ModelConfig) -> tuple[float, float]:
        """Tau and alpha, those of the bundle where none is given."""
        tau = config.tau if self.tau is None else self.tau
        return tau, config.alpha if self.alpha is None else self.alpha

    def prompt_in_force(self, config: ModelConfig) -> str:
        """The bundle's own where none is given, or one that says the same."""
        return prompt_in_force(config, self.prompt)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """--model, --device, --precision, the gate, --false-positives, --prompt and --register."""
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="model bundle (default: the starter model)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help=PRECISION)
    parser.add_argument("--tau", type=float, help="confidence above which the refiner edits (default: the bundle's)")
    parser.add_argument("--alpha", type=float, help="how strongly it edits (default: the bundle's)")
    add_false_positives(parser, "none", 0.0)
    parser.add_argument(
        "--prompt",
        metavar="TEXT",
        help="what to look for, and where: 'left PZ at the apex', a report's lines (default: the bundle's prompt)",
    )
    parser.add_argument("--register", action="store_true", help="move ADC and HBV rigidly onto the T2W first")
    parser.add_argument(
        "--gland-wheel",
        type=Path,
        metavar="FILE",
        help="outline the gland with the network in this wheel of lavlab-taps 1.1.2 (MIT, 74 MB)",
    )


def add_false_positives(parser: argparse.ArgumentParser, said: str, default: float | None) -> None:
    """`said`: the default in words, `default`: None where a stored result has one."""
    parser.add_argument(
        "--false-positives",
        type=float,
        metavar="N",
        default=default,
        help="also show weaker findings, as candidates, as far as N false positives a study are expected in all "
        f"(default: {said})",
    )
