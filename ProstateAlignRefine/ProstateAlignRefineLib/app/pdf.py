"""A report's rich text as PDF, by Qt: on the paper that the system prints on."""

from __future__ import annotations

from pathlib import Path

import qt

from ..core.errors import InputError
from .i18n import _


def write_pdf(rich_text: str, path: Path) -> None:
    """InputError where Qt writes nothing."""
    document = qt.QTextDocument()
    document.setDefaultStyleSheet("body, p, h1, h2, td, th { color: #000000; }")  # not the dark theme's white
    document.setHtml(rich_text)
    printer = qt.QPrinter()
    printer.setOutputFileName(str(path))
    printer.setOutputFormat(qt.QPrinter.PdfFormat)
    # PythonQt calls it as C++ does, other bindings after a keyword of old.
    write = getattr(document, "print_", None) or document.print
    write(printer)
    if not path.is_file() or path.stat().st_size == 0:
        raise InputError(_("The PDF could not be written; choose another folder, or save the report as HTML."))
