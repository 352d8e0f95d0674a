"""A bundle's networks for engines without torch: exported, compared with torch on studies, and only then written."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..bundle.engine_files import ENGINE_FILES, PROMPTED_SETTINGS
from ..bundle.ensemble import require_single
from ..bundle.rewriting import rewrite_bundle
from ..bundle.summary import CARD_FILE
from ..core.errors import InputError
from ..core.maps import MAP_NAMES, SHARES, Maps
from ..core.study import Study
from ..inference.asking import with_prompt
from ..inference.device import FAST_CPU, Compute, on_torch_cpu
from ..inference.engine.choice import Loaded, load_for
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


def agreement(bundle: Bundle, exported: Loaded) -> Agreement:
    """On three synthetic studies, to the bundle's own prompt and, with a prompted head, to another one."""
    prompts = [bundle.config.prompt, *([SECOND_PROMPT] if PROMPTED_SETTINGS in bundle.config.files else [])]
    margins, shares = [0.0], [0.0]
    for seed in SEEDS:
        study = make_phantom(seed, Sampling.of_field(SPACING_MM, FIELD_MM)).study
        both = zip(
            _answers(bundle, study, prompts, on_torch_cpu()),
            _answers(exported, study, prompts, Compute(FAST_CPU, "fp32")),
            strict=True,
        )
        for one, other in both:
            for name in MAP_NAMES:
                difference = float(np.abs(getattr(one, name) - getattr(other, name)).max())
                (shares if name in SHARES else margins).append(difference)
    return Agreement(max(margins), max(shares))


def _answers(bundle: Loaded, study: Study, prompts: list[str], compute: Compute) -> list[Maps]:
    forwarded = forward_pass(study, bundle, compute, _silent)
    return [answer(forwarded, with_prompt(bundle, prompt), _silent).maps for prompt in prompts]


def _silent(_stage: str, _done: int, _whole: int) -> None:
    """Progress that nobody watches."""
