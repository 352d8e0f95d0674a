"""What prompts that give a place are worth, as a section of a model card."""

from __future__ import annotations

from collections.abc import Mapping

from .markdown import Report, estimate_text, head_row, section
from .prompt_figures import SHOWN


def prompts_section(families: Report, names: Mapping[str, str]) -> str:
    """`families`: of `prompts_report`; `names`: what the families are called."""
    counted = "; ".join(
        f"{names[name]}: {one['studies']} studies, {one['positives']} with a lesion, {one['lesions']} lesions in the "
        "gland"
        for name, one in families.items()
    )
    intro = (
        "Reported apart from all other figures, since the place of a lesion is given. Synthetic studies on a 0.75 x "
        f"0.75 x 3 mm grid ({counted}); places are told from the true zones; what is found is what `segment --prompt` "
        "marks at the bundle's gate."
    )
    rows = [f"| {' | '.join([text, *(_cell(key, one) for one in families.values())])} |" for key, text in SHOWN.items()]
    return section("Prompts that give a place", intro, head_row(["figure", *(names[name] for name in families)]), rows)


def _cell(key: str, family: Report) -> str:
    count = family["counts"].get(key)
    return estimate_text(family["figures"][key]) + ("" if count is None else f", of {count}")
