"""The answer is that of one forward over the region, whatever computes it and however large the study is."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from host.random_bundle import write_random_bundle
from ProstateAlignRefineLib.bundle.config import InferenceSettings
from ProstateAlignRefineLib.bundle.rewriting import rewrite_bundle
from ProstateAlignRefineLib.bundle.summary import CARD_FILE
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.inference import segment
from ProstateAlignRefineLib.inference.device import FAST_CPU, Compute, computed_otherwise
from ProstateAlignRefineLib.inference.engine.choice import Loaded
from ProstateAlignRefineLib.inference.engine.exported import ExportedBundle, load_exported
from ProstateAlignRefineLib.inference.engine.protocol import GpuMemoryError
from ProstateAlignRefineLib.inference.segment import segment_study
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.network.graphs import engine_graphs
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

CPU = Compute(torch.device("cpu"), "fp32")
GPU = Compute(torch.device("cuda"), "bf16")
FAST = Compute(FAST_CPU, "fp32")
ANGLE = np.deg2rad(20)
OBLIQUE = (np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE), 0, 0, 0, 1)
NOISE = {"t2w": (300, 60), "adc": (1300, 200), "hbv": (40, 10)}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Bundle:
    return load_bundle(write_random_bundle(tmp_path_factory.mktemp("models") / "small"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Bundle:
    """Of the published first stages' widths."""
    return load_bundle(write_random_bundle(tmp_path_factory.mktemp("models") / "wide", (32, 64, 128)))


@pytest.fixture(scope="module")
def starter() -> Bundle:
    return load_bundle(starter_bundle_path())


@pytest.fixture(scope="module")
def wide_exported(wide: Bundle, tmp_path_factory) -> ExportedBundle:
    folder = tmp_path_factory.mktemp("exported") / "wide"
    graphs = engine_graphs(wide)
    rewrite_bundle(wide.path, folder, wide.config, (wide.path / CARD_FILE).read_text(encoding="utf-8"), graphs)
    return load_exported(folder)


@pytest.fixture(scope="module")
def starter_exported() -> ExportedBundle:
    return load_exported(starter_bundle_path())


def noise(times: float = 1.0, scales: dict[str, float] | None = None, seed: int = 5, slices: int = 11) -> Study:
    """A field of view of `times` 64 mm, the random bundles' region; oblique and anisotropic."""
    size = round(48 * times)
    grid = Grid((size, size, slices), (4 / 3, 4 / 3, 3.0), (-31.5, 12.0, -16.5), OBLIQUE)
    rng = np.random.default_rng(seed)
    arrays = [np.maximum(rng.normal(*NOISE[name], grid.shape), 0) * (scales or {}).get(name, 1.0) for name in NOISE]
    return Study(*(to_image(array.astype(np.float32), grid) for array in arrays))


def phantom(times: float, seed: int = 9000, slices: int = 20) -> Study:
    """A field of view of `times` 120 mm, the starter's region."""
    sampling = Sampling.of_field((1.5, 1.5, 3.0), (120 * times, 120 * times, 3.0 * slices))
    return make_phantom(seed, sampling).study


