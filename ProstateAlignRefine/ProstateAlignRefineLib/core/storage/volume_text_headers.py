"""What the text headers of MetaImage (.mha, .mhd) and NRRD (.nrrd, .nhdr) files say of the voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .volume_bytes import AGAIN, Declared, Packing

LONGEST_HEADER = 1 << 18
META_BYTES = {
    "CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "LONG": 4, "ULONG": 4, "LONG_LONG": 8,
    "ULONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8,
}  # fmt: skip
NRRD_BYTES = {
    1: ("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"),
    2: ("short", "short int", "signed short", "signed short int", "int16", "int16_t", "ushort", "unsigned short",
        "unsigned short int", "uint16", "uint16_t"),
    4: ("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t", "float"),
    8: ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t",
        "ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t", "double"),
}  # fmt: skip
NRRD_PACKING = {"raw": Packing.PLAIN, "gzip": Packing.GZIP, "gz": Packing.GZIP}


@dataclass(frozen=True)
class _Header:
    """`fields` by lower-case name; `end`: where what follows the header begins."""

    fields: Mapping[str, str]
    end: int


def read_meta_header(path: Path, what: str) -> Declared:
    """InputError where the header is none or damaged, or the file of the voxels is missing."""
    header = _meta_fields(path, what)
    fields = header.fields
    size = _numbers(fields.get("dimsize", ""), what)
    channels = _numbers(fields.get("elementnumberofchannels", "1"), what)
    kind = fields.get("elementtype", "").removeprefix("MET_")
    if kind not in META_BYTES or channels != (1,):
        raise InputError(f"The {what} holds vectors, colours or other values; give an image with one number a voxel.")
    if fields.get("binarydata", "True").lower() == "false":
        raise InputError(f"The {what} holds its voxels as text; save it as a binary file.")
    if len(size) != _numbers(fields.get("ndims", "0"), what)[0]:
        raise InputError(f"The {what} has a damaged header; {AGAIN}.")
    packed = fields.get("compresseddata", "False").lower() == "true"
    file, offset = _meta_data(path, header, what)
    skipped = _numbers(fields.get("headersize", "0"), what)[0]
    if skipped > 0 and not packed:
        offset += skipped
    placed = bool({"offset", "position", "origin"} & fields.keys())
    return Declared(file, offset, Packing.ZLIB if packed else Packing.PLAIN, size, META_BYTES[kind], placed=placed)


def read_nrrd_header(path: Path, what: str) -> Declared:
    """InputError where the header is none or damaged, or the file of the voxels is missing."""
    header = _nrrd_fields(path, what)
    fields = header.fields
    size = _numbers(fields.get("sizes", ""), what)
    kind = fields.get("type", "")
    width = next((count for count, names in NRRD_BYTES.items() if kind in names), 0)
    packing = NRRD_PACKING.get(fields.get("encoding", "").lower())
    if not width:
        raise InputError(f"The {what} holds values of another type than numbers; give one number a voxel.")
    if packing is None:
        raise InputError(f"The {what} holds its voxels as text or in a rare compression; save it with gzip or raw.")
    if len(size) != _numbers(fields.get("dimension", "0"), what)[0]:
        raise InputError(f"The {what} has a damaged header; {AGAIN}.")
    apart = fields.get("data file", fields.get("datafile", ""))
    file, offset = (_beside(path, apart, what), 0) if apart else (path, header.end)
    lines = _numbers(fields.get("line skip", fields.get("lineskip", "0")), what)[0]
    behind = _numbers(fields.get("byte skip", fields.get("byteskip", "0")), what)[0]
    offset = _behind_lines(file, offset, lines)
    placed = "space directions" in fields and "space origin" in fields and "space" in fields
    if packing is Packing.PLAIN:
        return Declared(file, offset + max(behind, 0), packing, size, width, placed=placed)
    return Declared(file, offset, packing, size, width, max(behind, 0), placed)


def _meta_fields(path: Path, what: str) -> _Header:
    fields: dict[str, str] = {}
    end = 0
    for line in _lines(path, what):
        end += len(line)
        name, equals, value = line.decode("latin-1").partition("=")
        if not equals:
            break
        fields[name.strip().lower()] = value.strip()
        if name.strip() == "ElementDataFile":
            return _Header(fields, end)
    raise InputError(f"The {what} cannot be read as an image: it is no whole MetaImage file; {AGAIN}.")


def _nrrd_fields(path: Path, what: str) -> _Header:
    fields: dict[str, str] = {}
    end = 0
    lines = _lines(path, what)
    for number, line in enumerate(lines):
        end += len(line)
        text = line.decode("latin-1").rstrip("\r\n")
        if number == 0 and not text.startswith("NRRD000"):
            break
        if not text:
            return _Header(fields, end)
        name, colon, value = text.partition(":")
        if colon and not text.startswith("#") and not value.startswith("="):
            fields[name.strip().lower()] = value.strip()
    if fields.keys() & {"data file", "datafile"}:  # a header of its own may end without an empty line
        return _Header(fields, end)
    raise InputError(f"The {what} cannot be read as an image: it is no whole NRRD file; {AGAIN}.")


def _lines(path: Path, what: str) -> list[bytes]:
    with path.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    if not head:
        raise InputError(f"The {what} is empty; {AGAIN}.")
    return head.splitlines(keepends=True) if b"\n" not in head else [line + b"\n" for line in head.split(b"\n")]


def _meta_data(path: Path, header: _Header, what: str) -> tuple[Path, int]:
    name = header.fields["elementdatafile"]
    if name.upper() == "LOCAL":
        return path, header.end
    return _beside(path, name, what), 0


def _beside(path: Path, name: str, what: str) -> Path:
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(f"The {what} spreads its voxels over several files; save it as one file.")
    file = path.parent / name
    if not file.is_file():
        raise InputError(f"The {what} keeps its voxels in another file, which is missing; put it beside it.")
    return file


def _behind_lines(file: Path, offset: int, count: int) -> int:
    if count <= 0:
        return offset
    with file.open("rb") as opened:
        opened.seek(offset)
        return offset + sum(len(opened.readline()) for _ in range(count))


def _numbers(text: str, what: str) -> tuple[int, ...]:
    try:
        values = tuple(int(part) for part in text.split())
    except ValueError:
        values = ()
    if not values:
        raise InputError(f"The {what} has a damaged header; {AGAIN}.")
    return values
