"""Which series of a DICOM study to read: options that the commands which read studies share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.study import Modality
from .numbers import whole


@dataclass(frozen=True, kw_only=True)
class SeriesOptions:
    """Series numbers, None: the automatic choice. `trust_positions`, `study`: see `load_study`."""

    t2w_series: int | None = None
    adc_series: int | None = None
    hbv_series: int | None = None
    trust_positions: bool = False
    study: str = ""

    @property
    def choices(self) -> Mapping[Modality, int]:
        """What the user set."""
        numbers = zip(Modality, (self.t2w_series, self.adc_series, self.hbv_series), strict=True)
        return {modality: number for modality, number in numbers if number is not None}


def add_series_options(parser: argparse.ArgumentParser) -> None:
    """--t2w-series, --adc-series and --hbv-series, the user's own choice; --study; --trust-positions."""
    for modality in Modality:
        words = f"series number to read as {modality.name}, instead of the automatic choice"
        parser.add_argument(f"--{modality.value}-series", type=whole(0, 2**31 - 1), metavar="N", help=words)
    words = "of several studies: its number in `inspect --studies`, or its Study Instance UID"
    parser.add_argument("--study", default="", metavar="N|UID", help=words)
    add_trust_option(parser)


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """--trust-positions."""
    words = "compare positions of DICOM series that name different frames of reference or studies"
    parser.add_argument("--trust-positions", action="store_true", help=words)
