"""What studies cost on this machine's CPU: one that is segmented alone, and many among threads or processes.

    python Testing/Benchmarks/bench_studies.py [--studies 8] [--rounds 3] [--study FOLDER]

Synthetic studies are made first; FOLDER, a DICOM study, is measured alone in the first one's place. Each way starts
Python anew, as a command does, all take turns in every round, and what counts is the processor time of all processes,
which other work on the machine lengthens less than the time by the clock.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from spent import spent

SWITCHES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE")


def user_spent(*arguments: object) -> tuple[float, float]:
    """Processor and clock seconds of a command, with no more said of threads than a user says."""
    return spent(list(arguments), {name: value for name, value in os.environ.items() if name not in SWITCHES})


def made_studies(folder: Path, count: int) -> list[Path]:
    for seed in range(count):
        user_spent("phantom", "-o", folder / f"study-{seed}", "--seed", seed)
    return [folder / f"study-{seed}" / "dicom" for seed in range(count)]


def listed(folder: Path, studies: list[Path], name: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("case,study\n" + "".join(f"study-{n},{study}\n" for n, study in enumerate(studies)))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--study", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        studies = made_studies(folder, asked.studies)
        one = asked.study.resolve() if asked.study else studies[0]
        twice, all_of_them = listed(folder, [one, one], "twice"), listed(folder, studies, "all")
        ways = {
            "one study": ("segment", one),
            "the same study twice, one process": ("segment-cohort", twice, "--workers", 1),
            f"{len(studies)} studies, one process": ("segment-cohort", all_of_them, "--workers", 1),
            f"{len(studies)} studies, two processes": ("segment-cohort", all_of_them, "--workers", 2),
        }
        rows: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for number in range(asked.rounds):
            for place, (way, arguments) in enumerate(ways.items()):
                rows[way].append(user_spent(*arguments, "-o", folder / f"out-{number}-{place}"))
        print(f"{os.cpu_count()} cores, {asked.rounds} rounds, medians\n\n| way | CPU s | s |\n| --- | --- | --- |")
        for way, figures in rows.items():
            cpu, clock = np.median(figures, axis=0)
            print(f"| {way} | {cpu:.1f} | {clock:.1f} |")


if __name__ == "__main__":
    main()
