"""Kept cases: made once, void when their recipe's number rises, and a number that rises when it has to."""

from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.inference.preprocess import network_volumes
from ProstateAlignRefineLib.phantom import GENERATOR, Sampling, make_phantom
from ProstateAlignRefineLib.training import case_cache
from ProstateAlignRefineLib.training.case_cache import CASE_FORMAT, case_key, keep_cases, load_case
from ProstateAlignRefineLib.training.cases import Case
from ProstateAlignRefineLib.training.config import TrainingConfig

SAMPLING = Sampling.of_field((1.5, 2.0, 4.0), (120.0, 128.0, 64.0))

# By generator number and family: a seed, and its phantom's mean T2W, ADC and HBV and lesion voxels.
PHANTOMS = {
    (1, "standard"): (8, (581.308, 977.696, 6.311), 403),
    (1, "holdout"): (7, (2700.559, 585.336, 44.394), 81),
}
# By case format: mean absolute value of the three channels of the standard phantom on the network's grid.
CASES = {1: (0.8189, 0.8213, 0.8091)}


def made(name: str) -> Case:
    volumes = np.linspace(-1, 1, 3 * 2 * 4 * 5, dtype=np.float16).reshape(3, 2, 4, 5)
    return Case(name, volumes, np.arange(40, dtype=np.uint8).reshape(2, 4, 5), (3.0, 1.0, 1.5))


def test_a_case_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    keep_cases([(tmp_path / "a.npz", "one")], made, 1, "cases")
    case = load_case(tmp_path / "a.npz", "one")
    assert np.array_equal(case.volumes, made("one").volumes)
    assert np.array_equal(case.lesions, made("one").lesions)
    assert case.spacing_mm == (3.0, 1.0, 1.5)
    assert case.zones is None


def test_only_what_lacks_is_made(tmp_path: Path) -> None:
    keep_cases([(tmp_path / "a.npz", "one")], made, 1, "cases")
    asked: list[str] = []

    def noted(name: str) -> Case:
        asked.append(name)
        return made(name)

    keep_cases([(tmp_path / "a.npz", "one"), (tmp_path / "b.npz", "two")], noted, 1, "cases")
    assert asked == ["two"]


@pytest.mark.fault("a case kept for training is cut off", "the case is named, and which folder to delete")
def test_a_damaged_case_is_named(tmp_path: Path) -> None:
    keep_cases([(tmp_path / "a.npz", "one")], made, 1, "cases")
    whole = (tmp_path / "a.npz").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "a.npz").write_bytes(whole[:cut])
        with pytest.raises(InputError, match="What is kept of case one cannot be read"):
            load_case(tmp_path / "a.npz", "one")


def test_the_key_changes_with_the_format_and_with_every_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    before = case_key({"a": 1}, [1, 2])
    assert case_key({"a": 1}, [1, 2]) == before
    assert case_key({"a": 1}, [1, 3]) != before
    monkeypatch.setattr(case_cache, "CASE_FORMAT", CASE_FORMAT + 1)
    assert case_key({"a": 1}, [1, 2]) != before


@pytest.mark.parametrize("family", ["standard", "holdout"])
def test_a_seed_gives_the_phantom_of_its_generator_number(family: str) -> None:
    """Where this fails after a change of the generator, raise `phantom.GENERATOR` and add a line to the table."""
    seed, kept, lesions = PHANTOMS[GENERATOR, family]
    phantom = make_phantom(seed, SAMPLING, family)
    study = phantom.study
    means = [float(to_array(image).mean()) for image in (study.t2w, study.adc, study.hbv)]
    voxels = int((to_array(phantom.truth.lesions) > 0).sum())
    assert means == pytest.approx(kept, rel=1e-3)
    assert abs(voxels - lesions) <= 2


def test_a_study_gives_the_case_of_its_format(tiny_config: TrainingConfig) -> None:
    """Where this fails after a change on the way to the network's grid, raise `CASE_FORMAT` and add a line above."""
    study = make_phantom(8, SAMPLING).study
    volumes, _ = network_volumes(study, tiny_config.preprocessing, tiny_config.architecture.channels)
    assert np.abs(volumes).mean(axis=(1, 2, 3)).tolist() == pytest.approx(CASES[CASE_FORMAT], rel=1e-3)
