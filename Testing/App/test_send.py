"""Results to an archive, from the panel's buttons over a child process to real servers on this machine."""

import json
import socket
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.uid import Comprehensive3DSRStorage, EncapsulatedPDFStorage, MRImageStorage, SegmentationStorage

from ProstateAlignRefineLib.app.pacs import DIMSE, WEB, Pacs, kept_pacs
from ProstateAlignRefineLib.dicom import synthetic_label

servers = pytest.importorskip("Dicom.servers", reason="the extra 'pacs' is not installed")

ALL_KINDS = (SegmentationStorage, Comprehensive3DSRStorage, MRImageStorage)
PATIENCE = 60.0


@pytest.fixture
def result(segmented_dicom):
    return segmented_dicom


def point_to(panel, archive):
    ui = panel.ui
    ui.hostEdit.text, ui.portBox.value, ui.calledEdit.text = "127.0.0.1", archive.port, archive.title


def point_to_web(panel, url, token=""):
    panel.ui.pacsBox.currentIndex = 1
    panel.ui.webUrlEdit.text, panel.ui.tokenEdit.text = url, token


def wait(panel, events):
    events.until(lambda: panel.ui.sendButton.text == "Send…", PATIENCE)


def received(archive):
    return [dcmread(BytesIO(content), force=True) for content in archive.received]


def test_the_segmentation_is_sent_at_the_click_and_not_before(result, events):
    with servers.Archive(ALL_KINDS) as archive:
        point_to(result, archive)
        events.settle()
        assert archive.received == []
        result.ui.sendButton.click()
        wait(result, events)
        (stored,) = received(archive)
    assert result.ui.pacsLabel.text == f"The server ARCHIVE at 127.0.0.1:{archive.port} has stored 1 object."
    assert (stored.Modality, stored.PatientID) == ("SEG", "P-1")
    assert [segment.TrackingUID for segment in stored.SegmentSequence] == [
        found.uid for found in result.session.reading.lesions
    ]


def test_report_and_similarity_map_go_along_where_ticked(result, events):
    ui = result.ui
    ui.sendReportCheck.checked = ui.sendMapCheck.checked = True
    with servers.Archive(ALL_KINDS) as archive:
        point_to(result, archive)
        ui.sendButton.click()
        wait(result, events)
        objects = received(archive)
    assert sorted({stored.Modality for stored in objects}) == ["MR", "SEG", "SR"]
    assert len(objects) == 2 + 8
    assert len({stored.StudyInstanceUID for stored in objects}) == 1
    (kind, question) = result.application.asked[-1]
    assert kind == "confirm"
    assert "segmentation, structured report, similarity map" in question
    assert "Doe" not in question


def test_the_pdf_report_goes_along_where_ticked(result, events):
    ui = result.ui
    ui.sendPdfCheck.checked = True
    with servers.Archive((*ALL_KINDS, EncapsulatedPDFStorage)) as archive:
        point_to(result, archive)
        ui.sendButton.click()
        wait(result, events)
        objects = received(archive)
    document = next(stored for stored in objects if stored.Modality == "DOC")
    assert bytes(document.EncapsulatedDocument).startswith(b"%PDF")
    assert len({stored.StudyInstanceUID for stored in objects}) == 1
    assert "segmentation, PDF report" in result.application.asked[-1][1]


def test_without_a_yes_nothing_is_sent(result, events):
    result.application.answers["confirm"] = False
    with servers.Archive(ALL_KINDS) as archive:
        point_to(result, archive)
        result.ui.sendButton.click()
        events.settle()
        assert result.ui.sendButton.text == "Send…"
    assert archive.received == []


def test_the_test_button_sends_nothing_and_says_that_the_server_answers(result, events):
    with servers.Archive(ALL_KINDS) as archive:
        point_to(result, archive)
        result.ui.pacsTestButton.click()
        assert not result.ui.pacsTestButton.enabled
        wait(result, events)
    assert result.ui.pacsLabel.text.endswith("answers.")
    assert result.ui.pacsTestButton.enabled
    assert archive.received == []


def test_the_panel_stays_usable_while_a_server_keeps_silent_and_stop_ends_it(result, events):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        point_to_web(result, f"http://127.0.0.1:{silent.getsockname()[1]}/dicom-web")
        result.ui.sendButton.click()
        assert result.ui.sendButton.text == "Stop"
        events.until(lambda: "Waiting for the server" in result.ui.pacsLabel.text)
        result.ui.alphaSlider.value = 0.9
        assert result.session.reading.setting.alpha == pytest.approx(0.9)
        result.ui.sendButton.click()
    assert result.ui.pacsLabel.text.startswith("Stopped.")
    assert result.ui.sendButton.text == "Send…"


def test_over_dicomweb_the_token_goes_to_the_server_and_nowhere_else(result, events, monkeypatch):
    from ProstateAlignRefineLib.app import sending

    commands = []
    child = sending.ChildProcess
    monkeypatch.setattr(
        sending, "ChildProcess", lambda command, *rest: commands.append(command) or child(command, *rest)
    )
    with servers.Web() as web:
        point_to_web(result, web.url, "SECRET-TOKEN")
        result.ui.pacsTestButton.click()
        wait(result, events)
        result.ui.sendButton.click()
        wait(result, events)
    assert [verb for verb, *_ in web.requests] == ["GET", "POST"], result.ui.pacsLabel.text
    assert {headers["Authorization"] for _, _, headers, _ in web.requests} == {"Bearer SECRET-TOKEN"}
    seen = [str(commands), json.dumps(result.application.settings), result.ui.pacsLabel.text]
    seen += [text for _kind, text in result.application.asked]
    assert "SECRET" not in " ".join(seen)
    assert result.ui.pacsLabel.text.endswith("has stored 1 object.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"title": "OTHER"}, "check both AE titles"),
        ({"status": 0xA700}, "out of resources"),
        ({"classes": ALL_KINDS[:1]}, "nothing was sent"),
    ],
)
def test_what_the_server_refuses_is_said(result, events, answer, words):
    result.ui.sendReportCheck.checked = True
    with servers.Archive(**{"classes": ALL_KINDS, **answer}) as archive:
        point_to(result, archive)
        result.ui.calledEdit.text = "ARCHIVE"
        result.ui.sendButton.click()
        wait(result, events)
    assert words in result.ui.pacsLabel.text


