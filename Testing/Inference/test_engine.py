"""The engine that needs no torch: it gives torch's answer, and the whole of `segment` runs where torch is not."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from host.base_only import environment
from host.random_bundle import silent, write_random_bundle
from ProstateAlignRefineLib.bundle.config import CONFIG_FILE, InferenceSettings
from ProstateAlignRefineLib.bundle.engine_files import ENGINE_FILES, NETWORK, has_engine_files
from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.bundle.summary import WEIGHTS_FILE
from ProstateAlignRefineLib.core.checks.study_cautions import looked_at
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.maps import MAP_NAMES, SHARES, Maps
from ProstateAlignRefineLib.core.storage.files import file_sha256
from ProstateAlignRefineLib.core.storage.image_writing import write_image
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.core.window import Window
from ProstateAlignRefineLib.inference.asking import with_prompt
from ProstateAlignRefineLib.inference.device import FAST_CPU, Compute, on_torch_cpu
from ProstateAlignRefineLib.inference.engine import choice
from ProstateAlignRefineLib.inference.engine.choice import compute_for, engine_of, load_for
from ProstateAlignRefineLib.inference.engine.exported import ExportedBundle, load_exported
from ProstateAlignRefineLib.inference.engine.protocol import GpuMemoryError
from ProstateAlignRefineLib.inference.predictor import plan_forwards, predict
from ProstateAlignRefineLib.inference.segment import answer, forward_pass
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle
from ProstateAlignRefineLib.network.graphs import engine_graphs
from ProstateAlignRefineLib.phantom import Sampling, make_phantom
from ProstateAlignRefineLib.results.folder import lesions_of, read_result
from ProstateAlignRefineLib.training import engine_files
from ProstateAlignRefineLib.training.engine_files import (
    MARGIN_TOLERANCE,
    SHARE_TOLERANCE,
    agreement,
    write_engine_files,
)

FAST = Compute(FAST_CPU, "fp32")
GLAND_BIAS = 3.0
"""Of the random network's anatomy head: so much that the gland fills a part of the region, and not nearly all of it."""
MARGIN, SHARE = 2e-3, 5e-4
"""Far below what a gate's third digit changes."""
PROMPT = "lesion in the right peripheral zone"
BASE_ONLY = """
import sys
from host.base_only import use_base_only
use_base_only()
from ProstateAlignRefineLib.cli import main
study, own, asked, prompt = sys.argv[1:]
steps = (
    ["segment", study, "-o", own],
    ["segment", study, "-o", asked, "--prompt", prompt],
    ["gate", own, "--tau", "0.5"],
    ["gate", own],
    ["export", own, "-o", own + "-dicom", "--research-study", "--measurements", "--gland", "--similarity"],
)
for step in steps:
    if main(step):
        sys.exit(f"{step[0]} failed")
if any(name in sys.modules for name in ("torch", "scipy", "matplotlib", "requests")):
    sys.exit("more than the base packages was imported")
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return make_phantom(15, Sampling.of_field((1.0, 1.0, 3.0), (108.0, 102.0, 66.0))).study


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Without prompted head and boundary refiner: the network's own refiner is in force, over nine tokens."""
    path = write_random_bundle(tmp_path_factory.mktemp("plain") / "bundle")
    bundle = load_bundle(path)
    with torch.no_grad():
        bundle.network.refiner.from_d.weight.mul_(500.0)
    return bundle


@pytest.fixture(scope="module")
def exported(plain: Bundle) -> ExportedBundle:
    """The same, with what the fixture changed of its weights."""
    config = json.loads((plain.path / CONFIG_FILE).read_text())
    for name, graph in engine_graphs(plain).items():
        (plain.path / name).write_bytes(graph)
        config["files"][name] = file_sha256(plain.path / name)
    (plain.path / CONFIG_FILE).write_text(json.dumps(config))
    return load_exported(plain.path)


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def same(found: Maps, wanted: Maps) -> None:
    for name in MAP_NAMES:
        limit = SHARE if name in SHARES else MARGIN
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=0, atol=limit, err_msg=name)
    assert (found.zones == wanted.zones).mean() > 0.9999


def with_torch(study: Study, *prompts: str) -> list[Maps]:
    bundle = load_bundle(starter_bundle_path())
    forwarded = forward_pass(study, bundle, on_torch_cpu(), silent)
    return [answer(forwarded, with_prompt(bundle, prompt), silent).maps for prompt in prompts]


