"""How a result came about, and how that is kept beside the setting which a reader has moved since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..bundle.summary import ModelFacts
from ..core import schema
from ..core.cautions import Caution
from ..core.errors import InputError
from ..core.findings.rule import FindingRule
from ..core.gate import check_gate
from ..core.lexicon import gives_place
from ..core.plain_data import plain_words
from ..core.spellings import english
from .setting import Setting, check_false_positives

AGAIN = "run the segmentation again"
WHERE = "report.json, 'run'"


@dataclass(frozen=True)
class Run:
    """How a result came about: no setting changes it. `model`: with the gate and the prompt of its own.

    `sources`: a sentence a modality, why that series or file was read. `seconds`: wall-clock time a stage. `psa`:
    ng/mL, as the user gave it. `cautions`: what a reader must know of the images and the result.
    `gland_by`: the network that outlined the gland; empty: the model itself. `images`: by what a cohort knows the
    study's files again (`core.image_marks`); empty where it is of none.
    """

    model: ModelFacts
    prompt: str
    device: str
    precision: str
    sources: Mapping[str, str]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]
    psa: float | None = None
    cautions: tuple[Caution, ...] = ()
    gland_by: str = ""
    images: str = ""

    @property
    def own_setting(self) -> Setting:
        """The model's own: where a reader begins, and goes back to."""
        return Setting(self.model.tau, self.model.alpha, self.model.minimum_lesion_ml)

    @property
    def place_given(self) -> bool:
        """Whether the prompt told the place: what was found then is no finding of the model alone."""
        return self.prompt != self.model.prompt and gives_place(self.prompt, english())

    @property
    def finding_rule(self) -> FindingRule | None:
        """What a finding's confidence is told by. None where the model has no rule, and for any prompt but its own, of
        which the rule was not fitted: a place given by the reader is no finding of the model alone."""
        return self.model.findings if self.prompt == self.model.prompt else None

    def untouched_at(self, setting: Setting) -> bool:
        """Whether gate, voxels and prompt are the model's own (DICOM: AUTOMATIC rather than SEMIAUTOMATIC)."""
        return setting.gate == self.own_setting.gate and not setting.paint and self.prompt == self.model.prompt


def plain_run(run: Run, setting: Setting) -> dict[str, Any]:
    """Plain data for `run_from` and `setting_from`; the paint, which lies in the segments, is not among it."""
    facts = asdict(run)
    facts["cautions"] = [{"code": told.code, "text": told.text} for told in run.cautions]
    gate = {"tau": setting.tau, "alpha": setting.alpha}
    return {"model": facts.pop("model"), **gate, **facts, "false_positives": setting.false_positives}


def run_from(stored: object) -> Run:
    """InputError where something is missing, of another type, or impossible.

    Entries with a default may be missing: runs kept by earlier versions lack them.
    """
    data = schema.with_defaults(Run, stored)
    if isinstance(data, Mapping):
        cautions = data.get("cautions")
        told = [schema.with_defaults(Caution, one) for one in cautions] if isinstance(cautions, list) else cautions
        data = {**data, "model": schema.with_defaults(ModelFacts, data.get("model")), "cautions": told}
    run = schema.from_dict(Run, plain_words(data), WHERE, AGAIN)
    if run.model.minimum_lesion_ml < 0 or (run.psa is not None and run.psa <= 0):
        raise InputError(f"{WHERE} holds a volume or PSA that cannot be; {AGAIN}.")
    return run


def setting_from(stored: object, run: Run) -> Setting:
    """The setting that was kept with `run`, which is that of `stored`; InputError as for `run_from`."""
    kept = {"false_positives": 0.0, **stored} if isinstance(stored, Mapping) else stored
    tau, alpha, rate = (schema.entry(kept, name, float, WHERE, AGAIN) for name in ("tau", "alpha", "false_positives"))
    check_gate(tau, alpha)
    check_false_positives(rate)
    return replace(run.own_setting.moved(tau, alpha), false_positives=rate)
