"""A model bundle in words for the screen."""

from __future__ import annotations

from ..bundle.summary import BundleSummary
from .i18n import _


def bundle_text(bundle: BundleSummary) -> str:
    """One paragraph for the screen."""
    return _("{name} · {size:.1f} MB · licence {licence} · SHA-256 {sha256}…").format(
        name=bundle.facts.name, size=bundle.size / 1e6, licence=bundle.licence, sha256=bundle.facts.sha256[:12]
    )


def install_question(bundle: BundleSummary, digest: str) -> str:
    """All that a user should see before saying yes."""
    return _(
        "Install the model '{name}'?\n\nSize: {size:.1f} MB\nLicence: {licence}\nIntended use: {use}\n"
        "SHA-256 of the archive: {sha256}"
    ).format(
        name=bundle.facts.name,
        size=bundle.size / 1e6,
        licence=bundle.licence,
        use=bundle.intended_use,
        sha256=digest,
    )
