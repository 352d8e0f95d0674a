"""A model bundle from the network, piece by piece, so that the panel never waits for it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import urlopen

from ..bundle.archive import MOST_BYTES, look_into, unpack
from ..core.errors import InputError
from .bundles import BundleInfo
from .i18n import _

CHUNK = 1 << 18
TIMEOUT_SECONDS = 10

Opener = Callable[[str], Any]


def open_https(url: str) -> Any:
    """InputError for other schemes: what is downloaded must not be changed on its way."""
    if urlparse(url).scheme != "https":
        raise InputError(_("Only https addresses are downloaded from."))
    answer = urlopen(url, timeout=TIMEOUT_SECONDS)
    if urlparse(answer.geturl()).scheme != "https":
        answer.close()
        raise InputError(_("The address leads on to one without https; nothing was downloaded."))
    return answer


class BundleDownload:
    """`step` until it says False, then show `description`, then `install` or `discard`."""

    def __init__(self, url: str, opener: Opener = open_https) -> None:
        """Opens the address; InputError where it cannot be reached."""
        try:
            self._source = opener(url)
        except (OSError, URLError, ValueError):
            raise InputError(_("The address cannot be reached; check it, and the network.")) from None
        length = self._source.headers.get("Content-Length")
        self.total = int(length) if length and length.isdigit() else 0
        self.received = 0
        self._folder = tempfile.TemporaryDirectory(prefix="ProstateAlignRefine-")
        self._archive = Path(self._folder.name) / "bundle.zip"
        self._target: IO[bytes] = self._archive.open("wb")
        self._digest = hashlib.sha256()

    @property
    def progress(self) -> str:
        megabytes = f"{self.received / 1e6:.1f}"
        return megabytes + (f" / {self.total / 1e6:.1f} MB" if self.total else " MB")

    def step(self) -> bool:
        """One piece; False when all have come. InputError where the line breaks."""
        try:
            piece = self._source.read(CHUNK)
        except OSError:
            raise InputError(_("The download broke off; try again.")) from None
        self.received += len(piece)
        if self.received > MOST_BYTES or (self.total and not piece and self.received != self.total):
            raise InputError(_("The download is not as large as announced; try again."))
        self._digest.update(piece)
        self._target.write(piece)
        if not piece:
            self._target.close()
        return bool(piece)

    def look(self) -> BundleInfo:
        """What was downloaded; InputError where it is no bundle."""
        return look_into(self._archive)

    @property
    def sha256(self) -> str:
        """Of the archive."""
        return self._digest.hexdigest()

    def question(self) -> str:
        """All that a user should see before saying yes."""
        info = self.look()
        return _(
            "Install the model '{name}'?\n\nSize: {size:.1f} MB\nLicence: {licence}\nIntended use: {use}\n"
            "SHA-256 of the archive: {sha256}"
        ).format(
            name=info.facts.name, size=info.size / 1e6, licence=info.licence, use=info.intended_use, sha256=self.sha256
        )

    def install(self, bundles: Path) -> Path:
        """Unpacks into a folder of `bundles` named after the archive's digest, and returns it."""
        folder = bundles / self.sha256[:16]
        unpack(self._archive, folder)
        self.discard()
        return folder

    def discard(self) -> None:
        self._target.close()
        self._source.close()
        self._folder.cleanup()
