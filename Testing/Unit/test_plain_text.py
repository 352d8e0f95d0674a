"""Text from files: nothing in it reaches a terminal's or Qt's interpreter, the letters of all languages stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ProstateAlignRefineLib.core.plain_text import is_plain, plain_text


@pytest.mark.fault("terminal escapes in a series description, a model's name or a notice", "the text without them")
@pytest.mark.parametrize(
    ("hostile", "plain"),
    [
        ("t2 \x1b[31mred\x1b[0m", "t2 red"),
        ("\x1b]0;owned\x07name", "name"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("two\r\nlines\tand more", "two lines and more"),
        ("a\x00b\x08c\x7f", "abc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("half \udcff character", "half \N{REPLACEMENT CHARACTER} character"),
    ],
)
def test_what_a_terminal_obeys_is_left_out(hostile, plain):
    assert plain_text(hostile) == plain
    assert is_plain(plain)


@pytest.mark.parametrize("text", ["前立腺 T2強調", "Prostata, mäßig; b<50 & ADC<1000", "µm²/s – “quoted”", "नमस्ते", ""])
def test_letters_of_every_language_and_comparisons_stay(text):
    assert plain_text(text) == text


@pytest.mark.fault("HTML in a model's name or a series description", "the text itself; no picture or link is loaded")
@pytest.mark.parametrize("text", ["<img src='x'>", "<b>x</b>", "< a href=x>", "a &lt; b", "<?xml?><b>"])
def test_qt_takes_none_for_html(text):
    gui = pytest.importorskip("PySide6.QtGui")
    assert gui.Qt.mightBeRichText(text)
    assert not gui.Qt.mightBeRichText(plain_text(text))


@given(st.text())
def test_any_text_becomes_one_printable_line(text):
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert not set(plain) & {chr(code) for code in (*range(32), *range(127, 160))}
    plain.encode("utf-8")


def test_a_very_long_text_is_cut():
    assert len(plain_text("x" * 100_000, 50)) == 50
