"""Writes ProstateAlignRefine/Files.cmake: all files of the module, by name. Run it after adding or removing a file."""

from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "ProstateAlignRefine"
LIST = MODULE / "Files.cmake"
RESOURCE_SUFFIXES = (".ui", ".png", ".svg", ".json", ".toml")


def scripts():
    return ["ProstateAlignRefine.py", *_below("ProstateAlignRefineLib", (".py",))]


def resources():
    return _below("Resources", RESOURCE_SUFFIXES) + _below("ProstateAlignRefineLib", RESOURCE_SUFFIXES)


def text():
    return _set("MODULE_PYTHON_SCRIPTS", scripts()) + "\n" + _set("MODULE_PYTHON_RESOURCES", resources())


def _below(folder, suffixes):
    files = (path for path in (MODULE / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path.relative_to(MODULE).as_posix() for path in files)


def _set(name, files):
    return "\n".join([f"set({name}", *(f"  {file}" for file in files), "  )\n"])


if __name__ == "__main__":
    LIST.write_text(text(), encoding="utf-8")
