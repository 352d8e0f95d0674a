"""Cases come through inference's preprocessing, are kept, and patches of them are the same in every run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.inference.preprocess import network_volumes
from ProstateAlignRefineLib.phantom import Sampling, Zone, gland_zones, make_phantom
from ProstateAlignRefineLib.training.augmentation import augment
from ProstateAlignRefineLib.training.cases import Case, Cases, CaseShare, labels_on
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.patches import PatchDataset, PatchPlan
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from Training.settings import NO_AUGMENTATION


def test_a_case_is_what_inference_would_read(tiny_cases: Cases, tiny_config: TrainingConfig) -> None:
    data = tiny_config.data
    spacing = (data.in_plane_mm, data.in_plane_mm, data.slice_mm[0])
    sampling = Sampling.of_field(spacing, (*data.field_mm, data.depth_mm[0]))
    phantom = make_phantom(data.first_seed, sampling)
    volumes, grid = network_volumes(phantom.study, tiny_config.preprocessing, tiny_config.architecture.channels)
    case = tiny_cases.training[0]
    np.testing.assert_allclose(case.volumes, volumes, atol=5e-3)
    assert case.lesions.shape == grid.shape


def test_a_phantoms_zones_come_with_its_case(tiny_cases: Cases) -> None:
    zones, lesions = tiny_cases.training[0].zones, tiny_cases.training[0].lesions
    assert zones.shape == lesions.shape
    gland_ml = (zones > GlandZone.OUTSIDE).sum() * np.prod(tiny_cases.training[0].spacing_mm) / 1000
    assert 15 < gland_ml < 150
    assert set(np.unique(zones)) == set(GlandZone)


def test_the_urethra_counts_as_transition_zone() -> None:
    codes = np.arange(len(Zone), dtype=np.uint8)
    assert gland_zones(codes).tolist() == [0, 1, 2, 3, 4, 2, 0, 0, 0, 0, 0]


def test_zones_move_with_the_image(tiny_cases: Cases, tiny_config: TrainingConfig) -> None:
    """The gland stays where the mirrored, turned and zoomed image has it: its T2W mean hardly changes."""
    case = tiny_cases.training[0]
    settings = replace(NO_AUGMENTATION, mirror=1.0, rotation=1.0, rotation_degrees=15.0, scaling=1.0, scale=(0.8, 1.2))
    zones = case.zones[None].astype(np.float32)
    image = torch.from_numpy(zones).repeat(3, 1, 1, 1)
    changed = augment(image, image[:1] * 0, settings, np.random.default_rng(0), torch.from_numpy(zones))
    assert not torch.equal(changed.zones, torch.from_numpy(zones))
    assert (changed.zones - changed.image[:1]).abs().mean() < 0.15
    assert set(changed.zones.unique().tolist()) <= set(GlandZone)
    plan = PatchPlan((8, 16, 16), (2, 4, 4), 0.5, settings)
    assert PatchDataset(tiny_cases.training, plan, 1, seed=0, epoch=0)[0].zones.shape == (1, 8, 16, 16)


def test_lesions_keep_their_volume_and_place_on_the_network_grid(tiny_config: TrainingConfig) -> None:
    phantom = make_phantom(8, Sampling.of_field((0.8, 0.8, 3.0), (130.0, 130.0, 66.0)))
    preprocessing = replace(tiny_config.preprocessing, spacing_mm=(3.0, 1.0, 1.0))
    _, grid = network_volumes(phantom.study, preprocessing, tiny_config.architecture.channels)
    labels = labels_on(phantom.truth.lesions, grid)
    largest = max(phantom.truth.facts, key=lambda fact: fact.volume_ml)
    found = labels == largest.label
    assert abs(found.sum() * grid.voxel_ml / largest.volume_ml - 1) < 0.2
    centre = grid.to_lps(np.argwhere(found)[:, ::-1].mean(axis=0))
    assert np.linalg.norm(centre - largest.centre_lps) < 1.0


def test_prepared_cases_are_kept(tiny_config: TrainingConfig, tmp_path: Path) -> None:
    small = replace(tiny_config, data=replace(tiny_config.data, training=1, validation=1, test=1))
    first = prepare_phantoms(small, tmp_path, workers=1)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    again = prepare_phantoms(small, tmp_path, workers=1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == stamps
    assert np.array_equal(first.training[0].volumes, again.training[0].volumes)
    assert len({case.name for share in (first.training, first.validation, first.test) for case in share}) == 3


def test_patches_are_drawn_from_seed_epoch_and_index(tiny_cases: Cases, tiny_config: TrainingConfig) -> None:
    plan = PatchPlan((8, 16, 16), (2, 4, 4), 0.5, tiny_config.augmentation)
    one, same = (PatchDataset(tiny_cases.training, plan, 4, seed=3, epoch=5) for _ in range(2))
    other = PatchDataset(tiny_cases.training, plan, 4, seed=3, epoch=6)
    assert torch.equal(one[2].image, same[2].image)
    assert not torch.equal(one[2].image, other[2].image)


def test_a_foreground_patch_holds_a_lesion_voxel() -> None:
    lesions = np.zeros((12, 40, 40), np.uint8)
    lesions[1, 38, 2] = 1
    case = Case("corner", np.zeros((3, 12, 40, 40), np.float16), lesions, (3.0, 1.0, 1.0))
    patches = PatchDataset(
        CaseShare.of([case]), PatchPlan((8, 16, 16), (2, 4, 4), 1.0, NO_AUGMENTATION), 20, seed=0, epoch=0
    )
    assert all(patch.target.sum() == 1 for patch in patches)


def test_a_whole_region_is_padded_to_the_networks_stride() -> None:
    volumes = np.random.default_rng(0).normal(size=(3, 7, 18, 18)).astype(np.float16)
    case = Case("odd", volumes, np.zeros((7, 18, 18), np.uint8), (3.0, 1.0, 1.0))
    patch = PatchDataset(CaseShare.of([case]), PatchPlan(None, (2, 4, 4), 0.0, NO_AUGMENTATION), 1, seed=0, epoch=0)[0]
    assert patch.image.shape == (3, 8, 20, 20)
    assert patch.window.start == (0, 0, 0)
    assert patch.window.region == (7, 18, 18)  # as inference has it: positions are of the region, not of the padding
    assert np.array_equal(patch.image[:, :7, :18, :18], volumes.astype(np.float32))


def test_a_mirrored_patch_lies_where_the_mirrored_patient_has_it() -> None:
    """Each voxel holds its own x, so that the window's coordinates can be held against it."""
    volumes = np.broadcast_to(np.arange(40, dtype=np.float16), (3, 8, 40, 40))
    case = Case("ramp", volumes, np.zeros((8, 40, 40), np.uint8), (3.0, 1.0, 1.0))
    settings = replace(NO_AUGMENTATION, mirror=1.0)
    patches = PatchDataset(CaseShare.of([case]), PatchPlan((8, 16, 16), (2, 4, 4), 0.0, settings), 8, seed=0, epoch=0)
    for patch in patches:
        x = patch.image[0, 0, 0]
        mirrored = 39 - x  # where the voxels lie in a patient flipped left to right
        assert patch.window.start[2] == mirrored[0]
        assert torch.equal(mirrored, torch.arange(16) + mirrored[0])
    assert len({patch.window.start for patch in patches}) > 1


def test_classes_of_size_are_drawn_alike() -> None:
    """One large lesion in each of nine cases, and one of a voxel: half of the patches are of the voxel."""
    cases = []
    for number in range(10):
        lesions = np.zeros((12, 40, 40), np.uint8)
        lesions[(5, 20, 20) if number == 9 else (slice(4, 8), slice(10, 25), slice(10, 25))] = 1
        cases.append(Case(f"case {number}", np.zeros((3, 12, 40, 40), np.float16), lesions, (3.0, 1.0, 1.2)))
    share = CaseShare.of(cases)
    number, lesion, volume = share.lesion_volumes[-1]
    assert (number, lesion, round(volume, 6)) == (9, 1, 3.6e-3)
    plan = PatchPlan((8, 16, 16), (2, 4, 4), 1.0, NO_AUGMENTATION, (0.25,))
    drawn = [patch.case for patch in PatchDataset(share, plan, 200, seed=0, epoch=0)]
    assert 70 < drawn.count("case 9") < 130
    alike = [patch.case for patch in PatchDataset(share, replace(plan, sizes_ml=()), 200, seed=0, epoch=0)]
    assert alike.count("case 9") < 40
