"""A bundle's networks for engines without torch: exported, compared with torch on studies, and only then written."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..bundle.engine_files import ENGINE_FILES, PROMPTED_SETTINGS
from ..bundle.ensemble import require_single
from ..bundle.rewriting import rewrite_bundle
from ..bundle.summary import CARD_FILE
from ..core.anatomy import GlandZone
from ..core.errors import InputError
from ..core.maps import MAP_NAMES, SHARES
from ..core.plain_lines import remark
from ..inference.asking import with_prompt
from ..inference.device import FAST_CPU, Compute, on_torch_cpu
from ..inference.engine.choice import Loaded, load_for
from ..inference.predictor import plan_forwards, undoubted
from ..inference.segment import answer, forward_pass
from ..network.bundle import Bundle, load_bundle
from ..network.graphs import engine_graphs
from ..phantom import Sampling, make_phantom

MARGIN_TOLERANCE = 1e-2
"""Log-odds. Beyond it, or beyond the shares' tolerance anywhere, an export is refused."""
SHARE_TOLERANCE = 2e-3
SEEDS = (61, 62, 63)
SPACING_MM, FIELD_MM = (1.5, 1.5, 3.0), (108.0, 96.0, 66.0)
SECOND_PROMPT = "left lesion"
SHARES_AT = (*map(MAP_NAMES.index, SHARES), *range(len(MAP_NAMES), len(MAP_NAMES) + len(GlandZone)))
"""Of what a network gives; the rest are margins, and decoder features, which are held to the margins' tolerance."""


@dataclass(frozen=True)
class Agreement:
    """The largest differences between the engines on all studies and prompts."""

    margin: float
    share: float

    @property
    def tolerable(self) -> bool:
        """Whether answers differ by less than a reader could see."""
        return self.margin <= MARGIN_TOLERANCE and self.share <= SHARE_TOLERANCE


def write_engine_files(path: Path) -> Agreement:
    """Adds to the bundle `path`, in place, what engines without torch read.

    InputError where onnx is missing, and where an answer differs from torch's by more than the tolerance: the bundle
    then stays as it is.
    """
    bundle = load_bundle(path)
    require_single(bundle.config, "exported itself")
    graphs = engine_graphs(bundle)
    kept = {name: digest for name, digest in bundle.config.files.items() if name not in ENGINE_FILES}
    config, card = replace(bundle.config, files=kept), (path / CARD_FILE).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        rewrite_bundle(path, draft, config, card, graphs)
        found = agreement(bundle, load_for(draft, without_torch=True))
        shutil.rmtree(draft)
    if not found.tolerable:
        raise InputError(
            f"The exported network is refused: its margins differ from torch's by up to {found.margin:.2g} and its "
            f"shares by {found.share:.2g}; {MARGIN_TOLERANCE:g} and {SHARE_TOLERANCE:g} are allowed. The bundle runs "
            "with torch as before."
        )
    rewrite_bundle(path, path, config, card, graphs)
    return found


def offer_engine_files(path: Path) -> None:
    """`write_engine_files` where that goes. Else it is said why, and no more: hours of training do not end in an error
    for what a bundle can do without."""
    try:
        write_engine_files(path)
    except InputError as error:
        remark(str(error))


def agreement(bundle: Bundle, exported: Loaded) -> Agreement:
    """On three synthetic studies, to the bundle's own prompt and, with a prompted head, to another one.

    Each engine is given what torch gives it: a voxel at the gland's edge that rounding puts on its other side moves the
    doubt about it by tenths of a logit, which is no fault of an export.
    """
    prompts = [bundle.config.prompt, *([SECOND_PROMPT] if PROMPTED_SETTINGS in bundle.config.files else [])]
    margins, shares = [0.0], [0.0]
    for seed in SEEDS:
        study = make_phantom(seed, Sampling.of_field(SPACING_MM, FIELD_MM)).study
        seen = forward_pass(study, bundle, on_torch_cpu(), _silent)
        both = [tuple(_network_maps(each, seen.region.volumes) for each in (bundle, exported))]
        for prompt in prompts:
            answers = [answer(seen, with_prompt(each, prompt), _silent).maps for each in (bundle, exported)]
            both.append(tuple(np.stack([getattr(maps, name) for name in MAP_NAMES]) for maps in answers))
        for first, second in both:
            away = np.abs(first - second).reshape(len(first), -1).max(axis=1)
            of_share = np.isin(np.arange(len(away)), SHARES_AT)
            shares += away[of_share].tolist()
            margins += away[~of_share].tolist()
    return Agreement(max(margins), max(shares))


def _network_maps(bundle: Loaded, volumes: NDArray[np.float32]) -> NDArray[np.float32]:
    compute = on_torch_cpu() if isinstance(bundle, Bundle) else Compute(FAST_CPU, "fp32")
    plan = plan_forwards(bundle, volumes.shape[1:], compute)
    return undoubted(bundle, volumes, plan, compute, lambda _done, _all: None)


def _silent(_stage: str, _done: int, _whole: int) -> None:
    """Progress that nobody watches."""
