"""The same readers, fuzzed by Atheris, which seeks inputs that reach new code; the first byte chooses the reader.

    python Testing/Fuzz/guided.py FOLDER [-runs=N] [-seed=S]

FOLDER gets the sound samples to begin with; a failure is left there as crash-*.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["ProstateAlignRefineLib"]):
    from Fuzz.readers import READERS
    from Fuzz.samples import sample_of

NAMES = tuple(name for name in READERS if name not in ("nifti", "nifti-gz", "metaimage"))  # not Python: nothing guides


def read(content: bytes) -> None:
    if content:
        READERS[NAMES[content[0] % len(NAMES)]](content[1:])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(bytes([number]) + sample_of(name))
    atheris.Setup([sys.argv[0], f"-artifact_prefix={folder}/", *sys.argv[2:], str(folder)], read)
    atheris.Fuzz()
