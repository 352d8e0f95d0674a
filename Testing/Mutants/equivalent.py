"""Changes that change nothing: the line as it would read, and why no test can notice it."""

# ruff: noqa: E501 - lines as they would stand in the library
REASONS = {
    "vectors = [columns[:, axis] * np.sign(columns[row, axis] or 2.0) for row, axis in enumerate((left, back, up))]": "the largest component of a unit vector is never 0",
    "carry_character_set(sources[ 1], report)": "all slices of a series have one character set",
    'slope, intercept = float(f"{max(1e-9, high - low) / 65535:.10g}"), float(f"{low:.10g}")': "the larger of two, in whatever order",
    "frozenset(one.frames[ 1].frame_of_reference for one in candidates if one.kind in _DIFFUSION),": "slices of a volume share their frame of reference",
    'for name in ("refined_margin", "base_margin"):': "each is lowered by itself",
    "return _mapped(lambda tensors: tensors[ -1].flip(dimensions), [output])": "one tensor alone",
    "Finished(request.request, used.description, used.precision, _smaller(used, compute), result.seconds, versions())": "both ways the devices differ or do not",
    "largest = on_grid(shares[GlandZone.OUTSIDE], 0.0)": "no share is above the other where both are 0",
    'if precision == "bf16" and chosen.type >= "cuda" and not torch.cuda.is_bf16_supported():': "of cpu and cuda only one is not before cuda",
    "needed = (self.nodes.review, self.nodes.lesions, self.inputs.t2w)": "both must be there, in whatever order",
    "high = tuple(min(a, b) for b, a in zip(self.high, other.high, strict=True))": "the smaller of two, in whatever order",
    "typical, highest = (float(v) for v in np.percentile(above, (50, 99.5))) if above.size else ( 1.0, 0.0)": "no rule speaks for a median of 0 or 1",
    "first, second = other.GetParentTransformNode(), one.GetParentTransformNode()": "an identity, whichever way round",
    'HeatmapLoss = Literal["plain", "balanced", "tempered"]': "a set of words",
}
