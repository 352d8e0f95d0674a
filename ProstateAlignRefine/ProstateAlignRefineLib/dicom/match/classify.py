"""The volumes that DICOM series hold, by b-value, direction and echo time, and what each was taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.checks.study_geometry import PLANES
from ...core.geometry import Grid
from ...core.match.evidence import SeriesEvidence, SeriesHeader
from ...core.match.rules import Judgement, Kind, judge, names_diffusion
from ..read.b_value import BValue
from ..read.dataset import UnreadableError
from ..read.frames import Frame
from ..read.scaling import adc_scaling, signal_scaling
from ..read.stack import IrregularError, Stack, normal_of, stack_of
from ..read.volume import read_volume

_LEFT_OUT = BValue(0.0, "")


@dataclass(frozen=True)
class SeriesVolume:
    """One volume that a series holds, and what it was taken for.

    `stack` is None where the geometry gate refuses the slices, and `problem` then says why.
    """

    frames: tuple[Frame, ...]
    evidence: SeriesEvidence
    judgement: Judgement
    stack: Stack | None
    problem: str

    @property
    def series(self) -> str:
        """Series Instance UID (0020,000E) of the first slice."""
        return self.frames[0].series

    @property
    def kind(self) -> Kind:
        """What the rules take it for."""
        return self.judgement.kind

    @property
    def b_value(self) -> float | None:
        """s/mm2."""
        return self.evidence.b_value

    @property
    def grid(self) -> Grid | None:
        """In LPS mm; None where the slices make no regular stack."""
        return self.stack.grid if self.stack else None

    @property
    def name(self) -> str:
        """How the user is told of it: series number and description."""
        number, description = self.frames[0].series_number, self.frames[0].description
        label = "series without a number" if number is None else f"series {number}"
        return f"{label} ({description})" if description else label

    def image(self, is_adc: bool) -> sitk.Image | None:
        """Its voxels in LPS; None where they cannot be read."""
        try:
            return read_volume(self.stack, is_adc)[0] if self.stack else None
        except UnreadableError:
            return None


def classify_series(frames: Sequence[Frame]) -> tuple[SeriesVolume, ...]:
    """The volumes of one series, each with its kind."""
    return tuple(_series_volume(volume, header) for volume, header in volumes_of(frames))


def volumes_of(frames: Sequence[Frame]) -> Iterator[tuple[tuple[Frame, ...], SeriesHeader]]:
    """The slices of each volume of one series, and what they say."""
    b_values = _b_values(frames)
    volumes: dict[tuple[object, ...], list[tuple[Frame, BValue | None]]] = {}
    for frame, b in zip(frames, b_values, strict=True):
        adc = "ADC" in frame.image_type
        key = ("ADC",) if adc else (b and b.value, frame.direction, None if b else frame.echo_time)
        volumes.setdefault(key, []).append((frame, b))
    distinct = len({b.value for b in b_values if b})
    for members in volumes.values():
        volume = tuple(frame for frame, _ in members)
        yield volume, _header(volume, members[0][1], distinct)


def orientation_of(frames: Sequence[Frame]) -> str:
    """axial, sagittal or coronal by the normal's largest component; mixed where the slices disagree."""
    normals = np.abs([normal_of(frame.orientation) for frame in frames])
    names = {PLANES[int(axis)] for axis in normals.argmax(axis=1)}
    return names.pop() if len(names) == 1 and np.ptp(normals, axis=0).max() < 0.01 else "mixed"


def _header(frames: Sequence[Frame], b: BValue | None, b_values_in_series: int) -> SeriesHeader:
    frame = frames[0]
    return SeriesHeader(
        number=frame.series_number,
        description=frame.description,
        image_type=frozenset(frame.image_type),
        scanning_sequence=frame.scanning_sequence,
        echo_time=frame.echo_time,
        repetition_time=frame.repetition_time,
        b_value=b.value if b else None,
        b_source=b.source if b else "",
        b_values_in_series=max(b_values_in_series, 1),
        directional=bool(frame.direction),
        frame_of_reference=frame.frame_of_reference,
        seconds=min((one.seconds for one in frames if one.seconds is not None), default=None),
    )


def _b_values(frames: Sequence[Frame]) -> list[BValue | None]:
    """Of each frame; where only some of a series tell one, the others are b = 0 (GE leaves it out there).

    A series of nothing but b = 0 counts only if it looks like diffusion: Philips tells b = 0 of every image.
    """
    if any(frame.b_value and frame.b_value.value > 0 for frame in frames) or (
        _looks_like_diffusion(frames[0]) and any(frame.b_value for frame in frames)
    ):
        return [frame.b_value or _LEFT_OUT for frame in frames]
    return [None] * len(frames)


def _looks_like_diffusion(frame: Frame) -> bool:
    echo_planar = "EP" in frame.scanning_sequence
    return echo_planar or "DIFFUSION" in frame.image_type or names_diffusion(frame.description)


def _series_volume(frames: tuple[Frame, ...], header: SeriesHeader) -> SeriesVolume:
    stack, problem, step = None, "", 0.0
    try:
        stack = stack_of(frames)
        step = stack.grid.spacing[2]
    except IrregularError as irregular:
        problem = str(irregular)
    pixel = max(frames[0].spacing)
    seen = SeriesEvidence(header.description, header, orientation_of(frames), len(frames), pixel, step)
    judgement = judge(seen)
    fault = _scaling_fault(frames, judgement.kind)
    if fault:
        stack, problem = None, problem or fault
    return SeriesVolume(frames, seen, judgement, stack, problem)


def _scaling_fault(frames: Sequence[Frame], kind: Kind) -> str:
    """Why the stored values cannot be read as what they measure; empty where they can."""
    if kind is Kind.ADC:
        scalings = [adc_scaling(frame.scalings) for frame in frames]
        faults = Counter(one.fault for one in scalings if one.fault)
        if len({tuple((used.source, used.factor) for used in one.used) for one in scalings}) > 1 and not faults:
            return "its slices name different scalings or units"
    else:
        faults = Counter(fault for frame in frames if (fault := signal_scaling(frame.scalings).fault))
    if faults:
        fault, count = faults.most_common(1)[0]
        return f"{fault} in {count} of {len(frames)} slices"
    return ""
