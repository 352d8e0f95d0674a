"""The archive (PACS) that results are sent to: what the user typed, and the options of `send` that say the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace

from ..core.errors import InputError
from ..core.plain_data import parse_json
from .application import Application
from .i18n import _

SETTING = "pacs"
DIMSE, WEB = "dimse", "web"


@dataclass(frozen=True)
class Pacs:
    """A server for C-STORE (DIMSE: `host` to `tls`) or for STOW-RS (WEB: `url`, `token`).

    `called`, `calling`: AE titles of the server and of this side. `ca_file`: certificates to trust, or empty.
    """

    kind: str = DIMSE
    host: str = ""
    port: int = 104
    called: str = ""
    calling: str = "ALIGNREFINE"
    tls: bool = False
    url: str = ""
    ca_file: str = ""
    token: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return self.url if self.kind == WEB else f"{self.called} ({self.host}:{self.port})"

    @property
    def lacking(self) -> str:
        """What has to be typed before anything can be sent; empty where all is there."""
        if self.kind == WEB:
            return "" if self.url else _("Type the URL of the DICOMweb service.")
        texts = ((self.host, _("Type the server's host.")), (self.called, _("Type the server's AE title.")))
        own = (self.calling, _("Type this side's AE title."))
        return next((text for typed, text in (*texts, own) if not typed), "")

    def options(self) -> list[str]:
        """For `send`, which reads the token from its standard input: other users can see a command line."""
        ca_file = [f"--ca-file={self.ca_file}"] if self.ca_file else []
        if self.kind == WEB:
            return [f"--to={self.url}", *ca_file, *(["--token-file=-"] if self.token else [])]
        titles = [f"--called={self.called}", f"--calling={self.calling}"]
        return [f"--to={self.host}:{self.port}", *titles, *(["--tls", *ca_file] if self.tls else [])]


def keep_pacs(application: Application, pacs: Pacs) -> None:
    """All but secrets, which no file ever holds: the token, and a URL with a password in it, which is refused later."""
    kept = replace(pacs, token="", url="" if "@" in pacs.url else pacs.url)
    application.keep_setting(SETTING, json.dumps(asdict(kept)))


def kept_pacs(application: Application) -> Pacs:
    """What was kept; the defaults where it is none of ours."""
    try:
        stored = dict(parse_json(application.setting(SETTING) or "{}", "the setting", "type it anew"))
    except (InputError, ValueError, TypeError):
        return Pacs()
    known = {one.name: stored[one.name] for one in fields(Pacs) if type(stored.get(one.name)) is type(one.default)}
    return Pacs(**known)
