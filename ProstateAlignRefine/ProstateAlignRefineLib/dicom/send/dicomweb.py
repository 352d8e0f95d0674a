"""Sending over DICOMweb (PS3.18): a query as a test, and STOW-RS, with a bearer token where the server wants one."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...core.errors import InputError
from ..quiet import silent
from .delivery import Answer, Delivery, Parcel, Send, StopError, deliver
from .store_response import store_response

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

_SECONDS = 60
_NO_USE = (401, 403, 404, 405)  # no second attempt changes these
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class WebServer:
    """A DICOMweb origin server. `url`: its base, such as https://host/dicom-web. `token` is sent as Bearer token and
    never over an unencrypted connection; `ca_file` holds certificates to trust besides the system's."""

    url: str
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        """Host and path: a URL may hold a password before the host."""
        parts = urlsplit(self.url)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}"

    def check(self) -> None:
        """InputError where the URL is none or not safe, or the certificates cannot be read; asks nothing of the
        network."""
        _check_url(self)
        if self.ca_file is not None:
            _check_certificates(self.ca_file)


@silent()
def query(server: WebServer) -> None:
    """QIDO-RS for one study, whose answer is dropped; InputError says what stands in the way."""
    with _client(server) as client:
        client.search_for_studies(limit=1)


@silent()
def stow(server: WebServer, paths: Sequence[Path], progress: Callable[[int, int], None]) -> Delivery:
    """STOW-RS, one object a request, reports last.

    An object is stored where a Store Instances Response names it as such, whatever the HTTP status; the others are
    sent once more. InputError where some stay unconfirmed, or the server answers nothing of this kind.
    """

    @contextmanager
    def connect() -> Iterator[Send]:
        with _session(server) as session:
            yield lambda parcel: _store(server, session, parcel)

    return deliver(server.name, paths, connect, progress)


def _store(server: WebServer, session: requests.Session, parcel: Parcel) -> Answer:
    import requests

    boundary = uuid.uuid4().hex
    kind = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
    start, end = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n", f"\r\n--{boundary}--\r\n"
    body = start.encode() + parcel.path.read_bytes() + end.encode()
    headers = {"Content-Type": kind, "Accept": "application/dicom+json"}
    try:
        response = session.post(f"{server.url.rstrip('/')}/studies", data=body, headers=headers, timeout=_SECONDS)
    except (requests.exceptions.SSLError, requests.exceptions.TooManyRedirects):
        raise
    except requests.exceptions.RequestException:
        raise StopError(_unreachable(server)) from None
    return _judge(server, response, parcel)


def _judge(server: WebServer, response: requests.Response, parcel: Parcel) -> Answer:
    status, kind = response.status_code, response.headers.get("Content-Type", "").lower()
    told = store_response(response.content, kind)
    if told is not None and (told.stored or told.failed):
        return told.about(parcel.uid, status)
    if status in _NO_USE or "html" in kind:
        raise StopError(_refusal(server, status), again=False)
    if told is not None:
        return told.about(parcel.uid, status)
    what = "holds no Store Instances Response" if response.content else "is empty"
    return Answer(False, f"the answer (HTTP {status}) {what}")


@contextmanager
def _client(server: WebServer) -> Iterator[DICOMwebClient]:
    with _session(server) as session:
        from dicomweb_client import DICOMwebClient

        client = DICOMwebClient(server.url, session=session, timeout=_SECONDS)
        client.set_http_retry_params(retry=False)
        yield client


@contextmanager
def _session(server: WebServer) -> Iterator[requests.Session]:
    """Requests to this server alone; what fails in it becomes an InputError."""
    server.check()
    try:
        import dicomweb_client  # noqa: F401  the extra's other half
        import requests
    except ImportError:
        raise InputError(
            "Sending needs dicomweb-client; install prostate-align-refine with the extra 'pacs'."
        ) from None
    with requests.Session() as session:
        session.trust_env = False  # no token from a netrc file, no proxy that nobody named
        session.max_redirects = 0  # nothing goes to a server that nobody named
        if server.ca_file is not None:
            session.verify = str(server.ca_file)
        if server.token:
            session.headers["Authorization"] = f"Bearer {server.token}"
        try:
            yield session
        except requests.exceptions.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            raise InputError(_refusal(server, status)) from None
        except requests.exceptions.TooManyRedirects:
            raise InputError(f"The server {server.name} points to another address; give that one.") from None
        except requests.exceptions.SSLError:
            raise InputError(
                f"The certificate of {server.name} is not trusted; give the certificate authority's file."
            ) from None
        except requests.exceptions.JSONDecodeError:  # a page in place of the answer
            raise InputError(_refusal(server, 200)) from None
        except (requests.exceptions.RequestException, OSError):
            raise InputError(_unreachable(server)) from None


def _check_url(server: WebServer) -> None:
    try:
        parts = urlsplit(server.url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port beyond 65535, a bracket too many
        usable = False
    if not usable:
        raise InputError("The server's address is no URL; give one such as https://host/dicom-web.")
    if parts.username or parts.password:
        raise InputError("The server's URL holds a user name or password; use a token instead.")
    if server.token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError("A token over http can be read by anyone on the way; use an https URL.")


def _check_certificates(path: Path) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise InputError("The certificate authority's file cannot be read; check its path and form (PEM).") from None


def _unreachable(server: WebServer) -> str:
    return f"The server {server.name} cannot be reached; check the URL and the network."


def _refusal(server: WebServer, status: int) -> str:
    if status in (401, 403):
        return f"The server {server.name} does not accept the credentials (HTTP {status}); check the token."
    if status == 404:
        return f"The server {server.name} has no DICOMweb service there (HTTP 404); check the path of the URL."
    if status < 300:
        return (
            f"The server {server.name} answered with a page (HTTP {status}), not as a DICOM archive does; check the "
            "path of the URL, and whether a proxy wants a login."
        )
    return f"The server {server.name} refused (HTTP {status}); see the server's log."
