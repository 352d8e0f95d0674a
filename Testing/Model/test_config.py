"""bundle.json: exact round trip, strict reading, no torch needed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ProstateAlignRefineLib.bundle.config import ModelConfig, Preprocessing, RefinerSettings, read_config
from ProstateAlignRefineLib.core.errors import InputError


def changed(config: ModelConfig, path: str, value: Any) -> dict[str, Any]:
    """The configuration as JSON, with the entry at the dotted `path` set to `value`."""
    data = json.loads(json.dumps(config.to_dict()))
    place = data
    *parents, last = path.split(".")
    for key in parents:
        place = place[key]
    place[last] = value
    return data


def test_survives_json(config: ModelConfig) -> None:
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_whole_numbers_serve_as_floats(config: ModelConfig) -> None:
    read = ModelConfig.from_dict(changed(config, "preprocessing.region_mm", 128))
    assert isinstance(read.preprocessing.region_mm, float)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("surprise", 1, "unknown entries .surprise"),
        ("architecture.refiner.surprise", 1, "'refiner' has unknown entries"),
        ("tau", "0.3", "'tau' must be of type float"),
        ("tau", True, "'tau' must be of type float"),
        ("tau", 1.5, "between 0 and 1"),
        ("architecture.text_width", 12.5, "'text_width' must be of type int"),
        ("architecture.strides", [[1, 1], [1, 2, 2], [2, 2, 2]], "must hold 3 values"),
        ("architecture.strides", [[1, 1, 1]], "every stage needs a stride"),
        ("architecture.strides", [[1, 2, 2], [1, 2, 2], [2, 2, 2]], "first stage must have stride 1"),
        ("architecture.kernel_sizes", [[2, 3, 3], [3, 3, 3], [3, 3, 3]], "must be odd"),
        ("architecture.channels", ["T2W", "ADC", "ADC"], "T2W, ADC and HBV"),
        ("architecture.similarity.levels", [3], "must name a stage"),
        ("architecture.similarity.temperature", 0.0, "temperature must be positive"),
        ("architecture.refiner.positions", 1, "'positions' must be of type bool"),
        ("architecture.refiner", [], "must be a set of named entries"),
        ("preprocessing.normalization", "none", "must be one of image, region"),
        ("preprocessing.patch_size", [4, 10, 8], "multiple of the network's total stride"),
        ("confidence", "other", "must be one of"),
        ("format_version", 2, "format version 2, this program reads version 1"),
    ],
)
def test_refuses_in_one_sentence(config: ModelConfig, path: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ModelConfig.from_dict(changed(config, path, value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["tau", "prompt", "architecture", "format_version", "files"])
def test_refuses_a_missing_entry(config: ModelConfig, key: str) -> None:
    data = config.to_dict()
    del data[key]
    with pytest.raises(InputError, match=f"lacks the entries {key}"):
        ModelConfig.from_dict(data)


def test_impossible_settings_are_refused_at_construction() -> None:
    with pytest.raises(InputError, match="multiple of its heads"):
        RefinerSettings(dim=6, heads=4, positions=False)
    with pytest.raises(InputError, match="positive"):
        Preprocessing((3.0, 0.0, 0.5), 128.0, (4, 8, 8), "region", False)


def test_size_divisor_is_the_product_of_the_strides(config: ModelConfig) -> None:
    assert config.architecture.size_divisor == (2, 4, 4)
    deeper = replace(config.architecture, strides=((1, 1, 1), (1, 3, 2), (2, 2, 2)))
    assert deeper.size_divisor == (2, 6, 4)


def test_a_folder_without_configuration_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a model bundle"):
        read_config(tmp_path)
    (tmp_path / "bundle.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="not valid JSON"):
        read_config(tmp_path)


def test_is_read_without_torch(bundle_path: Path, config: ModelConfig) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        "from pathlib import Path\n"
        "from ProstateAlignRefineLib.bundle.config import read_config\n"
        "from ProstateAlignRefineLib.bundle.starter import starter_bundle_path\n"
        "config = read_config(Path(sys.argv[1]))\n"
        "print(config.tau, config.alpha, config.minimum_lesion_ml, config.notice)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(bundle_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=3) == ["0.35", "0.25", "0.1", "a notice\n"]
