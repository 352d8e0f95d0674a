"""What all ways of `bench_engines.py` read: a study, its voxels on the network's grid, and a full-size network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.core.geometry import Array
from ProstateAlignRefineLib.core.study import Modality

STUDY, REGION, FIELD, FULL_SIZE = "study", "region.npy", "field.npy", "full-size"
SEED, FIELD_MM, SLICES, SPACING_MM = 15, 192.0, 24, (0.5, 0.5, 3.0)
PATCH, FIELD_VOXELS = (24, 80, 80), (24, 128, 128)
"""Of the region and of the whole field, on the network's grid."""
FULL_FEATURES = (32, 64, 128, 256, 320)


def write_inputs(folder: Path) -> None:
    """A synthetic study of a field of 192 mm; the region that the starter reads of it, and the whole field, on the
    same voxels with the same normalisation; a bundle with random weights."""
    from ProstateAlignRefineLib.bundle.opening import read_settled_config
    from ProstateAlignRefineLib.inference.preprocess import network_volumes
    from ProstateAlignRefineLib.phantom import Sampling, make_phantom

    sampling = Sampling.of_field(SPACING_MM, (FIELD_MM, FIELD_MM, SLICES * SPACING_MM[2]))
    study = make_phantom(SEED, sampling).study
    (folder / STUDY).mkdir()
    for modality in Modality:
        sitk.WriteImage(study.volume(modality), str(folder / STUDY / f"bench_{modality.value}.mha"))
    config = read_settled_config(starter_bundle_path())
    read, channels = config.preprocessing, config.architecture.channels
    region, _ = network_volumes(study, read, channels)
    whole, _ = network_volumes(study, replace(read, region_mm=FIELD_MM), channels)
    np.save(folder / REGION, region)
    np.save(folder / FIELD, normalised_as(region, whole))
    write_full_size(folder / FULL_SIZE)


def middle(whole: tuple[int, ...], part: tuple[int, ...]) -> tuple[slice, ...]:
    """Where a part of that size lies in the middle of the whole, axis by axis."""
    return tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(whole, part, strict=True))


def normalised_as(region: Array, whole: Array) -> Array:
    """The field's volumes [C, Z, Y, X] in the units of the region's, which lies in their middle."""
    z, y, x = middle(whole.shape[1:], region.shape[1:])
    lines = [np.polyfit(a.ravel(), b.ravel(), 1) for a, b in zip(whole[:, z, y, x], region, strict=True)]
    made = np.stack([volume * slope + offset for volume, (slope, offset) in zip(whole, lines, strict=True)])
    np.testing.assert_allclose(made[:, z, y, x], region, atol=1e-3)  # the same voxels
    return made.astype(np.float32)


def write_full_size(path: Path) -> None:
    """The starter's architecture as wide as nnU-Net plans one, with random weights and engine files."""
    import torch

    from ProstateAlignRefineLib.bundle.rewriting import rewrite_bundle
    from ProstateAlignRefineLib.network.bundle import load_bundle, save_bundle
    from ProstateAlignRefineLib.network.graphs import engine_graphs
    from ProstateAlignRefineLib.network.network import AlignRefineNetwork

    starter = load_bundle(starter_bundle_path())
    torch.manual_seed(SEED)
    architecture = replace(starter.config.architecture, features_per_stage=FULL_FEATURES)
    config = replace(starter.config, name=FULL_SIZE, architecture=architecture, files={})
    save_bundle(path, AlignRefineNetwork(architecture).eval(), config, starter.text, "")
    bundle = load_bundle(path)
    rewrite_bundle(path, path, bundle.config, "", engine_graphs(bundle))
