"""An ensemble's answer: the mean of what its networks say of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .engine.protocol import Outputs, Values


def averaged(outputs: Sequence[Outputs]) -> Outputs:
    """As if one network had said it: its margins are the mean margins, its similarity and its shares of the zones the
    mean shares. The decoder's features have no mean and are left out. One output is given back as it is.
    """
    if len(outputs) == 1:
        return outputs[0]
    base, refined, similarity, zones, _features = (np.stack(parts) for parts in zip(*outputs, strict=True))
    # Log-odds of the mean share, from logarithms, since shares near 0 and 1 have lost theirs.
    found, not_found = (_log_mean(-np.logaddexp(0, sign * similarity)) for sign in (-1, 1))
    shares = _log_mean(zones - np.logaddexp.reduce(zones, axis=1)[:, None]) if zones.shape[1] else zones[0]
    nothing = np.zeros((0, *base.shape[2:]), np.float32)
    return Outputs(base.mean(axis=0), refined.mean(axis=0), found - not_found, shares, nothing)


def _log_mean(logarithms: Values) -> Values:
    """The logarithm of the mean over the first axis of what has these logarithms."""
    mean: Values = np.logaddexp.reduce(logarithms, axis=0) - np.float32(np.log(len(logarithms)))
    return mean
