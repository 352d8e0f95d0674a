"""Sending to servers on this machine: what arrives, what is refused, and what is said when something fails."""

import io
import logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from Dicom.making import INFO, LESIONS, two_lesions
from Dicom.servers import Archive, Web, server_context
from host.commands import run_command
from ProstateAlignRefineLib.commands import send as command
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom import save_headers, write_measurements, write_segmentation
from ProstateAlignRefineLib.dicom.send.dicomweb import WebServer, query, stow
from ProstateAlignRefineLib.dicom.send.dimse import DicomServer, application_entity, echo, store
from ProstateAlignRefineLib.dicom.send.sendable import describe, sendable_files

pynetdicom = pytest.importorskip("pynetdicom", reason="the extra 'pacs' is not installed")


def silence(done: int, whole: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def result(study, tmp_path) -> Path:
    """A result folder: a segmentation, and the source headers beside it."""
    for headers in study.headers.values():
        for header in headers:
            header.PatientID, header.PatientName = "P-1", "SENTINEL^NAME"
            header.Manufacturer = "SCANNER"
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, tmp_path / "out" / "lesions.seg.dcm")
    save_headers(study.headers, tmp_path / "out" / "study" / "headers")
    return tmp_path / "out"


def test_echo_and_store_reach_the_archive(result):
    with Archive() as archive:
        echo(archive.address())
        store(archive.address(), sendable_files([result]), silence)
    assert [dcmread_bytes(item).SOPInstanceUID for item in archive.received] == [
        dcmread(result / "lesions.seg.dcm").SOPInstanceUID
    ]


def dcmread_bytes(content):
    from io import BytesIO

    return dcmread(BytesIO(content))


def test_only_results_are_sent_never_the_source_headers(result, study_folder):
    assert [path.name for path in sendable_files([result])] == ["lesions.seg.dcm"]
    assert describe(sendable_files([result])) == "1 segmentation"
    (result / "notes.dcm").write_text("not DICOM")
    assert len(sendable_files([result])) == 1


def test_synthetic_study_is_sent_only_when_allowed(study_folder):
    with pytest.raises(InputError, match="not for a clinical archive"):
        sendable_files([study_folder])
    assert describe(sendable_files([study_folder], allow_research=True)) == "30 MR images"


def test_header_copies_of_a_synthetic_study_are_not_sent(study, tmp_path):
    save_headers(study.headers, tmp_path / "headers")
    with pytest.raises(InputError, match="no DICOM result to send"):
        sendable_files([tmp_path / "headers"], allow_research=True)


def test_missing_path_is_said(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        sendable_files([tmp_path / "absent"])


def test_wrong_title_is_said():
    with Archive() as archive, pytest.raises(InputError, match="check both AE titles"):
        echo(archive.address(called="OTHER"))


def test_silent_port_is_said():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(InputError, match="cannot be reached"):
        echo(DicomServer("127.0.0.1", port))


def test_a_silent_server_is_given_up_soon_and_a_busy_one_may_take_a_minute():
    entity = application_entity(DicomServer("127.0.0.1", 104))
    assert (entity.connection_timeout, entity.acse_timeout) == (10, 10)
    assert (entity.dimse_timeout, entity.network_timeout) == (60, 60)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a host", "x" * 300])
def test_unknown_host_is_said(host):
    with pytest.raises(InputError, match=r"is not known here|cannot be reached"):
        echo(DicomServer(host, 104))


def test_an_ipv6_server_is_reached(result):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with Archive(host="::1") as archive:
        run_command(command, "--to", f"[::1]:{archive.port}", "--called", "ARCHIVE", "--test")


def test_class_that_the_archive_does_not_take_is_said(result):
    with (
        Archive(classes=(pynetdicom.sop_class.CTImageStorage,)) as archive,
        pytest.raises(InputError, match="takes none of these objects"),
    ):
        store(archive.address(), sendable_files([result]), silence)


def test_where_one_kind_is_not_taken_nothing_is_sent(result, study):
    write_measurements(LESIONS, result / "lesions.seg.dcm", study.headers, INFO, result / "measurements.sr.dcm")
    with Archive() as archive, pytest.raises(InputError, match=r"kind Comprehensive 3D SR Storage; nothing was sent"):
        store(archive.address(), sendable_files([result]), silence)
    assert archive.received == []


def test_full_archive_is_said(result):
    with Archive(status=0xA700) as archive, pytest.raises(InputError, match=r"status A700: it is out of resources"):
        store(archive.address(), sendable_files([result]), silence)


def test_warning_of_the_archive_counts_as_stored(result):
    with Archive(status=0xB000) as archive:
        store(archive.address(), sendable_files([result]), silence)
    assert len(archive.received) == 1


@pytest.mark.parametrize("title", ["", "SEVENTEEN LETTERS", "ÄRCHIV"])
def test_unusable_title_is_refused(title):
    with pytest.raises(InputError, match="AE title"):
        echo(DicomServer("127.0.0.1", 1, called=title))


def test_store_over_tls_checks_the_certificate(result, certificate):
    with Archive(context=server_context(certificate)) as archive:
        secure = archive.address(tls=True, ca_file=certificate[0])
        echo(secure)
        store(secure, sendable_files([result]), silence)
        with pytest.raises(InputError, match="cannot be reached"):
            echo(archive.address(tls=True))
    assert len(archive.received) == 1


def test_unreadable_certificate_is_said(tmp_path):
    with pytest.raises(InputError, match="certificate files cannot be read"):
        echo(DicomServer("127.0.0.1", 1, tls=True, ca_file=tmp_path / "absent.pem"))


def test_token_goes_with_every_request_and_into_no_log(result, caplog):
    with Web() as web, caplog.at_level(logging.DEBUG):
        query(WebServer(web.url, token="SECRET-TOKEN"))
        stow(WebServer(web.url, token="SECRET-TOKEN"), sendable_files([result]), silence)
    assert [(method, path.split("?")[0]) for method, path, _, _ in web.requests] == [
        ("GET", "/dicom-web/studies"),
        ("POST", "/dicom-web/studies"),
    ]
    assert {headers["Authorization"] for _, _, headers, _ in web.requests} == {"Bearer SECRET-TOKEN"}
    assert (result / "lesions.seg.dcm").read_bytes()[-5000:] in web.requests[1][3]
    assert "SECRET" not in caplog.text
    assert "SENTINEL" not in caplog.text
    assert "SECRET" not in repr(WebServer(web.url, token="SECRET-TOKEN"))


@pytest.mark.parametrize(
    ("status", "words"), [(401, "check the token"), (404, "check the path"), (500, "see the server's log")]
)
def test_refusals_are_said(result, status, words):
    with Web(status=status) as web, pytest.raises(InputError, match=words):
        query(WebServer(web.url))


def test_redirect_is_not_followed(result):
    with Web() as other, Web(status=302, location=other.url) as web:
        with pytest.raises(InputError, match="points to another address"):
            stow(WebServer(web.url, token="SECRET"), sendable_files([result]), silence)
        assert other.requests == []


def test_https_checks_the_certificate(certificate):
    with Web(context=server_context(certificate)) as web:
        query(WebServer(web.url, token="t", ca_file=certificate[0]))
        with pytest.raises(InputError, match="not trusted"):
            query(WebServer(web.url))


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (WebServer("http://pacs.example/dicom-web", token="t"), "anyone on the way"),
        (WebServer("https://user:secret@pacs.example/x"), "user name or password"),
        (WebServer("ftp://pacs.example"), "no URL"),
        (WebServer("http://127.0.0.1:1/dicom-web"), "cannot be reached"),
    ],
)
def test_unsafe_or_unusable_urls_are_refused(server, words):
    with pytest.raises(InputError, match=words) as refused:
        query(server)
    assert "secret" not in str(refused.value)


