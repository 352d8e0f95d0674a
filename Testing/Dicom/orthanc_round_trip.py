"""Started by test_orthanc.py in a network namespace of its own: an Orthanc archive, fed and asked by our own code.

Arguments: a folder of source images, a folder of results, a scratch folder, Orthanc's program, its plugin. Prints what
was found as JSON. Inside the namespace only the loopback device exists, so nothing outside can reach the archive.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmread

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom.send import dicomweb as web
from ProstateAlignRefineLib.dicom.send import dimse
from ProstateAlignRefineLib.dicom.send.sendable import sendable_files

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
SERVER = dimse.DicomServer("127.0.0.1", 14242, called="ORTHANC")
WEB = web.WebServer("http://127.0.0.1:18042/dicom-web")


def raise_loopback() -> None:
    """A new network namespace starts with its loopback device down."""
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, request))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


def start(scratch: Path, program: str, plugin: str) -> subprocess.Popen[bytes]:
    settings = {
        "StorageDirectory": str(scratch / "storage"),
        "IndexDirectory": str(scratch / "index"),
        "HttpPort": 18042,
        "DicomPort": SERVER.port,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True,
        "Plugins": [plugin],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    scratch.mkdir(exist_ok=True)
    (scratch / "orthanc.json").write_text(json.dumps(settings))
    with (scratch / "log").open("wb") as log:
        return subprocess.Popen([program, str(scratch / "orthanc.json")], stdout=log, stderr=log)


def wait_until_ready(seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            dimse.echo(SERVER)
            web.query(WEB)
            return
        except InputError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def silence(done: int, whole: int) -> None:
    """Progress that nobody watches."""


def plain(dataset: Dataset) -> dict[str, Any]:
    """Every element, pixels included; the group length of the file header is the archive's own."""
    return dataset.to_json_dict()


def round_trip(sources: Path, results: Path) -> dict[str, Any]:
    web.stow(WEB, sorted(sources.rglob("*.dcm")), silence)
    sent = sendable_files([results], allow_research=True)
    dimse.store(SERVER, sent[:1], silence)
    web.stow(WEB, sent[1:], silence)
    client = DICOMwebClient(WEB.url)
    identical = {}
    for path in sent:
        ours = dcmread(path)
        uids = ours.StudyInstanceUID, ours.SeriesInstanceUID, ours.SOPInstanceUID
        identical[path.relative_to(results).as_posix()] = plain(client.retrieve_instance(*uids)) == plain(ours)
    study = dcmread(sent[0]).StudyInstanceUID
    kinds = ("MR", "SEG", "SR", "DOC")
    found = {kind: len(client.search_for_instances(study, search_filters={"Modality": kind})) for kind in kinds}
    return {"identical": identical, "found": found, "sent": len(sent), "labelmap": store_labelmap(results)}


def store_labelmap(results: Path) -> str:
    """What C-STORE of a label map gives: archives know the SOP class or not."""
    try:
        dimse.store(SERVER, sorted(results.glob("*.labelmap.dcm")), silence)
    except InputError as refused:
        return str(refused)
    return "stored"


def main(sources: str, results: str, scratch: str, program: str, plugin: str) -> None:
    raise_loopback()
    archive = start(Path(scratch), program, plugin)
    try:
        wait_until_ready()
        print(json.dumps(round_trip(Path(sources), Path(results))))
    finally:
        archive.kill()
        archive.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
