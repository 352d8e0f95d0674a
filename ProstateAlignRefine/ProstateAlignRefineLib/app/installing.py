"""The user's side of installing: asked before, told meanwhile, and one sentence afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..core.faults import told_fault
from .application import Application
from .i18n import _
from .install import Installer


def install_missing(application: Application, installer: Installer, wheels: Path | None = None) -> str:
    """Empty where all is there; else one sentence that says why not."""
    if not installer.missing():
        return ""
    if not application.confirm(installer.question()):
        return _("The packages are needed and were not installed; click again to install them.")
    with application.waiting(_("Installing into Slicer's Python")) as told:
        return _problem(lambda: installer.install(told, wheels))


def remove_installed(application: Application, installer: Installer) -> str:
    """Asks first, and removes only what this program put there; a sentence where that failed, else empty."""
    names = ", ".join(installer.removable())
    question = _("Remove from Slicer's Python what this program installed: {packages}?").format(packages=names)
    if not application.confirm(question):
        return ""
    with application.waiting(_("Removing from Slicer's Python")) as told:
        return _problem(lambda: installer.remove(told))


def _problem(act: Callable[[], str]) -> str:
    """What the act tells; or a sentence of a folder that cannot be read or written, such as that of the record."""
    try:
        return act()
    except Exception as error:  # a slot must not end in a traceback
        return told_fault(error)
