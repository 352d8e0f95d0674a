"""What a checkpoint holds under its weights' names, looked at before anything is made of it."""

from typing import Any

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.checkpoint_file import distinct_weights


@pytest.mark.fault("a checkpoint whose weights are no numbers, or bear no names", "which entries")
@pytest.mark.parametrize("extra", [{7: torch.zeros(1)}, {"x": "text"}, {"x": torch.tensor([1])}], ids=str)
def test_weights_that_are_none_are_named(extra: dict[Any, Any]) -> None:
    with pytest.raises(InputError, match=f"not a tensor of numbers: {next(iter(extra))}"):
        distinct_weights({"network_weights": extra}, 2)
