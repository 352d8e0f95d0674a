"""The last step of the starter model: its fine-tuned weights mixed with those it started from.

Fine-tuning on synthetic studies moves a network away from real ones; the mean of both ends keeps some of each
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022). Called as the starter's model card says:

    python Testing/Benchmarks/mix_weights.py --config starter --run RUN --start BUNDLE --share 0.4 --cut 0 -o OUT

RUN is a folder of `train --from BUNDLE`. OUT gets the test cases' report and the bundle, as a run's folder does.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ProstateAlignRefineLib.inference.device import choose_compute
from ProstateAlignRefineLib.model.baselines import SegmentationNetwork
from ProstateAlignRefineLib.model.bundle import load_bundle
from ProstateAlignRefineLib.training.checkpoint import CHECKPOINT_NAME
from ProstateAlignRefineLib.training.config import read_training_config
from ProstateAlignRefineLib.training.finish import finish
from ProstateAlignRefineLib.training.operating_point import fold_cut
from ProstateAlignRefineLib.training.sides import encode_training_text
from ProstateAlignRefineLib.training.sources import cases_of
from ProstateAlignRefineLib.training.trainer import BEST, Trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="that of the run")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run, which holds its cases, too")
    parser.add_argument("--start", type=Path, required=True, help="the bundle that the run started from")
    parser.add_argument("--share", type=float, required=True, help="of the run's weights, 0 to 1")
    parser.add_argument("--cut", type=float, required=True, help="the margin above which a voxel is foreground")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    config = read_training_config(arguments.config)
    cases = cases_of(config, None, arguments.run / "cases", workers=1)
    trainer = Trainer(config, cases, encode_training_text(config.text), choose_compute("cpu"), arguments.output)
    trainer.history = torch.load(arguments.run / CHECKPOINT_NAME, weights_only=True)["history"]
    trainer.network.load_state_dict(
        mixed(start_weights(arguments.start), load_file(arguments.run / BEST), arguments.share)
    )
    fold_cut(trainer.network, arguments.cut)
    arguments.output.mkdir(parents=True, exist_ok=True)
    finish(trainer, trainer.network.eval(), arguments.output)


def start_weights(path: Path) -> dict[str, Tensor]:
    """The bundle's weights as they were before its temperature was folded into them."""
    bundle = load_bundle(path)
    network: SegmentationNetwork = bundle.network
    temperature = float(bundle.config.metrics["temperature"])
    with torch.no_grad():
        for parameter in network.decoder.heads[-1].parameters():
            parameter.mul_(temperature)
    return dict(network.state_dict())


def mixed(start: dict[str, Tensor], end: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    return {name: (1 - share) * start[name] + share * weights for name, weights in end.items()}


if __name__ == "__main__":
    main()
