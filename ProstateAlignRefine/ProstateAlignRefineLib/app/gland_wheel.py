"""The gland network beside the program's own files: downloaded by pip after a question, once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..core.faults import reason_of
from ..core.gland_wheel import GLAND_NETWORK, LICENCE, MEGABYTES, REQUIREMENT, is_gland_wheel
from ..scene.state import PanelState
from .application import Application
from .i18n import _
from .pip import PipOutcome, run_pip

NAME = "gland-network.whl"


def kept_wheel(application: Application) -> Path:
    """Where the wheel is, or would be."""
    return application.data_folder() / NAME


def fetch_wheel(application: Application) -> str:
    """Empty where the wheel is there or was downloaded; else one sentence that says why not."""
    kept = kept_wheel(application)
    if kept.is_file() and is_gland_wheel(kept):
        return ""
    question = _(
        "Download {network}? A network trained on patients that outlines the gland on T2W: licence {licence}, "
        "{size} MB. It is kept with this program's own files."
    ).format(network=GLAND_NETWORK, licence=LICENCE, size=MEGABYTES)
    if not application.confirm(question):
        return _("The gland network was not downloaded; the model outlines the gland.")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            arguments = ["download", "--no-deps", "--progress-bar", "off", "--dest", folder, REQUIREMENT]
            with application.waiting(_("Downloading the gland network")) as told:
                outcome = run_pip(arguments, told)
            if outcome.code != 0:
                return _not_downloaded(outcome)
            (wheel,) = Path(folder).glob("*.whl")
            if not is_gland_wheel(wheel):
                return _("What was downloaded is not {network}: its SHA-256 differs.").format(network=GLAND_NETWORK)
            os.replace(wheel, kept)
    except OSError as error:
        return _("The gland network could not be kept ({error}).").format(error=reason_of(error))
    return ""


def use_gland_network(application: Application, state: PanelState, wanted: bool) -> str:
    """For the next runs. Where it is not there it is asked for; where that fails it is not used, and why is told."""
    problem = fetch_wheel(application) if wanted else ""
    state.gland_network = wanted and not problem
    return problem


def _not_downloaded(outcome: PipOutcome) -> str:
    if outcome.code is None:
        return _("The download of the gland network was stopped; the model outlines the gland.")
    return _(
        "pip could not download the gland network ({error}); the model outlines the gland. Check pip's index and "
        "proxy, then turn the gland network on again under 'Advanced'."
    ).format(error=outcome.error or _("no reason was given"))