def test_with_the_base_packages_alone_segment_runs_and_finds_what_torch_finds(study: Study, tmp_path: Path) -> None:
    """Of a whole run, and of one that is asked for a place: maps, findings, lesions."""
    folder, outputs = tmp_path / "study", [tmp_path / "own", tmp_path / "asked"]
    folder.mkdir()
    for modality in Modality:
        write_image(study.volume(modality), folder / f"p_{modality.value}.nii.gz")
    command = [sys.executable, "-c", BASE_ONLY, folder, *outputs, PROMPT]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    files = find_study_files(folder)
    assert files is not None
    prompts = (load_bundle(starter_bundle_path()).config.prompt, PROMPT)
    for output, wanted in zip(outputs, with_torch(looked_at(read_study_files(files)), *prompts), strict=True):
        result = read_result(output)
        assert "ONNX Runtime" in result.run.device
        assert "torch" not in result.run.versions
        same(result.maps, wanted)
        found, expected = lesions_of(result), lesions_of(replace(result, maps=wanted))
        assert expected.lesions
        assert dice(found.whole > 0, expected.whole > 0) >= 0.999
        for one, other in zip(found.lesions, expected.lesions, strict=True):
            assert (one.number, one.volume_ml) == (other.number, pytest.approx(other.volume_ml, rel=0.01))


def test_the_network_alone_gives_torchs_maps(plain: Bundle, exported: ExportedBundle) -> None:
    volumes = np.random.default_rng(0).normal(size=(3, 9, 22, 30)).astype(np.float32)
    for axes in ((), ("z", "x")):
        settings = InferenceSettings("where_needed", axes)  # type: ignore[arg-type]
        maps = []
        for bundle, compute in ((plain, on_torch_cpu()), (exported, FAST)):
            asked = replace(bundle, config=replace(bundle.config, inference=settings))
            plan = plan_forwards(asked, volumes.shape[1:], compute)
            maps.append(predict(asked, volumes, plan, compute, lambda done, whole: None))
        np.testing.assert_allclose(maps[1], maps[0], atol=1e-4)
        assert np.abs(maps[0][1] - maps[0][0]).max() > 1e-2  # the refiner edits


def test_a_part_of_a_region_keeps_its_place_and_the_text_its_side(plain: Bundle, exported: ExportedBundle) -> None:
    image = np.random.default_rng(1).normal(size=(3, 4, 8, 12)).astype(np.float32)
    text = torch.nn.functional.normalize(torch.randn(9, 8, generator=torch.Generator().manual_seed(4)), dim=1)
    other = replace(plain.text, pooled=text[0], tokens=text)
    stored = replace(exported.text, pooled=text[0].numpy(), tokens=text.numpy())
    engines = engine_of(replace(plain, mirrored_text=other)), engine_of(replace(exported, mirrored_text=stored))
    wholes = []
    for window, mirrored in ((Window((4, 8, 0), (12, 24, 40)), False), (Window((0, 0, 0), (4, 8, 12)), True)):
        first, second = (engine.forward(image, window, mirrored) for engine in engines)
        for name, one, two in zip(first._fields, first, second, strict=True):
            np.testing.assert_allclose(two, one, atol=1e-4, err_msg=name)
        wholes.append(first.refined)
    assert np.abs(wholes[0] - wholes[1]).max() > 1e-3


def test_the_starter_has_its_engine_files_and_they_hold_no_weights_of_their_own() -> None:
    starter = starter_bundle_path()
    files = json.loads((starter / CONFIG_FILE).read_text())["files"]
    assert has_engine_files(files)
    small = sum((starter / name).stat().st_size for name in files if name in ENGINE_FILES)
    assert small < 0.03 * (starter / WEIGHTS_FILE).stat().st_size


def test_an_export_changes_no_identity_and_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_files, "SEEDS", (61,))
    path = write_random_bundle(tmp_path / "bundle")
    before = load_bundle(path).sha256
    for _ in range(2):  # one that has them gets them anew
        found = write_engine_files(path)
        assert found.margin <= MARGIN_TOLERANCE
        assert found.share <= SHARE_TOLERANCE
    assert load_for(path, without_torch=True).sha256 == load_bundle(path).sha256 == before
    assert compute_for(path, "cpu") == FAST


def test_an_export_that_answers_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_files, "SEEDS", (61,))
    path = write_random_bundle(tmp_path / "bundle")

    def of_another_network(bundle: Bundle) -> dict[str, bytes]:
        with torch.no_grad():
            head = bundle.network.decoder.heads[-1].bias
            head[1] += 0.1
            graphs = engine_graphs(bundle)
            head[1] -= 0.1
        return graphs

    monkeypatch.setattr(engine_files, "engine_graphs", of_another_network)
    with pytest.raises(InputError, match=r"refused: its margins differ from torch's by up to 0\.1"):
        write_engine_files(path)
    assert not (path / NETWORK).exists()
    load_bundle(path)


