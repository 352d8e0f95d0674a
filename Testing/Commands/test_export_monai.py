"""A bundle exported for MONAI is verified and run by monai.bundle itself, and answers as `segment` does."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.commands import export_monai
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.network.bundle import load_bundle

bundle = pytest.importorskip("monai.bundle", reason="the extra 'train' is not installed")
pytest.importorskip("fire", reason="monai.bundle needs the package fire")

# What MONAI's published schema asks of every metadata.json.
REQUIRED = (
    "schema", "version", "changelog", "monai_version", "pytorch_version", "numpy_version", "task", "description",
    "authors", "copyright", "network_data_format",
)  # fmt: skip


@pytest.fixture(scope="module")
def exported(a_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monai") / "bundle"
    assert run_command(export_monai, str(a_bundle), "-o", str(folder)) == 0
    return folder


def configs(folder: Path) -> dict[str, str]:
    return {
        "meta_file": str(folder / "configs" / "metadata.json"),
        "config_file": str(folder / "configs" / "inference.json"),
        "bundle_root": str(folder),
    }


def test_monai_verifies_the_network_against_the_metadata(exported: Path) -> None:
    bundle.verify_net_in_out(net_id="network_def", device="cpu", **configs(exported))
    wrong = json.loads((exported / "configs" / "metadata.json").read_text())
    wrong["network_data_format"]["outputs"]["pred"]["num_channels"] = 2
    (exported.parent / "wrong.json").write_text(json.dumps(wrong))
    with pytest.raises(ValueError, match="output channel number"):
        bundle.verify_net_in_out(
            net_id="network_def", device="cpu", **configs(exported) | {"meta_file": str(exported.parent / "wrong.json")}
        )


def test_the_metadata_has_what_the_schema_asks_and_what_the_model_says(exported: Path, a_bundle: Path) -> None:
    metadata = json.loads((exported / "configs" / "metadata.json").read_text())
    assert [name for name in REQUIRED if not metadata.get(name)] == []
    assert metadata["version"] in metadata["changelog"]
    config = load_bundle(a_bundle).config
    assert (metadata["intended_use"], metadata["data_source"]) == (config.intended_use, config.training_data)
    channels = metadata["network_data_format"]["inputs"]["image"]["channel_def"]
    assert list(channels.values()) == list(config.architecture.channels)


def test_monai_runs_it_and_the_answer_is_that_of_segment(
    exported: Path, a_bundle: Path, a_study_folder: Path, tmp_path: Path
) -> None:
    """The study lies as deep as in PI-CAI's folds, and its result has its name to the letter."""
    deep = tmp_path / "images" / "fold0" / "1"
    deep.mkdir(parents=True)
    for name in ("t2w", "adc", "hbv"):
        shutil.copy(a_study_folder / f"a_{name}.mha", deep / f"A_{name}.mha")
    places = {"dataset_dir": str(tmp_path / "images"), "output_dir": str(tmp_path / "monai")}
    bundle.run(**configs(exported), **places, device="cpu", precision="fp32")
    result = tmp_path / "result"
    options = ["--model", str(a_bundle), "--device", "cpu", "--precision", "fp32"]
    assert cli.main(["segment", str(a_study_folder), "-o", str(result), *options]) == 0
    base, refined, confidence = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(result / f"{name}.nii.gz"))).astype(float)
        for name in ("base_margin", "refined_margin", "confidence")
    )
    margin = base + 0.25 * (refined - base) * (confidence > 0.35)  # the bundle's own gate
    found = sitk.ReadImage(str(tmp_path / "monai" / "A" / "probability.nii.gz"))
    np.testing.assert_allclose(sitk.GetArrayFromImage(found), 1 / (1 + np.exp(-margin)), atol=1e-5)
    assert Grid.of(found).matches(Grid.of(sitk.ReadImage(str(a_study_folder / "a_t2w.mha"))), 1e-3)
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "monai" / "A" / "lesion.nii.gz")))
    assert np.array_equal(mask > 0, margin > 0)


def test_the_models_files_are_unchanged_and_still_checked(exported: Path, a_bundle: Path) -> None:
    inside = exported / "models" / "prostate-align-refine"
    assert load_bundle(inside).sha256 == load_bundle(a_bundle).sha256
