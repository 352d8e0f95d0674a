"""Sending over DICOM's own network protocol (PS3.7): C-ECHO and C-STORE, with TLS where asked for."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.uid import UID

from ...core.errors import InputError
from ..quiet import silent
from ..write.ascii_text import checked_text
from .delivery import Answer, Delivery, Parcel, Send, StopError, deliver
from .sendable import read_object

if TYPE_CHECKING:
    from pynetdicom import AE
    from pynetdicom.association import Association

_LONGEST_TITLE = 16  # VR AE
_CONNECT_SECONDS, _ANSWER_SECONDS = 10, 60
_VERIFICATION = "1.2.840.10008.1.1"
_SUCCESS = 0x0000


@dataclass(frozen=True)
class DicomServer:
    """A storage SCP. `called`, `calling`: application entity titles. With `tls` the connection is encrypted and the
    server's certificate checked, against `ca_file` where given; `certificate` and `key` identify this side."""

    host: str
    port: int
    called: str = "ANY-SCP"
    calling: str = "ALIGNREFINE"
    tls: bool = False
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def name(self) -> str:
        """For the user: AE title, host and port."""
        return f"{self.called} at {self.host}:{self.port}"

    def check(self) -> None:
        """InputError where a title is none or a certificate file cannot be read; asks nothing of the network."""
        for title in (self.called, self.calling):
            _title(title)
        if self.tls:
            _tls(self)


@silent()
def echo(server: DicomServer) -> None:
    """C-ECHO; InputError says what stands in the way."""
    with _association(server, [(_VERIFICATION, None)]) as association:
        _check(server, association.send_c_echo())


@silent()
def store(server: DicomServer, paths: Sequence[Path], progress: Callable[[int, int], None]) -> Delivery:
    """C-STORE of every file, reports last, and once more, over a new association, those that were not stored.

    Where the server says beforehand that it takes one of the kinds not, none is sent: no report arrives without the
    segmentation that it refers to. InputError where some are not stored in the end; it says how many are.
    """
    objects = [read_object(path) for path in paths]
    contexts = dict.fromkeys((str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in objects)

    @contextmanager
    def connect() -> Iterator[Send]:
        with _association(server, list(contexts)) as association:
            _check_kinds(server, [str(context.abstract_syntax) for context in association.rejected_contexts])
            yield lambda parcel: _store(server, association, parcel)

    return deliver(server.name, paths, connect, progress)


def _store(server: DicomServer, association: Association, parcel: Parcel) -> Answer:
    try:
        code = getattr(association.send_c_store(parcel.dataset), "Status", None)
    except RuntimeError:  # pynetdicom's word for an association that has ended
        code = None
    if code is None:
        raise StopError(f"The server {server.name} did not answer in time or closed the connection; try again.")
    if code == _SUCCESS:
        return Answer(True)
    if _is_warning(code):
        return Answer(True, f"a warning ({code:04X})")
    return Answer(False, f"failed with status {code:04X}{_meaning(code)}")


def _check_kinds(server: DicomServer, refused: Sequence[str]) -> None:
    if refused:
        kinds = ", ".join(UID(one).name for one in dict.fromkeys(refused))
        raise InputError(f"The server {server.name} does not take objects of the kind {kinds}; nothing was sent.")


@contextmanager
def _association(server: DicomServer, contexts: Sequence[tuple[str, str | None]]) -> Iterator[Association]:
    entity = application_entity(server)
    for sop_class, transfer_syntax in contexts:
        entity.add_requested_context(sop_class, transfer_syntax)
    tls = _tls(server) if server.tls else None
    try:
        association = entity.associate(server.host, server.port, ae_title=_title(server.called), tls_args=tls)
    except (OSError, UnicodeError):  # unknown, or no name at all
        raise InputError(f"The name {server.host} is not known here; check it, and the network.") from None
    if not association.is_established:
        raise InputError(_why_not_established(server, association))
    try:
        yield association
    finally:
        association.release()


def _why_not_established(server: DicomServer, association: Association) -> str:
    if association.is_rejected:
        return f"The server {server.name} refuses the association; check both AE titles with its owner."
    if association.acceptor.primitive is not None:
        return f"The server {server.name} takes none of these objects; ask its owner to allow them."
    hint = "its certificate" if server.tls else "whether it needs TLS"
    return f"The server {server.name} cannot be reached; check address and port, {hint}, and the network."


def application_entity(server: DicomServer) -> AE:
    """This side of the connection, with how long it waits; InputError where pynetdicom lacks or a title is none."""
    try:
        from pynetdicom import AE
    except ImportError:
        raise InputError("Sending needs pynetdicom; install prostate-align-refine with the extra 'pacs'.") from None
    entity = AE(ae_title=_title(server.calling))
    entity.connection_timeout = entity.acse_timeout = _CONNECT_SECONDS
    entity.dimse_timeout = entity.network_timeout = _ANSWER_SECONDS
    return entity


def _title(title: str) -> str:
    return checked_text(title, "AE title", _LONGEST_TITLE)


def _tls(server: DicomServer) -> tuple[ssl.SSLContext, str]:
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
        if server.certificate is not None:
            context.load_cert_chain(server.certificate, server.key)
    except (OSError, ssl.SSLError):
        raise InputError("The TLS certificate files cannot be read; check their paths and their form (PEM).") from None
    return context, server.host


def _check(server: DicomServer, status: object) -> None:
    code = getattr(status, "Status", None)
    if code is None:
        raise InputError(f"The server {server.name} did not answer in time or closed the connection; try again.")
    if code != _SUCCESS:
        raise InputError(f"The server {server.name} refuses a test (status {code:04X}); ask its owner.")


def _is_warning(code: int) -> bool:
    """PS3.7 C.4.2 and PS3.4 B.2.3: stored, with values coerced, left out, or out of range."""
    return 0xB000 <= code <= 0xBFFF or code in (0x0001, 0x0107, 0x0116)


def _meaning(code: int) -> str:
    words = {0xA7: "it is out of resources", 0xA9: "the object does not fit its class", 0x01: "it is not allowed"}
    known = words.get(code >> 8)
    return f": {known}" if known else ""
