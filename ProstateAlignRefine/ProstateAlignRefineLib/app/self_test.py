"""Slicer's 'Reload and Test': the panel on the synthetic study, as far as it goes without a model."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.study import Modality
from .panel import Panel
from .sample_data import make_sample


def run_self_test() -> Iterator[str]:
    """A line for each step that went well; AssertionError where one did not."""
    panel = Panel()
    try:
        session = panel.session
        opened = make_sample(session.application.scene, session.study.headers)
        yield "The synthetic study is loaded."
        session.match_inputs()
        chosen = [getattr(session.state, modality.value) for modality in Modality]
        assert chosen == list(opened.inputs), "T2W, ADC and HBV were not told apart"
        assert all(session.study.reasons[modality] for modality in Modality), "a choice has no reason"
        yield "T2W, ADC and HBV are matched."
        session.read()
        assert session.layout.is_on, "the reading layout did not come up"
        session.leave_layout()
        assert not session.layout.is_on, "the user's layout did not come back"
        yield "The reading layout comes and goes."
    finally:
        panel.cleanup()
