"""The form of DICOM segmentations that are exported."""

from __future__ import annotations

from ..i18n import _
from ..widgets import PanelWidgets

# Values of `dicom.SegType`, whose import needs what Slicer before 5.12 lacks.
SEG_TYPES = (("binary", _("BINARY (all readers)")), ("labelmap", _("LABELMAP (Slicer 5.12, newer archives)")))


def fill_seg_types(ui: PanelWidgets) -> None:
    """In the order of `SEG_TYPES`, the first being the default."""
    for _value, text in SEG_TYPES:
        ui.segTypeBox.addItem(text)


def seg_type_of(ui: PanelWidgets) -> str:
    """A value of `dicom.SegType`."""
    return SEG_TYPES[ui.segTypeBox.currentIndex][0]
