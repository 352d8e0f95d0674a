"""What a run was asked for, until the worker has answered: then it is known how the result came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..bundle.summary import ModelFacts
from ..core.cautions import Caution
from ..core.protocol import Finished
from ..core.study import Modality
from ..results.run import Run


@dataclass(frozen=True)
class AskedRun:
    """`reasons`: a sentence a modality, why that volume was chosen. `cautions`: of the inputs' own headers, which the
    worker, that sees no DICOM, cannot tell."""

    model: ModelFacts
    prompt: str
    reasons: Mapping[Modality, str]
    cautions: tuple[Caution, ...]

    def answered(self, event: Finished, psa: float | None) -> Run:
        """`psa`: of the patient, where it is known already."""
        return Run(
            model=self.model,
            prompt=self.prompt,
            device=event.device,
            precision=event.precision,
            sources={modality.value: reason for modality, reason in self.reasons.items() if reason},
            versions=event.versions,
            seconds=event.seconds,
            psa=psa,
            cautions=(*self.cautions, *event.cautions),
            gland_by=event.gland_by,
        )