def test_an_encrypted_server_is_trusted_by_its_certificate_only(result, events, certificate):
    with servers.Archive(ALL_KINDS, context=servers.server_context(certificate)) as archive:
        point_to(result, archive)
        result.ui.tlsCheck.checked = True
        result.ui.pacsTestButton.click()
        wait(result, events)
        assert "cannot be reached" in result.ui.pacsLabel.text
        result.application.answers["file"] = certificate[0]
        result.ui.caButton.click()
        result.ui.sendButton.click()
        wait(result, events)
    assert len(archive.received) == 1


def test_a_synthetic_study_goes_to_research_servers_only(segment_dicom, events):
    panel = segment_dicom(synthetic_label(1))
    with servers.Archive(ALL_KINDS) as archive:
        point_to(panel, archive)
        panel.ui.sendButton.click()
        wait(panel, events)
        assert "not for a clinical archive" in panel.ui.pacsLabel.text
        assert archive.received == []
        panel.ui.researchCheck.checked = True
        panel.ui.sendButton.click()
        wait(panel, events)
    assert len(archive.received) == 1


def test_grey_buttons_say_why(segmented):
    ui = segmented.ui
    assert not ui.pacsTestButton.enabled
    assert ui.pacsTestButton.toolTip == "Type the server's host."
    ui.hostEdit.text = "pacs"
    assert ui.pacsTestButton.toolTip == "Type the server's AE title."
    ui.calledEdit.text = "ARCHIVE"
    assert ui.pacsTestButton.enabled
    assert not ui.sendButton.enabled
    assert "DICOM files of T2W, ADC, HBV are not known" in ui.sendButton.toolTip
    ui.pacsBox.currentIndex = 1
    assert ui.pacsTestButton.toolTip == "Type the URL of the DICOMweb service."
    assert not ui.hostEdit.visible


def test_without_a_result_there_is_nothing_to_send(panel):
    assert not panel.ui.sendButton.enabled
    assert panel.ui.sendButton.toolTip == "Segment first."


def test_the_server_is_remembered_but_not_its_secrets(open_panel, application):
    panel = open_panel()
    point_to_web(panel, "https://pacs.example/dicom-web", "SECRET")
    panel.ui.hostEdit.text, panel.ui.portBox.value, panel.ui.tlsCheck.checked = "pacs.example", 2762, True
    again = open_panel()
    assert again.ui.webUrlEdit.text == "https://pacs.example/dicom-web"
    assert (again.ui.hostEdit.text, again.ui.portBox.value, again.ui.tlsCheck.checked) == ("pacs.example", 2762, True)
    assert again.ui.pacsBox.currentIndex == 1
    assert again.ui.tokenEdit.text == ""
    again.ui.webUrlEdit.text = "https://me:SECRET@pacs.example"
    assert "SECRET" not in json.dumps(application.settings)


@pytest.mark.parametrize("stored", ["", "{", "[1]", '{"port": "x", "host": 3}', '{"kind": "fax"}'])
def test_settings_that_are_none_of_ours_are_passed_over(application, open_panel, stored):
    application.keep_setting("pacs", stored)
    assert open_panel().ui.portBox.value == 104


def test_missing_packages_are_installed_at_the_first_click_or_the_reason_is_told(application, installer):
    from host.worker_stand import fake_launch
    from ProstateAlignRefineLib.app.panel import Panel
    from ProstateAlignRefineLib.app.worker import Worker

    installer.lacking, installer.problem = ["pynetdicom>=3.0"], "No network."
    application.answers["confirm"] = True
    panel = Panel(application, Worker(fake_launch("well")), installer, installer)
    point_to_web(panel, "http://127.0.0.1:1/dicom-web")
    panel.ui.pacsTestButton.click()
    assert panel.ui.pacsLabel.text == "No network."
    assert panel.ui.sendButton.text == "Send…"
    panel.cleanup()


def test_closing_the_panel_ends_a_sending(result, events, tmp_path):
    import psutil

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        point_to_web(result, f"http://127.0.0.1:{silent.getsockname()[1]}/dicom-web")
        before = {child.pid for child in psutil.Process().children()}
        result.ui.pacsTestButton.click()
        (started,) = {child.pid for child in psutil.Process().children()} - before
        result.cleanup()
    assert not psutil.pid_exists(started)


def test_options_hold_what_was_typed_and_no_token():
    dimse = Pacs(DIMSE, "h", 104, "-ODD", "ME", tls=True, ca_file="/x.pem")
    assert dimse.options() == ["--to=h:104", "--called=-ODD", "--calling=ME", "--tls", "--ca-file=/x.pem"]
    assert Pacs(WEB, url="https://h/x", token="T").options() == ["--to=https://h/x", "--token-file=-"]
    assert "T" not in repr(Pacs(WEB, token="T")).partition("calling")[2].replace("tls", "")


def test_kept_settings_come_back_whole(application):
    from ProstateAlignRefineLib.app.pacs import keep_pacs

    pacs = Pacs(WEB, "h", 11112, "A", "B", True, "https://h/x", "/x.pem")
    keep_pacs(application, pacs)
    assert kept_pacs(application) == pacs
