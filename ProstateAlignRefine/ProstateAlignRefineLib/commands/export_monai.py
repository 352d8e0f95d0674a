"""`prostate-align-refine export-monai`: a model bundle as one of MONAI, to verify and to run with monai.bundle."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.plain_lines import remark

if TYPE_CHECKING:
    from ..bundle.config import ModelConfig

KIND = "MONAI bundle"
CONFIGS, MODELS, DOCS = "configs", "models", "docs"
MODEL = "prostate-align-refine"
SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
COMPONENTS = "ProstateAlignRefineLib.inference.monai_bundle"
INFERENCE = {
    "imports": ["$from pathlib import Path"],
    "bundle_root": ".",
    "dataset_dir": "$str(Path(@bundle_root) / 'dataset')",
    "output_dir": "$str(Path(@bundle_root) / 'eval')",
    "device": "auto",
    "precision": "auto",
    "network_def": {
        "_target_": f"{COMPONENTS}.RegionNetwork",
        "bundle": f"$str(Path(@bundle_root) / '{MODELS}' / '{MODEL}')",
    },
    "studies": {
        "_target_": f"{COMPONENTS}.StudyFolders",
        "network": "@network_def",
        "dataset_dir": "@dataset_dir",
        "output_dir": "@output_dir",
        "device": "@device",
        "precision": "@precision",
    },
    "run": ["$@studies.run()"],
}
README = r"""
## With MONAI

This folder needs this program, and `pip install monai fire`. From it:

```
python -m monai.bundle run --config_file configs/inference.json --bundle_root . --dataset_dir STUDIES --output_dir OUT
python -m monai.bundle verify_net_in_out network_def --meta_file configs/metadata.json \
    --config_file configs/inference.json
```

`STUDIES` holds studies with the names of PI-CAI (`*_t2w`, `*_adc`, `*_hbv`), at any depth.
"""


@dataclass(frozen=True)
class ExportMonaiOptions:
    model: Path
    output: Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export-monai",
        help="write a model bundle as a bundle of MONAI",
        description="The model's files unchanged, with the configurations that monai.bundle verifies and runs. What "
        "runs is this package: the answers are those of segment.",
    )
    parser.add_argument("model", type=Path, metavar="BUNDLE", help="a model bundle")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.set_defaults(options=ExportMonaiOptions, run=run)


def run(options: ExportMonaiOptions) -> int:
    import shutil

    from ..bundle.config import CONFIG_FILE
    from ..bundle.ensemble import require_single
    from ..bundle.summary import CARD_FILE
    from ..core.storage.output import writing_folder
    from ..network.bundle import load_bundle

    bundle = load_bundle(options.model)  # which verifies every file
    require_single(bundle.config, "a bundle of MONAI")
    with writing_folder(options.output, KIND, (CONFIGS, MODELS, DOCS)) as draft:
        model = draft.folder / MODELS / MODEL
        for folder in (draft.folder / CONFIGS, draft.folder / DOCS, model):
            folder.mkdir(parents=True)
        for name in (CONFIG_FILE, *bundle.config.files):
            shutil.copyfile(options.model / name, model / name)
        _write_json(metadata_of(bundle.config), draft.folder / CONFIGS / "metadata.json")
        _write_json(INFERENCE, draft.folder / CONFIGS / "inference.json")
        card = (options.model / CARD_FILE).read_text(encoding="utf-8")
        (draft.folder / DOCS / "README.md").write_text(card + README, encoding="utf-8")
    remark(f"The MONAI bundle is in {options.output}; docs/README.md in it says how to verify and to run it.")
    return 0


def metadata_of(config: ModelConfig) -> dict[str, Any]:
    """metadata.json, by MONAI's schema."""
    channels = config.architecture.channels
    # Twice the divisor, since instance norms need more than one voxel at the bottleneck.
    shape = [f"{2 * step}*n" for step in config.architecture.size_divisor]
    image = {"type": "image", "format": "magnitude", "modality": "MR", "num_channels": len(channels)}
    image |= {"spatial_shape": shape, "dtype": "float32", "value_range": [], "is_patch_data": False}
    image |= {"channel_def": {str(number): name for number, name in enumerate(channels)}}
    answer = {"type": "image", "format": "probabilities", "num_channels": 1, "spatial_shape": shape}
    answer |= {"dtype": "float32", "value_range": [0, 1], "is_patch_data": False, "channel_def": {"0": "lesion"}}
    own = version("prostate-align-refine")
    return {
        "schema": SCHEMA,
        "version": own,
        "changelog": {own: f"exported from the model bundle {config.name}"},
        "monai_version": version("monai"),
        "pytorch_version": version("torch"),
        "numpy_version": version("numpy"),
        "required_packages_version": {"prostate-align-refine": own, "SimpleITK": version("SimpleITK")},
        "name": config.name,
        "task": "Segmentation of prostate lesions in biparametric MRI",
        "description": config.notice or config.intended_use,
        "authors": "ProstateAlignRefine contributors, and who trained the model",
        "copyright": f"Licence of the model: {config.licence}",
        "intended_use": config.intended_use,
        "data_source": config.training_data,
        "data_type": "mha, nii.gz or nrrd",
        "image_classes": f"{', '.join(channels)} on one grid of {config.preprocessing.spacing_mm} mm (z, y, x)",
        "pred_classes": "single channel, probability of lesion",
        "network_data_format": {"inputs": {"image": image}, "outputs": {"pred": answer}},
    }


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