def found(study: Study, bundle: Loaded, compute: Compute = CPU) -> np.ndarray:
    maps = segment_study(study, bundle, compute, lambda *_: None).maps
    return apply_gate(maps, bundle.config.tau, bundle.config.alpha).mask


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def full_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every forward on a GPU runs out of memory."""
    predict = segment.predict

    def raising(bundle, volumes, plan, compute, progress):
        if compute.device.type == "cuda":
            raise GpuMemoryError
        return predict(bundle, volumes, plan, compute, progress)

    monkeypatch.setattr(segment, "predict", raising)


@pytest.mark.fault("the GPU's memory is full", "the same lesions, and that the CPU computed them")
@pytest.mark.parametrize(
    ("name", "study_of"),
    [
        ("starter", partial(phantom, 1.0, 9001)),
        ("starter", partial(phantom, 2.0, 9000, slices=16)),
        ("wide", partial(noise, 1.0)),
        ("wide", partial(noise, 1.3, seed=6, slices=5)),  # less deep than a tile
        ("wide", partial(noise, 2.0, seed=7, slices=14)),
    ],
)
def test_a_full_gpu_tiles_and_the_other_engine_change_no_lesion(name, study_of, request, monkeypatch):
    bundle, study = request.getfixturevalue(name), study_of()
    one = found(study, bundle)
    assert one.any()
    tiles = replace(bundle, config=replace(bundle.config, inference=InferenceSettings("always", ())))
    assert dice(found(study, tiles), one) >= 0.99
    assert dice(found(study, request.getfixturevalue(f"{name}_exported"), FAST), one) >= 0.99
    full_gpu(monkeypatch)
    assert dice(found(study, bundle, GPU), one) >= 0.99


def test_what_the_cpu_did_for_a_full_gpu_is_said(small, monkeypatch):
    full_gpu(monkeypatch)
    stages = []
    used = segment_study(noise(), small, GPU, lambda stage, *_: stages.append(stage)).compute
    assert used == CPU
    assert computed_otherwise(GPU, used) == "The GPU's memory did not suffice; computed on the CPU."
    assert any("GPU memory full" in stage for stage in stages)


def spoilt(small: Bundle, monkeypatch: pytest.MonkeyPatch, name: str, value: float, precision: str) -> None:
    """One voxel of a map gets `value` where the network computes in `precision`."""
    predict = segment.predict

    def spoiling(bundle, volumes, plan, compute, progress):
        stacked = predict(bundle, volumes, plan, compute, progress)
        if compute.precision == precision:
            stacked[MAP_NAMES.index(name), 2, 3, 4] = value
        return stacked

    monkeypatch.setattr(segment, "predict", spoiling)


@pytest.mark.fault("the network overflows in bf16", "the answer in float32, and that it was computed so")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_overflows_in_bf16_is_computed_in_float32(value, small, monkeypatch):
    spoilt(small, monkeypatch, "refined_margin", value, "bf16")
    wanted = replace(CPU, precision="bf16")
    done = segment_study(noise(), small, wanted, lambda *_: None)
    assert done.compute == CPU
    assert "too large for bf16; computed in fp32" in computed_otherwise(wanted, done.compute)
    np.testing.assert_array_equal(
        done.maps.refined_margin, segment_study(noise(), small, CPU, lambda *_: None).maps.refined_margin
    )


@pytest.mark.fault("the network answers with NaN or infinity", "a refusal in one sentence")
@pytest.mark.parametrize("name", MAP_NAMES)
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_an_answer_that_is_no_number_is_refused(name, value, small, monkeypatch):
    spoilt(small, monkeypatch, name, value, "fp32")
    with pytest.raises(InputError, match="answer holds values that are not numbers"):
        segment_study(noise(), small, CPU, lambda *_: None)


@pytest.mark.parametrize(("name", "value"), [("confidence", 1.2), ("confidence", -0.5), ("similarity", 3.0)])
def test_an_answer_out_of_its_range_is_refused(name, value, small, monkeypatch):
    spoilt(small, monkeypatch, name, value, "fp32")
    with pytest.raises(InputError, match=f"network's {name} runs from"):
        segment_study(noise(), small, CPU, lambda *_: None)


def test_rounding_beyond_one_is_none(small, monkeypatch):
    spoilt(small, monkeypatch, "confidence", 1.000001, "fp32")
    assert segment_study(noise(), small, CPU, lambda *_: None).maps.confidence.max() <= 1


@pytest.mark.parametrize("scale", [1e27, 1e-20])
@pytest.mark.parametrize("name", ["t2w", "hbv"])
def test_a_scan_in_any_unit_gives_the_same_lesions(name, scale, small):
    """1e30 is a finite float32, its square is not."""
    plain = found(noise(), small)
    assert plain.any()
    assert dice(found(noise(scales={name: scale}), small), plain) >= 0.99


@pytest.mark.fault("a few voxels of 1e30 in a scan", "which scan holds values that hide everything else")
@pytest.mark.parametrize("modality", Modality)
def test_a_voxel_that_hides_everything_else_is_refused(modality, small):
    study = noise()
    array = sitk.GetArrayFromImage(study.volume(modality))
    array[5, 20, 30] = 1e30
    hidden = replace(study, **{modality.value: to_image(array, study.grid)})
    with pytest.raises(InputError, match=f"The {modality.name} holds values so extreme"):
        segment_study(hidden, small, CPU, lambda *_: None)
