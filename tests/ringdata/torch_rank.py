# SPDX-License-Identifier: Apache-2.0
"""One of several torch processes: what `context_parallel` cuts and computes, beside what our reader hands this rank.

    python -m tests.ringdata.torch_rank RANK WORLD PORT FOLDER

Prints `equal` and how far the attention on our slices is from full attention; an assertion fails otherwise.
"""

import os
import sys
from functools import partial
from typing import cast

import numpy as np
import torch
from torch.distributed import destroy_process_group, init_process_group
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor.experimental import context_parallel
from torch.distributed.tensor.experimental._attention import (
    _context_parallel_shard,
    _HeadTailLoadBalancer,
    _templated_ring_attention,
)
from torch.nn.functional import scaled_dot_product_attention

from ringdata import RingBlocks
from tests.ringdata.library_code import of_library

Tensors = dict[str, torch.Tensor]
CONTEXT, HEADS, WIDTH = 1024, 2, 16


def main(rank: int, world: int, port: str, folder: str) -> None:
    """Join the others, compare, leave."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, RANK=str(rank), WORLD_SIZE=str(world))
    torch.set_num_threads(1)
    init_process_group("gloo")
    whole = _item(RingBlocks(folder, split="train", context=CONTEXT))
    cut = partial(RingBlocks, folder, split="train", context=CONTEXT, ring_size=world, ring_rank=rank)
    held, first = _item(cut(order="zigzag", causal="zigzag")), _item(cut(order="contiguous", causal="index"))
    mesh = init_device_mesh("cpu", (world,))
    _shards(mesh, whole, held)
    _megatron(rank, world, whole, held)
    off = _attention(mesh, whole, held)
    _torchtitan(mesh, whole, held, "headtail")
    _torchtitan(mesh, whole, first, None)  # last: from here on this process masks for one chunk a rank
    print("equal", off)
    destroy_process_group()


def _item(data: RingBlocks) -> Tensors:
    return {name: torch.from_numpy(field)[None] for name, field in data[1].items()}


def _shards(mesh: DeviceMesh, whole: Tensors, held: Tensors) -> None:
    """Buffers that torch shards in place are our slices."""
    buffers = {name: field.clone() for name, field in whole.items()}
    with context_parallel(mesh, buffers=list(buffers.values()), buffer_seq_dims=[1] * len(buffers)):
        for name, field in buffers.items():
            assert torch.equal(field, held[name]), name


def _megatron(rank: int, world: int, whole: Tensors, held: Tensors) -> None:
    """What Megatron-Core's own function takes of a batch is our slice."""
    group = {"get_pg_size": lambda group: world, "get_pg_rank": lambda group: rank}
    code = of_library("megatron/core/utils.py", {"get_batch_on_this_cp_rank"}, torch=torch, **group)
    cut = code["get_batch_on_this_cp_rank"](dict(whole), cp_group=object())
    assert all(torch.equal(field, held[name]) for name, field in cut.items())


def _torchtitan(mesh: DeviceMesh, whole: Tensors, held: Tensors, balancer: str | None) -> None:
    """What torchtitan's own function makes of inputs is our slice."""
    needed = {"_HeadTailLoadBalancer": _HeadTailLoadBalancer, "_context_parallel_shard": _context_parallel_shard}
    code = of_library("torchtitan/distributed/context_parallel/api.py", {"cp_shard"}, torch=torch, cast=cast, **needed)
    cut, _ = code["cp_shard"](mesh, tuple(whole.values()), None, load_balancer_type=balancer)
    assert all(torch.equal(field, held[name]) for name, field in zip(whole, cut, strict=True))


def _attention(mesh: DeviceMesh, whole: Tensors, held: Tensors) -> float:
    """Causal attention over the ring on our slices, against that over the whole window: largest relative difference."""
    full = scaled_dot_product_attention(*_inputs(whole), is_causal=True)
    begin = whole["position"].min()
    slots = int(whole["slot"].max()) + 1
    place = (held["position"] - begin) * slots + held["slot"]  # of each token of ours in the window
    dummy = torch.zeros(1, CONTEXT)  # nothing else is left to cut
    with context_parallel(mesh, buffers=[dummy], buffer_seq_dims=[1]):
        found, *_ = _templated_ring_attention(mesh.get_group(), 2, _on_cpu, *_inputs(held), is_causal=True)
    wanted = full[:, :, place[0]]
    return float((found - wanted).abs().max() / wanted.abs().max())


def _on_cpu(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, **how: bool) -> tuple[torch.Tensor, ...]:
    """The kernel of the CPU: `context_parallel` itself dispatches to those of a GPU alone."""
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, is_causal=how["is_causal"])  # type: ignore[no-any-return]


def _inputs(tokens: Tensors) -> tuple[torch.Tensor, ...]:
    """Queries, keys and values [1, heads, tokens, width], a function of what each token holds."""
    what = np.stack([tokens["value"][0] / 20_000, np.sin(tokens["position"][0].numpy() / 4), tokens["slot"][0] / 4])
    turns = np.random.default_rng(0).normal(size=(3, 3, HEADS * WIDTH))
    made = (torch.from_numpy(what.T @ turn).float() for turn in turns)
    return tuple(field.reshape(1, -1, HEADS, WIDTH).transpose(1, 2).contiguous() for field in made)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