def test_command_tests_and_sends(result, capsys):
    with Archive() as archive:
        to = ["--to", f"127.0.0.1:{archive.port}", "--called", "ARCHIVE"]
        assert run_command(command, *to, "--test") == 0
        assert archive.received == []
        assert run_command(command, str(result), *to) == 0
    assert len(archive.received) == 1
    assert "has stored 1 object." in capsys.readouterr().out


def test_command_sends_over_dicomweb_with_a_token_file(result, tmp_path, capsys):
    (tmp_path / "token").write_text("abc\n")
    with Web() as web:
        run_command(command, str(result), "--to", web.url, "--token-file", str(tmp_path / "token"))
    assert web.requests[0][2]["Authorization"] == "Bearer abc"
    assert "abc" not in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["abc", "abc\n", " abc \nmore"])
def test_command_takes_the_token_from_standard_input(monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with Web() as web:
        run_command(command, "--to", web.url, "--token-file", "-", "--test")
    assert web.requests[0][2]["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("typed", ["", "\n", "two words", "schlüssel"])
def test_command_refuses_what_is_no_token(monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(InputError, match="not hold one token"):
        run_command(command, "--to", "http://127.0.0.1:1", "--token-file", "-", "--test")


def test_sending_needs_none_of_the_networks_packages():
    block = "import sys; sys.modules.update(dict.fromkeys(('torch', 'monai', 'tqdm', 'psutil', 'safetensors')))"
    code = f"{block}; from ProstateAlignRefineLib.cli import main; main(['send', '--to', 'nonsense'])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "neither HOST:PORT nor a URL" in ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "nonsense"], "neither HOST:PORT nor a URL"),
        (["--to", "host:99999"], "neither HOST:PORT nor a URL"),
        (["--to", "https://h/x", "--tls"], "encrypted by itself"),
        (["--to", "h:104", "--token-file", "x"], "DICOMweb URL"),
        (["--to", "https://h/x", "--token-file", "absent"], "token file cannot be read"),
        (["--to", "h:104"], "Name the folder or files"),
        (["--to", "h:104", "--ca-file", "x"], "need --tls"),
        (["--to", "h:104", "--certificate", "x"], "need --tls"),
        (["--to", "h:104", "--tls", "--key", "x"], "needs its --certificate"),
        (["--to", "h:104", "--tls", "--ca-file", __file__], "certificate files cannot be read"),
        (["--to", "https://h/x", "--key", "x"], "encrypted by itself"),
        (["--to", "https://h/x", "--ca-file", __file__], "authority's file cannot be read"),
        (["--to", "https://h/x", "--ca-file", "absent"], "authority's file cannot be read"),
        (["--to", "https://h:99999/x"], "no URL"),
        (["--to", "https://[h/x"], "no URL"),
        (["--to", "https:///x"], "no URL"),
    ],
)
def test_command_says_what_does_not_fit(words, said, capsys):
    with pytest.raises(InputError, match=said):
        run_command(command, *words)
    assert capsys.readouterr().out == ""
