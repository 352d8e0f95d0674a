"""The test host refuses what PythonQt would refuse: else a panel that passes here could fail in Slicer."""

import pytest

pytest.importorskip("PySide6", reason="PySide6 is not installed: pip install .[slicer-host]")


@pytest.fixture
def qt():
    from host import modules

    return modules.qt


@pytest.fixture
def button(qt):
    return qt.QPushButton("text")


def test_properties_are_read_and_written_without_a_call(button):
    button.enabled = False
    assert button.text == "text"
    assert button.enabled is False
    with pytest.raises(TypeError):
        button.text()


def test_unknown_names_are_refused(button, qt):
    with pytest.raises(AttributeError):
        button.labelText = "x"
    with pytest.raises(AttributeError):
        _ = button.labelText
    with pytest.raises(AttributeError):
        _ = qt.QNoSuchWidget


def test_getters_beside_a_property_are_refused(button):
    with pytest.raises(AttributeError):
        button.isEnabled()


def test_values_of_another_type_are_refused(button):
    with pytest.raises(AttributeError):
        button.text = 3
    with pytest.raises(AttributeError):
        button.enabled = "no"


def test_keyword_arguments_are_refused(button):
    with pytest.raises(TypeError):
        button.setText(text="x")


def test_combined_flags_are_refused_by_a_constructor(qt):
    buttons = qt.QDialogButtonBox.Ok | qt.QDialogButtonBox.Cancel
    with pytest.raises(TypeError, match="another constructor"):
        qt.QDialogButtonBox(buttons)
    box = qt.QDialogButtonBox()
    box.setStandardButtons(buttons)
    assert len(box.buttons()) == 2


def test_a_slot_gets_as_many_arguments_as_it_takes(button):
    received = []

    def none():
        received.append(())

    def one(checked):
        received.append(checked)

    button.clicked.connect(none)
    button.clicked.connect(one)
    button.click()
    assert received == [(), False]


def test_errors_in_slots_are_kept_for_the_tests(button):
    from host import pythonqt

    def fail():
        raise ValueError("in a slot")

    button.clicked.connect(fail)
    button.click()
    assert isinstance(pythonqt.slot_errors.pop(), ValueError)


def test_widgets_that_nobody_provides_are_refused(qt, tmp_path):
    import slicer.util

    (tmp_path / "x.ui").write_text(
        '<ui version="4.0"><class>X</class><widget class="QWidget" name="X"><layout class="QVBoxLayout"><item>'
        '<widget class="ctkNoSuchWidget" name="y"/></item></layout></widget></ui>'
    )
    with pytest.raises(RuntimeError, match="ctkNoSuchWidget"):
        slicer.util.loadUI(str(tmp_path / "x.ui"))
