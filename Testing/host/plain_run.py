"""A run as reports tell it, where a test asks for nothing special."""

from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.results.run import Run


def a_run(notice: str) -> Run:
    """With the bundle's own gate and prompt; `notice`: what the model says of itself."""
    return Run(
        model=ModelFacts("a model", "cd" * 32, notice, 0.35, 0.25, "prostate lesion", 0.05),
        prompt="prostate lesion",
        device="cpu",
        precision="fp32",
        sources={},
        versions={},
        seconds={},
    )
