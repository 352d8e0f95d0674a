"""What the libraries say of headers holds names and tokens: it reaches no log, and nothing else is silenced."""

import errno
import logging
import os
import warnings

import pytest
from pydicom import dcmread

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.dicom.quiet import quietly, silent

TALKATIVE = ("pydicom", "pydicom.valuerep", "highdicom.seg.sop", "pynetdicom._handlers", "dicomweb_client.web")


@pytest.mark.parametrize("name", TALKATIVE)
def test_a_library_and_its_parts_are_silent_meanwhile_and_speak_again_afterwards(name, caplog, recwarn):
    logger = logging.getLogger(name)
    before = logger.disabled
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("ours").warning("kept")
        with silent():
            logger.error("Doe^Jane")
            warnings.warn("Doe^Jane", UserWarning, stacklevel=1)
            logging.getLogger("ours").warning("kept, too")
        assert "Doe" not in caplog.text
        assert not recwarn.list
        assert caplog.messages == ["kept", "kept, too"]
    assert logger.disabled == before


def test_a_logger_that_was_off_stays_off():
    logger = logging.getLogger("pydicom.test")
    logger.disabled = True
    with silent():
        pass
    assert logger.disabled
    logger.disabled = False


def test_an_error_is_told_by_its_kind_alone_and_our_own_sentence_is_kept():
    with pytest.raises(InputError) as told, quietly("DICOM object"):
        raise ValueError("Doe^Jane")
    assert "DICOM object could not be made" in str(told.value)
    assert "(ValueError)" in str(told.value)
    assert "Doe" not in str(told.value)
    assert told.value.__cause__ is None
    with pytest.raises(InputError, match="as it is"), quietly("DICOM object"):
        raise InputError("as it is")


@pytest.mark.fault("the disk gets full while DICOM is written", "that there is no space; the headers are not blamed")
def test_a_full_disk_is_told_as_such(study_folder):
    """pydicom raises the system's error anew, with a text of its own in place of its number."""
    resource = pytest.importorskip("resource")  # not on Windows
    path = next((study_folder / "t2w").glob("*.dcm"))
    image = dcmread(path)
    image.PixelData = bytes(1 << 20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as told, quietly("DICOM object"):
            image.save_as(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (told.value.errno, told.value.filename) == (errno.EFBIG, None)
