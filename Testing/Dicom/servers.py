"""Servers on this machine's loopback that take what is sent and remember it."""

from __future__ import annotations

import http.server
import ssl
import threading
from pathlib import Path

import pytest
from pydicom.uid import SegmentationStorage

from ProstateAlignRefineLib.dicom.send.dimse import DicomServer

pynetdicom = pytest.importorskip("pynetdicom", reason="the extra 'pacs' is not installed")


class Archive:
    """A storage SCP on loopback that keeps what it is sent."""

    def __init__(self, classes=(SegmentationStorage,), status=0x0000, context=None, title="ARCHIVE", host="127.0.0.1"):
        self.received, self.title = [], title
        entity = pynetdicom.AE(ae_title=title)
        entity.require_called_aet = True
        entity.add_supported_context(pynetdicom.sop_class.Verification)
        for sop_class in classes:
            entity.add_supported_context(sop_class)

        def keep(event):
            self.received.append(event.encoded_dataset())
            return status

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
    """A DICOMweb server on loopback that answers everything with one status and keeps what it was asked."""

    def __init__(self, status=200, context=None, location=""):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                outer.requests.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                body = b"[]" if self.command == "GET" else b"{}"
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Type", "application/dicom+json")
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


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context
