"""The anatomy head learns from whatever masks there are, and from nothing where there are none."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from monai.losses.dice import DiceCELoss

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.phantom import Sampling
from ProstateAlignRefineLib.training.cases import Case, Cases, CaseShare
from ProstateAlignRefineLib.training.config import DatasetData, TrainingConfig
from ProstateAlignRefineLib.training.dataset import dataset_cases
from ProstateAlignRefineLib.training.losses import anatomy_loss
from ProstateAlignRefineLib.training.manifest import write_manifest
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.prepare import RawDataset, prepare
from ProstateAlignRefineLib.training.trainer import Trainer
from ProstateAlignRefineLib.training.zones import IN_GLAND, UNKNOWN, zone_codes
from Training.picai import GLAND_SET, ZONE_SET, write_picai
from Training.settings import CPU

OBLIQUE = (0.98, 0.0, 0.198997487, 0.0, -1.0, 0.0, 0.198997487, 0.0, -0.98)  # turned about y, y and z flipped
GRID = Grid((8, 6, 5), (0.7, 0.9, 3.0), (10.0, -20.0, 5.0), OBLIQUE)


def logits(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, len(GlandZone), 4, 6, 6, generator=torch.Generator().manual_seed(seed), requires_grad=True)


def codes(seed: int = 1) -> torch.Tensor:
    return torch.randint(0, len(GlandZone), (2, 1, 4, 6, 6), generator=torch.Generator().manual_seed(seed)).float()


def test_where_all_zones_are_told_the_loss_is_dice_plus_cross_entropy() -> None:
    settings = {"include_background": False, "to_onehot_y": True, "softmax": True, "batch": True}
    torch.testing.assert_close(anatomy_loss(logits(), codes()), DiceCELoss(**settings)(logits(), codes()))


def test_unknown_voxels_teach_nothing() -> None:
    answer, partly = logits(), codes()
    partly[1] = UNKNOWN
    loss = anatomy_loss(answer, partly)
    loss.backward()
    assert not answer.grad[1].any()
    assert answer.grad[0].any()
    torch.testing.assert_close(loss, anatomy_loss(answer[:1], partly[:1]))
    nothing = anatomy_loss(answer, torch.full_like(partly, UNKNOWN))
    assert nothing.item() == 0


def test_in_the_gland_any_zone_will_do() -> None:
    gland = torch.full((1, 1, 4, 6, 6), float(GlandZone.OUTSIDE))
    gland[..., 3:] = IN_GLAND

    def loss_of(zone: int) -> float:
        answer = torch.zeros(1, len(GlandZone), 4, 6, 6)
        answer[:, GlandZone.OUTSIDE, ..., :3] = 9.0
        answer[:, zone, ..., 3:] = 9.0
        return float(anatomy_loss(answer, gland))

    inside = [loss_of(zone) for zone in list(GlandZone)[1:]]
    assert max(inside) == pytest.approx(min(inside), abs=1e-5)
    assert loss_of(GlandZone.OUTSIDE) > max(inside) + 1


def test_zones_and_gland_become_one_map() -> None:
    gland, zones = np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.uint8)
    gland[1:4, 1:5, 2:6] = 1
    zones[2, 2:4, 3:7] = GlandZone.PERIPHERAL
    told = zone_codes(to_image(zones, GRID), to_image(gland, GRID), GRID)
    expected = np.where(zones > 0, zones, gland * IN_GLAND)
    assert np.array_equal(told, expected)
    assert np.array_equal(zone_codes(to_image(zones, GRID), None, GRID), zones)
    assert np.array_equal(zone_codes(None, to_image(gland, GRID), GRID), gland * IN_GLAND)
    assert zone_codes(None, None, GRID) is None


def test_beyond_a_masks_field_of_view_nothing_is_known() -> None:
    whole = np.ones(GRID.shape, np.uint8)
    half = sitk.Flip(to_image(whole * GlandZone.TRANSITION, GRID), (True, False, False))[4:, :, :]
    told = zone_codes(half, None, GRID)
    assert set(np.unique(told)) == {GlandZone.TRANSITION, UNKNOWN}
    assert np.count_nonzero(told == UNKNOWN) == told.size // 2
    assert set(np.unique(zone_codes(half, to_image(whole, GRID), GRID))) == {GlandZone.TRANSITION, IN_GLAND}


@pytest.fixture(scope="module")
def picai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("picai")
    names = write_picai(folder, range(1, 7), Sampling.of_field((2.0, 2.0, 6.0), (120.0, 120.0, 72.0)))
    for name in names[:3]:
        (folder / "labels" / ZONE_SET / f"{name}.nii.gz").unlink()
    (folder / "labels" / GLAND_SET / f"{names[0]}.nii.gz").unlink()
    return folder


def patients(config: TrainingConfig) -> TrainingConfig:
    return replace(config, name="patients", data=DatasetData("dataset", test_fold=0, validation_share=0.4))


def test_a_dataset_teaches_the_anatomy_that_its_masks_tell(
    picai: Path, tiny_config: TrainingConfig, text: TrainingText, tmp_path: Path
) -> None:
    write_manifest(prepare(RawDataset(picai / "images", picai / "labels", folds=3)), tmp_path)
    cases = dataset_cases(patients(tiny_config), tmp_path, tmp_path / "cache", workers=1)
    known = {case.name[:5]: case.zones for share in (cases.training, cases.validation, cases.test) for case in share}
    assert known["90001"] is None
    assert set(np.unique(known["90002"])) == {0, IN_GLAND}
    assert {0, GlandZone.PERIPHERAL, GlandZone.TRANSITION} <= set(np.unique(known["90006"]))
    trainer = Trainer(patients(tiny_config), cases, text, CPU, tmp_path / "run")
    trainer.train()
    assert all(row["anatomy"] > 0 for row in trainer.history if row["phase"] != "refiner")


def test_cases_without_masks_can_share_a_batch_with_others(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    blind = [replace(case, zones=None) for case in tiny_cases.training]
    mixed: list[Case] = [*tiny_cases.training, *blind]
    trainer = Trainer(tiny_config, replace(tiny_cases, training=CaseShare.of(mixed)), text, CPU, tmp_path)
    trainer.train()
    assert all(np.isfinite(row["loss"]) for row in trainer.history)


def test_an_anatomy_head_without_any_mask_is_refused(picai: Path, tiny_config: TrainingConfig, tmp_path: Path) -> None:
    labels = picai / "labels" / "csPCa_lesion_delineations" / "human_expert" / "resampled"
    alone = shutil.copytree(labels, tmp_path / "alone")
    write_manifest(prepare(RawDataset(picai / "images", alone, folds=3)), tmp_path)
    with pytest.raises(InputError, match=r"architecture\.anatomy"):
        dataset_cases(patients(tiny_config), tmp_path, tmp_path / "cache", workers=1)
