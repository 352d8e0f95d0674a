"""Attention, also where it is exported for another engine."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


def attended(layer: nn.MultiheadAttention, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """`layer` of queries [B, V, D], keys and values [B, L, D], of which `mask` [B, L] tells the real ones."""
    if torch.onnx.is_in_onnx_export():
        return _in_free_sizes(layer, queries, keys, values, mask)
    result, _ = layer(queries, keys, values, key_padding_mask=~mask, need_weights=False)
    attended: Tensor = result
    return attended


def _in_free_sizes(layer: nn.MultiheadAttention, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """The same in evaluation, in operators that keep no size of the example: torch's own keep two."""
    weights, biases = layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3)
    q, k, v = (
        linear(part, weight, bias).unflatten(-1, (layer.num_heads, layer.head_dim)).transpose(1, 2)
        for part, weight, bias in zip((queries, keys, values), weights, biases, strict=True)
    )
    scores = q @ k.transpose(-2, -1) / math.sqrt(layer.head_dim)
    share = scores.masked_fill(~mask[:, None, None], -math.inf).softmax(dim=-1)
    result: Tensor = layer.out_proj((share @ v).transpose(1, 2).flatten(2))
    return result
