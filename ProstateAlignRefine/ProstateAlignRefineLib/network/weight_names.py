"""The authors' names of weights: which repeat others, and what each is called here."""

from __future__ import annotations

import re

SHARED_ENCODER, REFINED_HEAD = "decoder.encoder.", "_refine_head.head."

# The first matching pattern of each group is applied, group after group.
_PARTS = (
    (r"^bottleneck_fusion\.", "fusions.{last}."),
    (r"^skip_fusions\.", "fusions."),
    (r"^decoder\.stages\.(\d+)\.", r"decoder.levels.\1.blocks."),
    (r"^decoder\.upsample_layers\.(\d+)\.conv\.", r"decoder.levels.\1.reduce."),
    (r"^decoder\.seg_layers\.(\d+)\.", r"decoder.heads.\1."),
    (r"^align_conv\.", "similarity.image_projections.0."),
    (r"^text_proj\.", "similarity.text_projection."),
    (r"^_refiner\.mha\.", "refiner.attention."),
    (r"^_refiner\.", "refiner."),
    (r"^(encoders\.\d+\.(?:stem|stages)\.)", r"\1"),
)
_BLOCKS = (
    (r"^(fusions\.\d+)\.block\.0\.", r"\1.conv."),
    (r"^(fusions\.\d+)\.block\.1\.", r"\1.norm."),
    (r"\.conv([12])\.conv\.", r".conv\1."),
    (r"\.conv([12])\.norm\.", r".norm\1."),
    (r"\.conv3\.", ".shortcut."),
)


def repeated_name(name: str, stages: int) -> str | None:
    """The weight that `name` repeats, or None where `name` is a weight of its own.

    The decoder holds the first encoder a second time, conv-norm blocks list their layers once more under
    `all_modules`, and the refiner's head is the decoder's finest segmentation head.
    """
    original = name.replace(".all_modules.0.", ".conv.").replace(".all_modules.1.", ".norm.")
    if original.startswith(SHARED_ENCODER):
        original = "encoders.0." + original.removeprefix(SHARED_ENCODER)
    if original.startswith(REFINED_HEAD):
        original = f"decoder.seg_layers.{stages - 2}." + original.removeprefix(REFINED_HEAD)
    return original if original != name else None


def own_name(name: str, stages: int) -> str | None:
    """What the authors' weight `name` is called in this network, or None where the name is not known."""
    for pattern, replacement in _PARTS:
        renamed, matches = re.subn(pattern, replacement.format(last=stages - 1), name)
        if matches:
            break
    else:
        return None
    for pattern, replacement in _BLOCKS:
        renamed = re.sub(pattern, replacement, renamed)
    return renamed
