# SPDX-License-Identifier: Apache-2.0
"""Every line of docs/kernels.md: the arguments that stand there give each rank what that library cuts for it.

`KERNELS` has each library's own rule, written down anew from its source; test_kernels_own.py runs the code itself.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringdata import RingBlocks
from ringdata.errors import ContextError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernels.md"
ROW = re.compile(r"^\| ([^|]+?) \| `order=([^`]+)` \| ([^|]+?) \|", re.MULTILINE)
SNIPPETS = re.findall(r"(?:<!-- needs: ([\w ]+) -->\n)?```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
FIELDS = ("value", "observed", "target", "loss_mask", "position", "slot")
CONTEXT = 8192

Field = NDArray[Any]


def two_chunks(field: Field, ring: int, rank: int) -> Field:
    """2 R chunks; rank r holds chunk r and chunk 2R - 1 - r."""
    chunks = np.split(field, 2 * ring)
    return np.concatenate([chunks[rank], chunks[2 * ring - 1 - rank]])


def one_chunk(field: Field, ring: int, rank: int) -> Field:
    """R chunks; rank r holds chunk r."""
    return np.split(field, ring)[rank]


def stripes(field: Field, ring: int, rank: int, *, height: int = 1) -> Field:
    """Stripes of `height` tokens, dealt round the ring."""
    return field.reshape(-1, ring, height)[:, rank].ravel()


def wide_stripes(field: Field, ring: int, rank: int) -> Field:
    """Stripes of 128 tokens."""
    return stripes(field, ring, rank, height=128)


@dataclass(frozen=True)
class Kernel:
    """How a library cuts, where that stands, and the rings it takes."""

    cut: Callable[[Field, int, int], Field]
    source: str
    rings: tuple[int, ...] = (2, 4, 8)


KERNELS = {
    "torch `context_parallel`": Kernel(
        two_chunks, "torch 2.15 _context_parallel/_load_balancer.py, _HeadTailLoadBalancer._generate_indices"
    ),
    "torchtitan, `headtail`": Kernel(two_chunks, "torchtitan 0.3.0 distributed/context_parallel/api.py, cp_shard"),
    "torchtitan, no load balancer": Kernel(one_chunk, "the same, load_balancer_type=None: one Shard of the sequence"),
    "Megatron-Core": Kernel(two_chunks, "megatron-core 0.16.1 core/utils.py, get_batch_on_this_cp_rank"),
    "TransformerEngine (torch)": Kernel(two_chunks, "context_parallel.py: the same as Megatron's"),
    "TransformerEngine (JAX), dual chunk swap": Kernel(
        two_chunks, "transformer_engine 2.20.2 jax/cpp_extensions/attention.py, reorder_causal_dual_chunk_swap"
    ),
    "TransformerEngine (JAX), striped": Kernel(stripes, "the same, reorder_causal_striped with stripe_size=1"),
    "TransformerEngine (JAX), striped by 128": Kernel(wide_stripes, "the same, with stripe_size=128"),
    "MaxText": Kernel(two_chunks, "maxtext 0.2.5 utils/max_utils.py, reorder_sequence"),
    "ring-flash-attention, zigzag": Kernel(two_chunks, "test/test_zigzag_ring_flash_attn_func.py, extract_local"),
    "ring-flash-attention, stripe": Kernel(stripes, "test/test_stripe_flash_attn_func.py, extract_local"),
    "ring-flash-attention, ring": Kernel(one_chunk, "test/test_ring_flash_attn_func.py: value.chunk(world_size)"),
    "EasyContext": Kernel(two_chunks, "easy_context/zigzag_ring_attn/prepare_inputs.py, extract_local"),
    "haoliuhl `ringattention`": Kernel(one_chunk, "ringattention 0.1.2: q_block_idx = axis_index"),
    "Ulysses (DeepSpeed, ALST)": Kernel(one_chunk, "torch.chunk of the sequence, heads by all-to-all"),
}


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Library and arguments of each line of the page's table."""
    return [(name, arguments(f"order={words}")) for name, words, _ in ROW.findall(PAGE.read_text("utf-8"))]


def arguments(words: str) -> dict[str, Any]:
    call = ast.parse(f"f({words})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}


@pytest.fixture(scope="module")
def panel(data_set: Path) -> str:
    return str(data_set / "blocks" / "panel")


def test_every_line_has_its_rule() -> None:
    assert [name for name, _ in rows()] == list(KERNELS)


@pytest.mark.parametrize(("name", "words"), rows())
def test_each_rank_holds_what_the_library_cuts(name: str, words: dict[str, Any], panel: str) -> None:
    kernel = KERNELS[name]
    whole = RingBlocks(panel, split="train", context=CONTEXT)[1]
    for ring in kernel.rings:
        for rank in range(ring):
            held = RingBlocks(panel, split="train", context=CONTEXT, ring_size=ring, ring_rank=rank, **words)[1]
            for field in FIELDS:
                assert np.array_equal(held[field], kernel.cut(whole[field], ring, rank)), (ring, rank, field)


@pytest.mark.parametrize(("name", "words"), [row for row in rows() if row[1]["causal"] == "index"])
def test_a_kernel_that_masks_by_index_refuses_other_orders(name: str, words: dict[str, Any], panel: str) -> None:
    for order in ("zigzag", "stripe", "block_stripe"):
        with pytest.raises(ContextError, match="silently wrong; give order='contiguous'"):
            RingBlocks(panel, split="train", context=CONTEXT, ring_size=2, ring_rank=0, **(words | {"order": order}))


@pytest.mark.parametrize("place", range(len(SNIPPETS)))
def test_snippets_run(place: int, data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs, code = SNIPPETS[place]
    if needs and not find_spec(needs):
        pytest.skip(f"{needs} is not installed: this snippet cannot run")
    (tmp_path / "data").symlink_to(data_set, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(SNIPPETS[0][1], names)
    exec(compile(code, f"{PAGE.name}, snippet {place}", "exec"), names)
    if "batch" in names:
        assert {len(np.ravel(field)) for field in names["batch"].values()} == {CONTEXT // 4}
