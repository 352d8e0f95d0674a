"""Servers on this machine's loopback that take what is sent and remember it."""

from __future__ import annotations

import http.server
import io
import json
import ssl
import threading
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import SegmentationStorage

from ProstateAlignRefineLib.dicom.send.dimse import DicomServer

pynetdicom = pytest.importorskip("pynetdicom", reason="the extra 'pacs' is not installed")


class Archive:
    """A storage SCP on loopback that keeps what it is sent.

    `status`: of every answer, or what gives one. `abort_at`: at which objects, from 1, it ends the association.
    """

    def __init__(
        self,
        classes=(SegmentationStorage,),
        status=0x0000,
        *,
        context=None,
        title="ARCHIVE",
        host="127.0.0.1",
        abort_at=(),
    ):
        aborts = (abort_at,) if isinstance(abort_at, int) else abort_at
        self.received, self.title = [], title
        entity = pynetdicom.AE(ae_title=title)
        entity.require_called_aet = True
        entity.add_supported_context(pynetdicom.sop_class.Verification)
        for sop_class in classes:
            entity.add_supported_context(sop_class)

        def keep(event):
            self.received.append(event.encoded_dataset())
            if len(self.received) in aborts:
                event.assoc.abort()
            return status() if callable(status) else status

        handlers = [(pynetdicom.evt.EVT_C_STORE, keep)]
        self.server = entity.start_server((host, 0), block=False, evt_handlers=handlers, ssl_context=context)
        self.port = self.server.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()

    def address(self, **options) -> DicomServer:
        return DicomServer("127.0.0.1", self.port, **{"called": self.title, **options})


class Web:
    """A DICOMweb server on loopback that answers everything with one status and keeps what it was asked.

    `answer`: makes status, content type and body out of the SOP Instance UID that was sent and the number of the
    request; None closes the connection instead. Without it everything sent is stored. `listing`: the answer to a query.
    """

    def __init__(
        self, status=200, *, context=None, location="", answer=None, listing=("application/dicom+json", b"[]")
    ):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                outer.requests.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                told = (status, *listing)
                if self.command == "POST":
                    posts = sum(command == "POST" for command, *_ in outer.requests)
                    uid = sent_uid(outer.requests[-1][3])
                    told = answer(uid, posts) if answer else (status, "application/dicom+json", stored(uid))
                if told is None:
                    self.close_connection = True
                    return
                code, kind, body = told
                self.send_response(code)
                if location:
                    self.send_header("Location", location)
                if kind:
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nothing on the screen."""

        for verb in ("GET", "POST"):
            setattr(Handler, f"do_{verb}", Handler._answer)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if context is not None else "http"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}/dicom-web"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def sent_uid(request: bytes) -> str:
    """The SOP Instance UID of the object in a multipart request."""
    return str(dcmread(io.BytesIO(request.partition(b"\r\n\r\n")[2]), stop_before_pixels=True).SOPInstanceUID)


def stored(*uids: str, warning: int | None = None) -> bytes:
    """A Store Instances Response that names these as stored."""
    return _response("00081199", uids, "00081196", warning)


def failed(*uids: str, reason: int | None = None) -> bytes:
    """A Store Instances Response that names these as failed."""
    return _response("00081198", uids, "00081197", reason)


def _response(sequence: str, uids: tuple[str, ...], tag: str, number: int | None) -> bytes:
    items = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]
    for item in items:
        if number is not None:
            item[tag] = {"vr": "US", "Value": [number]}
    return json.dumps({sequence: {"vr": "SQ", "Value": items}}).encode()


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context