def test_a_voxel_at_the_glands_edge_is_no_fault_of_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What rounding does to a few voxels, a bias does here: shares hardly move, the gland's edge does."""
    monkeypatch.setattr(engine_files, "SEEDS", (61,))
    one, other = (load_bundle(write_random_bundle(tmp_path / "bundle")) for _ in range(2))
    for bundle, bias in ((one, GLAND_BIAS), (other, GLAND_BIAS + 1e-3)):
        bundle.network.anatomy.head.bias.data[0] += bias
    found = agreement(one, other)
    assert found.tolerable
    assert found.share > 0


def lacking(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    there = choice.is_there
    monkeypatch.setattr(choice, "is_there", lambda name: name not in packages and there(name))


@pytest.mark.fault("a model that only torch can compute, and no torch", "what to install or run, in one sentence")
def test_without_torch_and_engine_files_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_random_bundle(tmp_path / "bundle")
    assert not compute_for(path, "cpu").without_torch
    lacking(monkeypatch, "torch")
    with pytest.raises(InputError, match=r'pip install "\.\[torch\]".* export-engine'):
        compute_for(path, "cpu")
    for device in ("cuda", "cuda:1", "mps"):
        with pytest.raises(InputError, match=rf"--device {device} needs torch; run in the clone: pip install"):
            compute_for(starter_bundle_path(), device)
    with pytest.raises(InputError, match="--precision bf16 needs torch"):
        compute_for(starter_bundle_path(), "cpu", "bf16")


def test_torch_computes_where_the_engine_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "onnxruntime")
    assert compute_for(starter_bundle_path(), "cpu").device == torch.device("cpu")


def test_a_gpu_goes_first_where_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(choice, "choose_compute", lambda *words: asked.append(words))
    for gpu in (False, True):
        monkeypatch.setattr(choice, "has_gpu", lambda gpu=gpu: gpu)
        compute_for(starter_bundle_path())
        compute_for(starter_bundle_path(), "cpu")
    assert asked == [("auto", "auto")]


@pytest.mark.fault("an engine file of a model damaged", "the bundle is refused in a sentence")
def test_what_cannot_be_computed_with_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "starter"
    shutil.copytree(starter_bundle_path(), path)
    (path / NETWORK).write_bytes(b"no graph")
    with pytest.raises(InputError, match=r"network.onnx .* is not the file it was made with"):
        load_exported(path)
    config = json.loads((path / CONFIG_FILE).read_text())
    config["files"][NETWORK] = file_sha256(path / NETWORK)
    (path / CONFIG_FILE).write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"network.onnx .* cannot be read"):
        load_exported(path)


@pytest.mark.fault("weights that are no numbers, on a CPU without torch", "the file is named, in one sentence")
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "starter"
    shutil.copytree(starter_bundle_path(), path)
    content = bytearray((path / WEIGHTS_FILE).read_bytes())
    content[-4:] = np.float32(np.nan).tobytes()
    (path / WEIGHTS_FILE).write_bytes(content)
    config = json.loads((path / CONFIG_FILE).read_text())
    config["files"][WEIGHTS_FILE] = file_sha256(path / WEIGHTS_FILE)
    (path / CONFIG_FILE).write_text(json.dumps(config))
    with pytest.raises(InputError, match="weights that are not numbers"):
        load_exported(path)


def test_a_forward_that_does_not_fit_is_told_as_such(plain: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_words: object, **_named: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(plain.network), "forward", full)
    with pytest.raises(GpuMemoryError):
        engine_of(plain).forward(np.zeros((3, 4, 8, 8), np.float32), Window((0, 0, 0), (4, 8, 8)), False)


def test_the_real_study_has_the_same_lesions(real_study: Path) -> None:
    from ProstateAlignRefineLib.core.gate import apply_gate
    from ProstateAlignRefineLib.dicom.study_folder import read_study_folder

    study = looked_at(read_study_folder(real_study / "dicom"))
    exported = load_exported(starter_bundle_path())
    config = exported.config
    forwarded = forward_pass(study, exported, FAST, silent)
    prompts = (config.prompt, "right lesion")
    for prompt, wanted in zip(prompts, with_torch(study, *prompts), strict=True):
        found = answer(forwarded, with_prompt(exported, prompt), silent).maps
        same(found, wanted)
        masks = [apply_gate(maps, config.tau, config.alpha).mask for maps in (found, wanted)]
        assert masks[1].any()
        assert dice(*masks) >= 0.999
