"""Patches where the model that a run starts from marks what is no lesion."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, save_bundle
from ProstateAlignRefineLib.training.cases import Case, Cases, CaseShare, FalseFinding
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.mining import false_findings, mined_by, read_mined
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.operating_point import fold_cut
from ProstateAlignRefineLib.training.patches import Patch, PatchDataset, PatchPlan
from ProstateAlignRefineLib.training.starting import MINED_NAME
from ProstateAlignRefineLib.training.trainer import Trainer
from ProstateAlignRefineLib.training.validate import maps_of
from Training.runs import write_config
from Training.settings import CPU, NO_AUGMENTATION

TOUCHING = np.ones((3, 3, 3))


@pytest.fixture
def marking(whole_run: Path, tiny_cases: Cases) -> Bundle:
    """A model that marks the twentieth part of the first training case."""
    bundle = load_bundle(whole_run / "bundle")
    fold_cut(bundle.network, float(np.quantile(base_margin(bundle, tiny_cases.training[0]), 0.95)))
    return bundle


def base_margin(bundle: Bundle, case: Case) -> np.ndarray:
    return maps_of(bundle, case, CPU)["base_margin"]


def large_components(bundle: Bundle, case: Case) -> list[np.ndarray]:
    components, count = label(base_margin(bundle, case) > 0, TOUCHING)
    masks = [components == number for number in range(1, count + 1)]
    voxel_ml = float(np.prod(case.spacing_mm)) / 1000
    return [mask for mask in masks if mask.sum() * voxel_ml >= bundle.config.minimum_lesion_ml]


def test_what_is_marked_and_finds_no_lesion_is_false_and_held_by_its_highest_voxel(
    marking: Bundle, tiny_cases: Cases
) -> None:
    share = CaseShare.of([replace(case, lesions=case.lesions * 0) for case in tiny_cases.training])
    found = list(false_findings(marking, share, CPU))
    marked = [(n, mask) for n, case in enumerate(share) for mask in large_components(marking, case)]
    assert len(found) == len(marked) > 1
    for finding, (number, mask) in zip(found, marked, strict=True):
        margin = base_margin(marking, share[number])
        assert finding.case == number
        assert mask[finding.voxel]
        assert margin[finding.voxel] == margin[mask].max()


def test_what_finds_a_lesion_is_not_false(marking: Bundle, tiny_cases: Cases) -> None:
    first = tiny_cases.training[0]
    true, *others = large_components(marking, first)
    share = CaseShare.of([replace(first, lesions=true.astype(np.uint8))])
    found = list(false_findings(marking, share, CPU))
    assert len(found) == len(others)
    assert not any(true[finding.voxel] for finding in found)


def of_two(mined: tuple[FalseFinding, ...]) -> CaseShare:
    """Two cases, the second with a bright voxel in a corner."""
    volumes = np.zeros((2, 3, 12, 40, 50), np.float16)
    volumes[1, :, 10, 37, 2] = 1
    cases = [Case(f"case {n}", v, np.zeros((12, 40, 50), np.uint8), (3.0, 1.0, 1.2)) for n, v in enumerate(volumes)]
    return replace(CaseShare.of(cases), mined=mined)


def drawn(mined: tuple[FalseFinding, ...], share: float) -> list[Patch]:
    plan = PatchPlan((8, 16, 16), (2, 4, 4), 0.0, NO_AUGMENTATION, mined_share=share)
    return list(PatchDataset(of_two(mined), plan, 200, seed=0, epoch=0))


def holds_it(patch: Patch) -> bool:
    return bool(patch.image.max() == 1)


def test_so_many_patches_hold_a_false_finding() -> None:
    mined = (FalseFinding(1, (10, 37, 2)),)
    assert all(holds_it(patch) and patch.case == "case 1" for patch in drawn(mined, 1.0))
    seldom = sum(map(holds_it, drawn(mined, 0.0)))
    assert 0.4 * 200 < sum(map(holds_it, drawn(mined, 0.5))) - seldom / 2 < 0.6 * 200
    assert seldom < 20


def test_a_run_that_mines_nothing_draws_the_patches_of_before() -> None:
    for one, other in zip(drawn((), 0.5), drawn((FalseFinding(1, (10, 37, 2)),), 0.0), strict=True):
        assert (one.case, one.window) == (other.case, other.window)


def test_a_run_keeps_what_its_start_marked_and_goes_on_with_it(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    config = replace(tiny_config, schedule=replace(tiny_config.schedule, mined_share=0.5, joint_epochs=1))
    start = whole_run / "bundle"
    whole = Trainer(config, tiny_cases, text, CPU, tmp_path, initial=start)
    whole.train()
    stored = read_mined(tmp_path)
    assert stored is not None
    assert stored.model == load_bundle(start).sha256
    assert whole.cases.training.mined == stored.findings
    again = Trainer(config, tiny_cases, text, CPU, tmp_path)  # nothing left to do, its start not named
    again.train()
    assert again.cases.training.mined == stored.findings


def test_findings_of_another_model_are_not_taken_for_the_starts(
    whole_run: Path, tiny_cases: Cases, tmp_path: Path
) -> None:
    start, other = whole_run / "bundle", tmp_path / "other"
    bundle = load_bundle(start)
    fold_cut(bundle.network, 1.0)
    save_bundle(other, bundle.network, bundle.config, bundle.text, "another")
    for model in (other, start):
        mined_by(model, tmp_path, tiny_cases.training, CPU)
        stored = read_mined(tmp_path)
        assert stored is not None
        assert stored.model == load_bundle(model).sha256
    assert load_bundle(other).sha256 != load_bundle(start).sha256


@pytest.mark.fault("false findings are wanted of no model", "what to name, before a case is read")
def test_false_findings_need_a_model(
    tiny_config: TrainingConfig, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    config = replace(tiny_config, schedule=replace(tiny_config.schedule, mined_share=0.2))
    path, run = write_config(config, tmp_path / "config.toml"), tmp_path / "run"
    assert cli.main(["train", "--config", str(path), "-o", str(run)]) == 2
    assert "name that model" in capsys.readouterr().err
    assert not run.exists()


def test_a_damaged_list_is_refused(tmp_path: Path, tiny_cases: Cases) -> None:
    (tmp_path / MINED_NAME).write_text("[")
    with pytest.raises(InputError, match="damaged"):
        mined_by(None, tmp_path, tiny_cases.training, CPU)
