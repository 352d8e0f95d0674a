"""Where the network that a run starts from marks what is no lesion: such places are drawn more often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..bundle.opening import read_settled_config
from ..bundle.summary import identity_of
from ..core import schema
from ..core.errors import InputError
from ..core.storage.signed_file import signed_file
from ..evaluation.detection import match_lesions, without_specks
from ..inference.device import Compute
from ..network.bundle import Bundle, load_bundle
from .cases import CaseShare, FalseFinding
from .starting import MINED_NAME, require_miner
from .validate import maps_of, unmirrored


@dataclass(frozen=True)
class Mined:
    """`model`: identity of the bundle whose network found them."""

    model: str
    findings: tuple[FalseFinding, ...]


def mined_by(start: Path | None, folder: Path, cases: CaseShare, compute: Compute) -> tuple[FalseFinding, ...]:
    """Of the bundle `start` in `cases`; kept in the run's folder, so that the run goes on with the same ones, even
    where it is not named again."""
    stored = read_mined(folder)
    require_miner(start, folder)
    if stored is not None and (start is None or stored.model == identity_of(read_settled_config(start))):
        return stored.findings
    assert start is not None
    bundle = load_bundle(start, compute.torch_device)
    mined = Mined(bundle.sha256, tuple(false_findings(bundle, cases, compute)))
    with signed_file(folder / MINED_NAME) as path:
        path.write_text(json.dumps(schema.to_dict(mined)), encoding="utf-8")
    return mined.findings


def false_findings(bundle: Bundle, cases: CaseShare, compute: Compute) -> Iterator[FalseFinding]:
    """Components of the base mask, as large as the bundle's smallest lesion, that find no lesion."""
    read = unmirrored(bundle)
    for number, case in enumerate(tqdm(cases, "false findings", len(cases), unit="case")):
        margin = maps_of(read, case, compute)["base_margin"]
        marked = without_specks(margin > 0, case.spacing_mm, bundle.config.minimum_lesion_ml)
        matching = match_lesions(case.lesions, marked)
        for component in matching.false_positives:
            highest = np.where(matching.components == component, margin, -np.inf).argmax()
            z, y, x = (int(place) for place in np.unravel_index(highest, margin.shape))
            yield FalseFinding(number, (z, y, x))


def read_mined(folder: Path) -> Mined | None:
    """What the run in `folder` mined; None where it did not. InputError where the file is damaged."""
    path = folder / MINED_NAME
    if not path.is_file():
        return None
    remedy = "begin the run in another folder"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"'{MINED_NAME}' in the run's folder is damaged; {remedy}.") from None
    return schema.from_dict(Mined, stored, f"'{MINED_NAME}'", remedy)
