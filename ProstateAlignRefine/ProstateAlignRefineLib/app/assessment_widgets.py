# ruff: noqa: N815 - the names are those of the .ui
"""The widgets of Assessment.ui, as types."""

from __future__ import annotations

from typing import Any, Protocol

from .widgets import Button, ComboBox, Label, Section


class AssessmentWidgets(Protocol):
    """By their names there. `sectorView` is a QGraphicsView."""

    assessmentSection: Section
    categoryLabel: Label
    chosenLabel: Label
    reportLabel: Label

    dceBox: ComboBox
    dwiScoreBox: ComboBox
    epeBox: ComboBox
    sviBox: ComboBox
    t2wScoreBox: ComboBox
    zoneBox: ComboBox

    reportButton: Button
    sectorView: Any
