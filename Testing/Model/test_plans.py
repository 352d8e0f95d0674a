"""Import of checkpoints: plans and datasets of another network, or of none, are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from Model.training_output import TrainingOutput
from ProstateAlignRefineLib.network.bundle import load_bundle


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("arch_kwargs.conv_op", "torch.nn.modules.conv.Conv2d", "three-dimensional"),
        ("arch_kwargs.norm_op", "torch.nn.modules.batchnorm.BatchNorm3d", "instance normalisation"),
        ("arch_kwargs.norm_op_kwargs", {"eps": 1e-3, "affine": True}, "instance normalisation"),
        ("arch_kwargs.nonlin", "torch.nn.ReLU", "leaky ReLU"),
        ("arch_kwargs.dropout_op", "torch.nn.Dropout3d", "no dropout"),
        ("arch_kwargs.strides", [[1, 2, 2], [1, 2, 2], [2, 2, 2], [2, 2, 2]], "first stage without stride"),
        ("arch_kwargs.features_per_stage", [4, 8, 12, 32], "does not belong to the checkpoint"),
        ("arch_kwargs.n_stages", 5, "as long as n_stages"),
    ],
)
def test_plans_of_another_network_are_refused(files: TrainingOutput, path: str, value: object, message: str) -> None:
    def change(plans: dict[str, Any]) -> None:
        place, key = path.split(".")
        plans["configurations"]["3d_fullres"]["architecture"][place][key] = value

    files.change_json("plans.json", change)
    files.refuse(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plans: plans.update(transpose_forward=[1, 0, 2]), "untransposed axes"),
        (lambda plans: plans["configurations"].clear(), "no usable configuration '3d_fullres'"),
        (lambda plans: plans["configurations"]["3d_fullres"].pop("architecture"), "lacks 'architecture'"),
        (lambda plans: plans["configurations"]["3d_fullres"].update(use_mask_for_norm=[True] * 3), "whole image"),
        (lambda plans: plans["configurations"]["3d_fullres"].update(patch_size=[8, 30, 32]), "multiple of"),
        (
            lambda plans: plans["configurations"]["3d_fullres"].update(normalization_schemes=["CTNormalization"] * 3),
            "z-score",
        ),
    ],
)
def test_unfit_plans_are_refused(files: TrainingOutput, change: Callable[[dict[str, Any]], None], message: str) -> None:
    files.change_json("plans.json", change)
    files.refuse(message)


def test_a_configuration_may_inherit(files: TrainingOutput) -> None:
    def inherit(plans: dict[str, Any]) -> None:
        known = plans["configurations"]
        known["base"] = known.pop("3d_fullres")
        known["3d_fullres"] = {"inherits_from": "base", "patch_size": [8, 64, 64]}

    files.change_json("plans.json", inherit)
    files.run()
    assert load_bundle(files.output).config.preprocessing.patch_size == (8, 64, 64)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"labels": {"background": 0, "lesion": 1, "zone": 2}}, "one lesion class"),
        ({"channel_names": {"0": "T2W", "1": "ADC"}}, "three channels"),
        ({"channel_names": {"0": "T2W", "1": "CT", "2": "HBV"}}, "names the channels T2W, CT, HBV"),
    ],
)
def test_unfit_datasets_are_refused(files: TrainingOutput, entry: dict[str, Any], message: str) -> None:
    files.change_json("dataset.json", lambda dataset: dataset.update(entry))
    files.refuse(message)
