"""What a server answers decides what is called stored: real servers on this machine that answer in every way."""

from collections import Counter
from pathlib import Path

import pytest
from pydicom.uid import Comprehensive3DSRStorage, SegmentationStorage

from Dicom.making import INFO, LESIONS, small_study, two_lesions
from Dicom.servers import Archive, Web, failed, sent_uid, stored
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom import load_study, write_measurements, write_segmentation, write_study
from ProstateAlignRefineLib.dicom.send.dicomweb import WebServer, query, stow
from ProstateAlignRefineLib.dicom.send.dimse import store
from ProstateAlignRefineLib.dicom.send.sendable import sendable_files

JSON = "application/dicom+json"
PAGE = b"<html><body>Please log in</body></html>"
XML = """<?xml version="1.0" encoding="UTF-8"?>
<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">
<DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"><Item number="1">
<DicomAttribute tag="00081150" vr="UI" keyword="ReferencedSOPClassUID"><Value number="1">1.2</Value></DicomAttribute>
<DicomAttribute tag="00081155" vr="UI" keyword="ReferencedSOPInstanceUID"><Value number="1">{}</Value></DicomAttribute>
</Item></DicomAttribute></NativeDicomModel>"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory) -> tuple[Path, ...]:
    """Two segmentations and the report of one of them."""
    tmp_path = tmp_path_factory.mktemp("objects")
    write_study(small_study(), tmp_path / "study")
    study = load_study(tmp_path / "study")
    for headers in study.headers.values():
        for header in headers:
            header.PatientID = "P-1"
    for name in ("a", "b"):
        write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, tmp_path / f"{name}.seg.dcm")
    write_measurements(LESIONS, tmp_path / "a.seg.dcm", study.headers, INFO, tmp_path / "a.sr.dcm")
    return sendable_files([tmp_path / name for name in ("a.seg.dcm", "a.sr.dcm", "b.seg.dcm")])


def send(answer, objects):
    """How often each object was sent, and what was said in the end."""
    with Web(answer=answer) as web:
        try:
            said = " ".join(stow(WebServer(web.url), objects, lambda done, whole: None).warnings)
        except InputError as error:
            said = str(error)
            assert said.endswith(".")
    return Counter(sent_uid(request[3]) for request in web.requests), said


@pytest.mark.fault("a web server that answers any request with success and a page", "not an archive; nothing is stored")
@pytest.mark.parametrize("status", [200, 202])
def test_a_page_is_no_archive_and_gets_nothing_more(objects, status):
    sent, said = send(lambda uid, number: (status, "text/html; charset=utf-8", PAGE), objects)
    assert sum(sent.values()) == 1
    assert "answered with a page" in said
    assert "proxy" in said


@pytest.mark.fault("an archive that answers 200 without saying what it stored", "how many are confirmed: none")
@pytest.mark.parametrize(
    ("kind", "body"),
    [(None, b""), (JSON, b"{}"), (JSON, b"[]"), ("text/plain", b"OK"), (JSON, stored("1.2.3")), (JSON, b'{"00081199"')],
)
def test_success_that_names_no_object_is_none(objects, kind, body):
    sent, said = send(lambda uid, number: (200, kind, body), objects)
    assert sorted(sent.values()) == [2, 2]  # both segmentations tried twice, the report never
    assert "has confirmed 0 of 3 objects, but not 2 segmentations, 1 structured report" in said
    assert "HTTP 200" in said


@pytest.mark.parametrize("status", [200, 202, 409])
def test_what_the_answer_names_counts_not_its_status(objects, status):
    sent, said = send(lambda uid, number: (status, f"{JSON}; charset=utf-8", stored(uid)), objects)
    assert set(sent.values()) == {1}
    assert said == ""


def test_an_answer_in_xml_or_in_a_list_is_read(objects):
    assert send(lambda uid, number: (200, "application/dicom+xml", XML.format(uid).encode()), objects)[1] == ""
    assert send(lambda uid, number: (200, JSON, b"[" + stored(uid) + b"]"), objects)[1] == ""


def test_warnings_are_told(objects):
    _, said = send(lambda uid, number: (202, JSON, stored(uid, warning=0xB000)), objects)
    assert said == "3 with a warning (B000)"


@pytest.mark.fault("an archive that refuses one object at first", "it is sent again, the others are not")
def test_only_what_was_not_confirmed_is_sent_again(objects):
    def answer(uid, number):
        return (409, JSON, failed(uid, reason=0xA700)) if number == 1 else (200, JSON, stored(uid))

    sent, said = send(answer, objects)
    assert sorted(sent.values()) == [1, 1, 2]
    assert said == ""


@pytest.mark.fault("an archive that refuses one object for good", "how many it stored, what is missing, and why")
def test_what_stays_refused_is_named_and_the_report_is_held_back(objects):
    refused = []

    def answer(uid, number):
        refused.extend([uid] if number == 1 else [])
        return (409, JSON, failed(uid, reason=0xA900)) if uid in refused else (200, JSON, stored(uid))

    sent, said = send(answer, objects)
    assert sorted(sent.values()) == [1, 2]
    assert "has confirmed 1 of 3 objects, but not 1 segmentation, 1 structured report" in said
    assert "A900: the object does not fit its class" in said


@pytest.mark.fault("the network ends in the middle of sending", "how many were stored, and what is missing")
def test_connection_that_ends_in_the_middle_tells_what_is_stored(objects):
    _, said = send(lambda uid, number: (200, JSON, stored(uid)) if number == 1 else None, objects)
    assert "cannot be reached" in said
    assert "; it has stored 1 of 3 objects, not 1 segmentation, 1 structured report" in said


def test_credentials_that_run_out_in_the_middle_are_not_tried_again(objects):
    sent, said = send(lambda uid, number: (200, JSON, stored(uid)) if number == 1 else (401, None, b""), objects)
    assert sum(sent.values()) == 2
    assert "check the token; it has stored 1 of 3 objects" in said


def test_a_page_is_no_answer_to_a_test_of_the_server():
    with Web(listing=("text/html", PAGE)) as web, pytest.raises(InputError, match="answered with a page"):
        query(WebServer(web.url))


KINDS = (SegmentationStorage, Comprehensive3DSRStorage)


def test_c_store_tries_again_only_what_failed(objects):
    statuses = iter([0xA700, 0x0000, 0x0000, 0x0000])
    with Archive(KINDS, status=lambda: next(statuses)) as archive:
        assert store(archive.address(), objects, lambda done, whole: None).warnings == ()
    assert len(archive.received) == 4


def test_c_store_tells_what_is_missing_and_holds_the_report_back(objects):
    statuses = iter([0x0000, 0xA900, 0xA900])
    with Archive(KINDS, status=lambda: next(statuses)) as archive, pytest.raises(InputError) as refused:
        store(archive.address(), objects, lambda done, whole: None)
    assert "has confirmed 1 of 3 objects, but not 1 segmentation, 1 structured report" in str(refused.value)
    assert "status A900: the object does not fit its class" in str(refused.value)


def test_c_store_warnings_are_told(objects):
    with Archive(KINDS, status=0xB007) as archive:
        assert store(archive.address(), objects, lambda done, whole: None).warnings == ("3 with a warning (B007)",)


@pytest.mark.fault("an archive that ends the association in the middle", "the rest is sent over a new one")
def test_association_aborted_in_the_middle_goes_on_with_the_rest(objects):
    with Archive(KINDS, abort_at=2) as archive:
        store(archive.address(), objects, lambda done, whole: None)
    assert len(archive.received) == 4  # the aborted one twice


def test_association_aborted_again_and_again_tells_what_is_stored(objects):
    with Archive(KINDS, abort_at=range(2, 9)) as archive, pytest.raises(InputError) as refused:
        store(archive.address(), objects, lambda done, whole: None)
    assert "it has stored 1 of 3 objects, not 1 segmentation, 1 structured report" in str(refused.value)
