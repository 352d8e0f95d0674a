"""A run goes through its phases, resumes exactly, starts from a bundle and ends in one that inference loads."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.training.cases import Cases, CaseShare
from ProstateAlignRefineLib.training.completion import complete_training, fold_temperature
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from ProstateAlignRefineLib.training.steps import Stepper
from ProstateAlignRefineLib.training.trainer import Trainer
from Training.runs import log_of
from Training.settings import CPU, NO_AUGMENTATION


def test_a_run_goes_through_the_three_phases(whole_run: Path) -> None:
    phases = [row["phase"] for row in log_of(whole_run)]
    assert phases == [*phases[:3], "refiner", "refiner"]
    assert phases[0] == "segmentation"
    assert phases[2] == "auxiliary"
    assert all(math.isfinite(float(row["loss"])) for row in log_of(whole_run))


@pytest.mark.fault("no training case, or none for choosing weights, has a lesion", "which, before anything is trained")
def test_cases_without_any_lesion_teach_nothing(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    healthy = CaseShare.of([replace(case, lesions=case.lesions * 0) for case in tiny_cases.training])
    for share, what in (("training", "to learn from"), ("validation", "for choosing weights")):
        with pytest.raises(InputError, match=f"No case {what} has a lesion"):
            Trainer(tiny_config, replace(tiny_cases, **{share: healthy}), text, CPU, tmp_path)


def test_a_run_ends_in_a_bundle_that_inference_loads(whole_run: Path, tiny_config: TrainingConfig) -> None:
    bundle = load_bundle(whole_run / "bundle")
    assert bundle.config.architecture == tiny_config.architecture
    assert bundle.config.metrics["test_cases"] == 1
    card = (whole_run / "bundle" / "MODEL_CARD.md").read_text()
    assert "Trained on synthetic images only" in card
    dice = bundle.config.metrics["figures"]["Dice, all cases"]
    interval = " to ".join(f"{bound:.4f}" for bound in dice["interval"])
    assert f"| Dice, all cases | {dice['value']:.4f} | {interval} | {dice['empty']:.4f} |" in card
    assert "Empty rule" in card


def test_the_figures_of_a_run_are_those_of_evaluate_on_its_files(whole_run: Path, tmp_path: Path) -> None:
    test = whole_run / "test"
    folders = ["--predictions", str(test / "predictions"), "--against", str(test / "without-refiner")]
    options = ["--references", str(test / "references"), "--minimum-ml", "0.08", "-o", str(tmp_path / "again")]
    assert cli.main(["evaluate", *folders, *options]) == 0
    again = json.loads((tmp_path / "again" / "evaluation.json").read_text())
    assert again == json.loads((test / "report" / "evaluation.json").read_text())
    figures = load_bundle(whole_run / "bundle").config.metrics["figures"]
    for name, figure in figures.items():
        system, shown = (1, "Dice, positives") if name.endswith("without the refiner") else (0, name)
        assert figure["value"] == pytest.approx(again["systems"][system]["figures"][shown]["value"], abs=1e-4)
        assert figure["empty"] == pytest.approx(again["always_empty"][shown], abs=1e-4)


@pytest.fixture
def new_trainer(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> Callable[[], Trainer]:
    return lambda: Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)


def test_a_killed_run_resumes_on_the_same_curve(
    new_trainer: Callable[[], Trainer], whole_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Stepper.step
    taken = 0

    def step_or_die(self: Stepper, *arguments: object) -> object:
        nonlocal taken
        taken += 1
        if taken in (4, 8):  # within the second epoch, and within the refiner's first
            raise KeyboardInterrupt
        return step(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Stepper, "step", step_or_die)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            new_trainer().train()
    resumed = new_trainer()
    resumed.train()
    assert log_of(resumed.folder) == log_of(whole_run)


def test_another_configuration_does_not_resume_the_run(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText
) -> None:
    other = replace(tiny_config, seed=tiny_config.seed + 1)
    with pytest.raises(InputError, match="another configuration"):
        Trainer(other, tiny_cases, text, CPU, whole_run).train()


def test_a_run_may_go_on_with_less_memory(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    other = replace(tiny_config, schedule=replace(tiny_config.schedule, gradient_checkpointing=True))
    run = Path(shutil.copytree(whole_run, tmp_path / "run"))
    trainer = Trainer(other, tiny_cases, text, CPU, run)
    trainer.train()
    assert len(trainer.history) == len(log_of(whole_run))


def test_other_cases_do_not_resume_the_run(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText
) -> None:
    with pytest.raises(InputError, match="cases have changed"):
        Trainer(tiny_config, replace(tiny_cases, fingerprint="other"), text, CPU, whole_run).train()


def barely_moving(config: TrainingConfig) -> TrainingConfig:
    tiny = 1e-12
    return replace(
        config,
        optimizer=replace(config.optimizer, rate=tiny, refiner_rate=tiny, weight_decay=0.0),
        bundle=replace(config.bundle, operating_point="half"),
    )


def test_a_run_can_start_from_a_bundle(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    config = barely_moving(tiny_config)
    started = Trainer(config, tiny_cases, text, CPU, tmp_path, initial=whole_run / "bundle").train()
    given = load_bundle(whole_run / "bundle").network.state_dict()
    for name, weights in started.state_dict().items():
        assert torch.allclose(weights, given[name], atol=1e-6), name


def test_a_run_can_start_from_a_narrower_bundle(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    wider = replace(tiny_config, architecture=replace(tiny_config.architecture, features_per_stage=(4, 8, 12)))
    started = Trainer(barely_moving(wider), tiny_cases, text, CPU, tmp_path, initial=whole_run / "bundle").train()
    image = torch.randn(1, 3, 8, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = load_bundle(whole_run / "bundle").network.eval()(image, text.plain)
        found = started(image, text.plain)
    assert torch.allclose(found.refined_logits, expected.refined_logits, atol=1e-4)
    assert torch.allclose(found.similarity, expected.similarity, atol=1e-4)


def test_the_card_of_a_run_says_what_it_started_from(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    start = load_bundle(whole_run / "bundle").sha256[:16]
    Trainer(tiny_config, tiny_cases, text, CPU, tmp_path, initial=whole_run / "bundle").train()
    resumed = Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)
    complete_training(resumed, resumed.train(), tmp_path)
    assert f"the weights of the bundle with SHA-256 {start}" in (tmp_path / "bundle" / "MODEL_CARD.md").read_text()
    assert "SHA-256" not in (whole_run / "bundle" / "MODEL_CARD.md").read_text()


def test_a_run_does_not_start_from_another_architecture(
    whole_run: Path, tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    narrower = replace(tiny_config, architecture=replace(tiny_config.architecture, features_per_stage=(4, 8, 7)))
    with pytest.raises(InputError, match="another architecture"):
        Trainer(narrower, tiny_cases, text, CPU, tmp_path, initial=whole_run / "bundle").train()
    assert not list(tmp_path.glob("*.safetensors"))


def test_validation_needs_a_lesion(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    healthy = [replace(case, lesions=case.lesions * 0) for case in tiny_cases.validation]
    with pytest.raises(InputError, match="has a lesion"):
        Trainer(tiny_config, replace(tiny_cases, validation=CaseShare.of(healthy)), text, CPU, tmp_path)


def test_a_run_writes_tensorboard_events(whole_run: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(whole_run / "tensorboard")).Reload()
    logged = [event.value for event in events.Scalars("loss")]
    assert logged == pytest.approx([float(row["loss"]) for row in log_of(whole_run)], rel=1e-5)


def test_folding_the_temperature_divides_the_finest_logits(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)
    network = trainer.network.eval()
    image = torch.randn(1, 3, 8, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = network(image, text.plain)
        temperature = fold_temperature(network, trainer)
        after = network(image, text.plain)
    assert torch.allclose(after.base_logits[0] * temperature, before.base_logits[0], atol=1e-4)
    assert torch.allclose(after.refined_logits * temperature, before.refined_logits, atol=1e-4)


@pytest.mark.slow
def test_a_run_learns_the_cases_it_sees(tiny_config: TrainingConfig, text: TrainingText, tmp_path: Path) -> None:
    config = replace(
        tiny_config,
        preprocessing=replace(tiny_config.preprocessing, spacing_mm=(6.0, 2.0, 2.0)),
        augmentation=NO_AUGMENTATION,
        architecture=replace(tiny_config.architecture, features_per_stage=(8, 16, 16)),
        optimizer=replace(tiny_config.optimizer, rate=1e-2, average_decay=0.9),
        loss=replace(tiny_config.loss, segmentation=replace(tiny_config.loss.segmentation, smooth=1e-5, top_share=1.0)),
        schedule=replace(
            tiny_config.schedule,
            iterations=20,
            batch_size=4,
            foreground_share=0.5,
            whole_region_epochs=0,
            refiner_epochs=1,
        ),
    )
    cases = prepare_phantoms(config, tmp_path / "cases", workers=1)
    trainer = Trainer(config, replace(cases, validation=cases.training), text, CPU, tmp_path)
    trainer.train()
    first, *_, last = log_of(tmp_path)
    assert float(last["loss"]) < float(first["loss"]) - 0.5
    assert float(last["validation_dice"]) > 0.35
