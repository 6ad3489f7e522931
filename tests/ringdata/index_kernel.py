# SPDX-License-Identifier: Apache-2.0
"""haoliuhl's ring attention on four CPU devices, on slices of two orders: how far each is from full attention.

    python -m tests.ringdata.index_kernel FOLDER

One line an order: its name, and the largest difference over the largest value.
"""

import sys
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange  # type: ignore[import-not-found, unused-ignore]
from jax import lax
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from numpy.typing import NDArray

from ringdata import RingBlocks
from tests.ringdata.library_code import of_library

RING, HEADS, WIDTH, HOURS = 4, 2, 8, 128
NAMES = {"ring_attention", "_ring_attention_fwd", "_ring_attention_bwd", "_chunk_attention_bias"}
NAMES |= {"_blockwise_attention_fwd", "_blockwise_attention_bwd", "below_or_on_diag"}


def main(folder: str) -> None:
    """Print the lines."""
    for order in ("contiguous", "zigzag"):
        print(order, off(folder, order))


def off(folder: str, order: str) -> float:
    """Of the ring on slices of an order, put back by position and slot."""
    slots = RingBlocks(folder, split="train", context=8192).slots
    words: dict[str, Any] = {"split": "train", "context": HOURS * slots}
    ranks = [RingBlocks(folder, ring_size=RING, ring_rank=r, order=order, **words)[1] for r in range(RING)]
    held = {name: np.concatenate([rank[name] for rank in ranks]) for name in ranks[0]}
    queries = tuple(inputs(held, seed) for seed in range(3))
    found = np.asarray(ring(slots)(*queries))[0]
    q, k, v = (field[0] for field in queries)
    wanted = full(q, k, v, held["position"])
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def inputs(held: dict[str, NDArray[Any]], seed: int) -> NDArray[np.float32]:
    """Queries, keys or values [1, tokens, heads, width], a function of what each token holds."""
    turn = np.random.default_rng(seed).normal(size=(3, HEADS * WIDTH))
    what = np.stack([held["value"] / 20_000, np.sin(held["position"] / 4), held["slot"] / 4])
    return np.asarray((what.T @ turn).reshape(1, -1, HEADS, WIDTH), np.float32)


def ring(slots: int) -> Any:
    """The library's kernel over four devices, causal by blocks of an hour."""
    code = of_library("ringattention/ringattention_jax.py", NAMES, jax=jax, lax=lax, jnp=jnp, partial=partial)
    code["rearrange"] = rearrange
    chunks = {"causal_block_size": slots, "query_chunk_size": 64, "key_chunk_size": 64}
    plain = {"deterministic": True, "dropout_rng": None, "attn_pdrop": 0.0, "dtype": jnp.float32, "prevent_cse": True}
    how = chunks | plain | {"policy": jax.checkpoint_policies.nothing_saveable, "precision": None}
    mesh, parted = Mesh(np.array(jax.devices()), ("ring",)), P(None, "ring")

    def on_rank(q: Any, k: Any, v: Any) -> Any:
        return code["ring_attention"](q, k, v, None, None, None, "ring", True, how)

    return jax.jit(
        jax.shard_map(on_rank, mesh=mesh, in_specs=(parted, parted, parted), out_specs=parted, check_vma=False)
    )


def full(q: Any, k: Any, v: Any, position: NDArray[Any]) -> NDArray[Any]:
    """Every token sees those of its own hour and before, in float64: [tokens, heads, width]."""
    scores = np.einsum("qhd,khd->hqk", np.float64(q), np.float64(k)) / WIDTH**0.5
    scores = np.where(position[None, None, :] <= position[None, :, None], scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(np.einsum("hqk,khd->qhd", weights / weights.sum(axis=-1, keepdims=True), np.float64(v)))


if __name__ == "__main__":
    main(sys.argv[1])
