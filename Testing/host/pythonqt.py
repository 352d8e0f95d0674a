# ruff: noqa: PLW0108 - the lambdas stand for their number of parameters
"""PySide6 with the manners of PythonQt, Slicer's Qt binding: what PythonQt refuses is refused here.

A property is read and written without a call (`button.enabled`, `slider.value = 1`); a name the C++ object does not
have cannot be read or set; methods take no keyword arguments; a slot gets as many of a signal's arguments as it takes.
"""

from __future__ import annotations

import inspect
from enum import Flag
from types import FunctionType, MethodType

from PySide6 import QtCore, QtGui, QtPrintSupport, QtUiTools, QtWidgets

MODULES = (QtCore, QtGui, QtWidgets, QtPrintSupport, QtUiTools)

# What slots raised. PythonQt prints such errors and goes on; the tests look here and fail.
slot_errors: list[BaseException] = []

# What stands between a signal and the function it was connected with.
_receivers: dict = {}


# Qt looks at a slot's parameters to decide what to send; with any number it leaves out those with defaults.
ARITIES = (
    lambda receive: lambda: receive(),
    lambda receive: lambda a: receive(a),
    lambda receive: lambda a, b: receive(a, b),
    lambda receive: lambda a, b, c: receive(a, b, c),
    lambda receive: lambda a, b, c, d: receive(a, b, c, d),
)


class Proxy:
    """A QObject as PythonQt shows it."""

    __slots__ = ("_qt",)

    def __init__(self, qt_object):
        object.__setattr__(self, "_qt", qt_object)

    def __getattr__(self, name):
        qt = self._qt
        if name == "name":
            return qt.objectName()
        if qt.metaObject().indexOfProperty(name) >= 0:
            return wrapped(qt.property(name))
        if name.startswith("_") or _is_getter(qt, name):
            raise AttributeError(f"{type(qt).__name__} has no attribute named '{name}'")
        value = getattr(qt, name)
        if isinstance(value, QtCore.SignalInstance):
            return Connector(qt, name, value)
        return Method(value) if callable(value) else value

    def __setattr__(self, name, value):
        qt = self._qt
        index = qt.metaObject().indexOfProperty(name)
        if index < 0:
            raise AttributeError(f"'{name}' does not exist on {type(qt).__name__}")
        property_type = qt.metaObject().property(index).typeName()
        if not _fits(value, property_type) or not qt.setProperty(name, raw(value)):
            raise AttributeError(f"Property '{name}' of type '{property_type}' does not accept {value!r}")

    def __eq__(self, other):
        return raw(other) is self._qt

    def __hash__(self):
        return hash(self._qt)

    def __bool__(self):
        return True

    def className(self):  # noqa: N802 - PythonQt's name
        return self._qt.metaObject().className()


class Method:
    """A bound Qt method."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *arguments, **named):
        if named:
            raise TypeError("PythonQt's methods take no keyword arguments")
        return wrapped(self._function(*map(raw, arguments)))


class Connector:
    """A signal of one object."""

    def __init__(self, owner, name, signal):
        self._owner, self._name, self._signal = owner, name, signal

    def connect(self, slot):
        if not callable(slot):
            raise TypeError("a signal is connected with something callable")
        count = _argument_count(slot)

        def receive(*arguments):
            try:
                slot(*(wrapped(value) for value in arguments[:count]))
            except BaseException as error:
                slot_errors.append(error)
                raise

        receiver = ARITIES[self._parameters()](receive)
        _receivers[self._key(slot)] = receiver
        self._signal.connect(receiver)

    def __call__(self, *arguments):
        """PythonQt sends a signal that is called."""
        self._signal.emit(*map(raw, arguments))

    def disconnect(self, slot):
        self._signal.disconnect(_receivers.pop(self._key(slot)))

    def _parameters(self):
        """Of the longest signal of this name: PythonQt sends all arguments, `clicked` its state."""
        meta = self._owner.metaObject()
        methods = (meta.method(index) for index in range(meta.methodCount()))
        return max(m.parameterCount() for m in methods if bytes(m.name()).decode() == self._name)

    def _key(self, slot):
        return repr(self._signal), slot


class ClassProxy:
    """A QObject class: makes proxies, gives its enumerations and static methods."""

    def __init__(self, qt_class):
        self._class = qt_class

    def __call__(self, *arguments):
        if any(isinstance(value, Flag) and value.value.bit_count() > 1 for value in arguments):
            # QDialogButtonBox(Ok | Cancel) becomes QDialogButtonBox(orientation), without a button.
            raise TypeError("flags combined are a plain number in PythonQt, which fits another constructor as well")
        return Proxy(self._class(*map(raw, arguments)))

    def __getattr__(self, name):
        value = getattr(self._class, name)
        return Method(value) if inspect.isbuiltin(value) else value


def wrapped(value):
    if isinstance(value, QtCore.QObject):
        return Proxy(value)
    return [wrapped(item) for item in value] if isinstance(value, list) else value


def raw(value):
    if isinstance(value, Proxy):
        return value._qt
    if isinstance(value, FunctionType | MethodType):
        return _guarded(value)
    return value


def lookup(name):
    """`qt.name`: classes of Qt's modules in one namespace, as Slicer's `qt` has them."""
    for module in MODULES:
        if hasattr(module, name):
            value = getattr(module, name)
            is_object = isinstance(value, type) and issubclass(value, QtCore.QObject)
            return ClassProxy(value) if is_object else value
    raise AttributeError(f"module 'qt' has no attribute '{name}'")


def _guarded(function):
    def run(*arguments):
        try:
            return function(*arguments)
        except BaseException as error:
            slot_errors.append(error)
            raise

    return run


def _argument_count(slot):
    """None for any number: PythonQt counts a Python function's positional arguments, defaults among them."""
    plain = slot.__func__ if isinstance(slot, MethodType) else slot
    if not isinstance(plain, FunctionType) or plain.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return plain.__code__.co_argcount - isinstance(slot, MethodType)


def _is_getter(qt, name):
    """`isEnabled` beside the property `enabled`: a call that works in one of the two bindings only."""
    short = name[2:3].lower() + name[3:]
    return name.startswith("is") and qt.metaObject().indexOfProperty(short) >= 0


def _fits(value, property_type):
    if property_type == "QString":
        return isinstance(value, str)
    if property_type == "bool":
        return isinstance(value, bool)
    if property_type in ("int", "double"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return True
