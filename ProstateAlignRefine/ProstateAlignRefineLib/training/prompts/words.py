"""What each word of place means, taught at every voxel of the gland and not at lesions alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ...core.anatomy import GlandZone
from ...core.lexicon import LESION
from ...core.places import MEDIAL_SHARE, MIDLINE_MM
from ...core.sizes import SizeClass, size_class
from ...network.prompted.head import COORDINATES, ZONES, PromptedHead
from .cases import PromptCase

VOXELS, VOXELS_OF_LESION = 500, 60
_SIDE_MM = 10.0  # of one unit of the coordinate to the left
_THING = COORDINATES + ZONES  # what a voxel belongs to stands behind its own place
_CERTAIN = 1e-4


def word_loss(head: PromptedHead, case: PromptCase, rng: np.random.Generator) -> Tensor:
    """Cross-entropy of "this word fits here" over words of place and voxels of the gland, by what they belong to."""
    inside = torch.nonzero(case.place[:, _THING + COORDINATES + GlandZone.OUTSIDE] < 0.5).flatten().numpy()
    if not len(inside):
        return torch.zeros(())
    place = case.place[torch.from_numpy(rng.choice(inside, min(VOXELS, len(inside)), replace=False))].float()
    numbers = {concept: number for number, concept in enumerate(head.settings.concepts)}
    text = head.tower([(numbers[LESION], numbers[word]) for word in _MEANINGS])
    fit = head.fits(head.place(place), text).sum(dim=1).clamp(max=-_CERTAIN)
    meant = torch.stack([meaning(place[:, _THING:]) for meaning in _MEANINGS.values()])
    return -torch.where(meant, fit, torch.log1p(-fit.exp())).mean()


def size_loss(head: PromptedHead, case: PromptCase, rng: np.random.Generator) -> Tensor:
    """The same of the words of size, at voxels of lesions, by the lesions' true diameters."""
    numbers = {concept: number for number, concept in enumerate(head.settings.concepts)}
    text = head.tower([(numbers[LESION], numbers[size.value]) for size in SizeClass])
    losses = []
    for label, lesion in case.described.items():
        inside = torch.nonzero(case.lesions == label).flatten().numpy()
        place = case.place[torch.from_numpy(rng.choice(inside, min(VOXELS_OF_LESION, len(inside)), replace=False))]
        fit = head.fits(head.place(place.float()), text).sum(dim=1).clamp(max=-_CERTAIN)
        meant = torch.tensor([[size is size_class(lesion.diameter_mm)] for size in SizeClass])
        losses.append(-torch.where(meant, fit, torch.log1p(-fit.exp())).mean())
    return torch.stack(losses).mean() if losses else torch.zeros(())


def _left_mm(thing: Tensor) -> Tensor:
    return thing[:, 0] * _SIDE_MM


def _zone(thing: Tensor, zone: GlandZone) -> Tensor:
    shares = thing[:, COORDINATES + 1 : COORDINATES + ZONES]
    return shares.argmax(dim=1) + 1 == int(zone)


def _anterior(thing: Tensor) -> Tensor:
    """See core.places: the front half of the zone, and the whole stroma."""
    peripheral = _zone(thing, GlandZone.PERIPHERAL) & (thing[:, 3] < 0)
    transition = _zone(thing, GlandZone.TRANSITION) & (thing[:, 4] < 0)
    return peripheral | transition | _zone(thing, GlandZone.ANTERIOR_STROMA)


def _behind_in_peripheral(thing: Tensor) -> Tensor:
    return _zone(thing, GlandZone.PERIPHERAL) & (thing[:, 3] >= 0)


def _is_medial(thing: Tensor) -> Tensor:
    return thing[:, 1].abs() < MEDIAL_SHARE


_MEANINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "left": lambda thing: _left_mm(thing) > MIDLINE_MM,
    "right": lambda thing: _left_mm(thing) < -MIDLINE_MM,
    "midline": lambda thing: _left_mm(thing).abs() <= MIDLINE_MM,
    "apex": lambda thing: thing[:, 2] < -1 / 3,
    "mid": lambda thing: (thing[:, 2] >= -1 / 3) & (thing[:, 2] < 1 / 3),
    "base": lambda thing: thing[:, 2] >= 1 / 3,
    "peripheral": lambda thing: _zone(thing, GlandZone.PERIPHERAL),
    "transition": lambda thing: _zone(thing, GlandZone.TRANSITION),
    "central": lambda thing: _zone(thing, GlandZone.CENTRAL),
    "stroma": lambda thing: _zone(thing, GlandZone.ANTERIOR_STROMA),
    "anterior": _anterior,
    "posterior": lambda thing: ~_anterior(thing),
    "lateral": lambda thing: _behind_in_peripheral(thing) & ~_is_medial(thing),
    "medial": lambda thing: _behind_in_peripheral(thing) & _is_medial(thing),
}
