"""Any zone as bright on T2W as any other: what then stays of a lesion is how it differs from what it grows in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class ZoneContrast:
    """`share` of the patches have each zone, and what lies outside the gland, made brighter or darker by up to `most`
    standard deviations of the T2W, with edges as soft as a voxel. After SynthSeg (Billot et al. 2023)."""

    share: float = 0.0
    most: float = 0.0

    def changed(self, image: Tensor, zones: Tensor, rng: np.random.Generator) -> Tensor:
        """Image [C, Z, Y, X], whose first channel is a z-scored T2W; zones [1, Z, Y, X], codes of `GlandZone`."""
        if rng.random() >= self.share:
            return image
        codes = zones[0].long()
        steps = torch.from_numpy(rng.uniform(-self.most, self.most, int(codes.max()) + 1).astype(np.float32))
        shift = F.avg_pool2d(steps[codes][:, None], 3, 1, 1, count_include_pad=False)[:, 0]
        return torch.cat([(image[0] + shift)[None], image[1:]])


NO_CONTRAST = ZoneContrast()
