"""One click for the gland network: asked first, downloaded by real pip, kept only where it is the very wheel."""

import hashlib

import pytest

from App.test_install import wheel
from ProstateAlignRefineLib.app.gland_wheel import kept_wheel
from ProstateAlignRefineLib.core import gland_wheel


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in place of pip's index, with a wheel of that name and version."""
    folder = tmp_path / "wheels"
    wheel(folder, "lavlab-taps", "1.1.2", requires="torch==0.0.1")  # what it requires is not asked for
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return next(folder.iterdir())


def click(panel, application, answer):
    application.answers["confirm"] = answer
    panel.ui.glandNetworkBox.checked = True
    return panel.ui.glandNetworkBox.checked, panel.session.message


def test_what_was_not_wanted_is_not_downloaded(open_panel, application, index):
    panel = open_panel()
    checked, message = click(panel, application, False)
    assert not checked
    assert "the model outlines the gland" in message
    assert "licence MIT, 74 MB" in application.asked[-1][1]
    assert not kept_wheel(application).exists()


def test_another_file_of_that_name_is_not_kept(open_panel, application, index):
    panel = open_panel()
    checked, message = click(panel, application, True)
    assert not checked
    assert "its SHA-256 differs" in message
    assert not panel.session.state.gland_network
    assert list(application.data_folder().iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(open_panel, application, index):
    application.data_folder().write_text("a file of that name")
    checked, message = click(open_panel(), application, True)
    assert not checked
    assert message.startswith("The gland network could not be kept (")


def test_pip_says_what_is_missing(open_panel, application, index):
    index.unlink()
    checked, message = click(open_panel(), application, True)
    assert not checked
    assert "lavlab-taps==1.1.2" in message
    assert message.startswith("pip could not download the gland network (")
    assert "wheels" not in message


def test_the_wheel_is_kept_asked_for_once_and_goes_to_the_worker(segmented, index, monkeypatch, events):
    monkeypatch.setattr(gland_wheel, "SHA256", hashlib.sha256(index.read_bytes()).hexdigest())
    panel, application = segmented, segmented.application
    assert click(panel, application, True) == (True, "")
    asked = len(application.asked)
    panel.ui.glandNetworkBox.checked = False
    assert click(panel, application, False) == (True, "")
    assert len(application.asked) == asked
    assert kept_wheel(application).read_bytes() == index.read_bytes()
    events.until(lambda: panel.ui.segmentButton.enabled)
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading.run.gland_by == str(kept_wheel(application))


@pytest.fixture
def chosen(segmented, index, monkeypatch, events):
    """A panel that outlines the gland with the network, whose wheel has been deleted by hand."""
    monkeypatch.setattr(gland_wheel, "SHA256", hashlib.sha256(index.read_bytes()).hexdigest())
    click(segmented, segmented.application, True)
    kept_wheel(segmented.application).unlink()
    events.until(lambda: segmented.ui.segmentButton.enabled)
    return segmented


def test_a_wheel_deleted_by_hand_is_asked_for_again_by_the_next_run(chosen, events):
    chosen.ui.segmentButton.click()
    events.until(lambda: not chosen.session.run.running)
    assert "licence MIT, 74 MB" in chosen.application.asked[-1][1]
    assert chosen.session.reading.run.gland_by == str(kept_wheel(chosen.application))


def test_without_it_no_run_begins_unasked(chosen, events):
    chosen.application.answers["confirm"] = False
    chosen.ui.segmentButton.click()
    assert not chosen.session.run.running
    assert chosen.ui.messageLabel.text == "The gland network was not downloaded; the model outlines the gland."
    assert not chosen.ui.glandNetworkBox.checked
    chosen.ui.segmentButton.click()
    events.until(lambda: not chosen.session.run.running)
    assert chosen.session.reading.run.gland_by == ""
