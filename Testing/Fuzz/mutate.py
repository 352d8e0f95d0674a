"""Damages the sound file of a reader in many ways, always the same ones for a seed, and reads each.

    python Testing/Fuzz/mutate.py COUNT SEED [READER ...]

In a process of its own: a header that lies about a size can ask for all memory, which is limited here.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from Fuzz.readers import READERS
from Fuzz.samples import sample_of

MEMORY = 6 * 2**30
TOKENS = (
    b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 400, b"null", b"[]", b"{}", b"[" * 3000, b'"\\ud800"', b"\xff\xfe",
    b"\xef\xbb\xbf", b"\x1b[31m", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff", b"../..", b"true", b"abc",
    b'"a":1,"a":2,', b"\r", b'"', b",", b";", b"\t",
)  # fmt: skip


def damaged(sound: bytes, generator: random.Random) -> bytes:
    """One to four of: a byte changed, a token put in or over, a piece taken out or doubled, the end cut off."""
    content = bytearray(sound)
    for _ in range(generator.randrange(1, 5)):
        place = generator.randrange(len(content) + 1)
        length = generator.randrange(1, 40)
        token = generator.choice(TOKENS)
        way = generator.randrange(6)
        if way == 0 and place < len(content):
            content[place] = generator.randrange(256)
        elif way == 1:
            content[place:place] = token
        elif way == 2:
            content[place : place + len(token)] = token
        elif way == 3:
            del content[place : place + length]
        elif way == 4:
            content[place:place] = content[place : place + length]
        elif generator.random() < 0.2:
            del content[place:]
    return bytes(content)


def main(count: int, seed: int, readers: Sequence[str]) -> None:
    _limit_memory()
    for reader in readers or READERS:
        read_damaged(reader, count, seed)


def read_damaged(reader: str, count: int, seed: int) -> None:
    generator, sound, read = random.Random(seed), sample_of(reader), READERS[reader]
    for number in range(count):
        content = damaged(sound, generator)
        try:
            read(content)
        except Exception:
            print(f"{reader}, damage {number} of seed {seed}: {content[:300]!r}", file=sys.stderr)
            raise


def _limit_memory() -> None:
    with suppress(ImportError):  # Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
