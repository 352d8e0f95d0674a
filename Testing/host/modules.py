"""Puts `qt` and `ctk` where the panel imports them from. Imported before anything of `app`."""

import os
import sys
from types import ModuleType

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from . import pythonqt, widgets


class _Qt(ModuleType):
    QUiLoader = staticmethod(lambda: pythonqt.Proxy(widgets.Loader()))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return pythonqt.lookup(name)


class _Ctk(ModuleType):
    def __getattr__(self, name):
        if name not in widgets.WIDGETS:
            raise AttributeError(f"module 'ctk' has no attribute '{name}'")
        return pythonqt.ClassProxy(widgets.WIDGETS[name])


application = QApplication.instance() or QApplication(["test host"])
qt = sys.modules.setdefault("qt", _Qt("qt"))
sys.modules.setdefault("ctk", _Ctk("ctk"))
