# SPDX-License-Identifier: Apache-2.0
"""What MaxText's, TransformerEngine's and haoliuhl's own code makes of a window, and of the slices that we read.

Run by `make test-ml`, which unpacks their wheels (requirements-kernels.lock) without what these need of a GPU.
"""

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ringdata import RingBlocks
from tests.ringdata.library_code import KERNELS, of_library

CONTEXT = 8192
RINGS = (2, 4, 8)
FIELDS = ("value", "observed", "target", "loss_mask", "position", "slot")
ROOT = Path(__file__).resolve().parents[2]
if not find_spec("jax"):
    pytest.skip("jax is not installed", allow_module_level=True)


def around(data_set: Path, ring: int, field: str, **words: Any) -> NDArray[Any]:
    """What the ranks hold, one after the other: [1, context], as these libraries lay out a reordered batch."""
    folder = data_set / "blocks" / "panel"
    ranks = (
        RingBlocks(folder, split="train", context=CONTEXT, ring_size=ring, ring_rank=r, **words) for r in range(ring)
    )
    return np.concatenate([rank[1][field] for rank in ranks])[None]


@pytest.fixture(scope="module")
def whole(data_set: Path) -> dict[str, NDArray[Any]]:
    return RingBlocks(data_set / "blocks" / "panel", split="train", context=CONTEXT)[1]


@pytest.mark.parametrize("field", FIELDS)
def test_maxtext_reorders_to_our_zigzag(field: str, data_set: Path, whole: dict[str, NDArray[Any]]) -> None:
    import jax
    import jax.numpy as jnp

    code = of_library("maxtext/utils/max_utils.py", {"reorder_sequence"}, jax=jax, jnp=jnp, partial=partial)
    for ring in RINGS:
        cut = code["reorder_sequence"](jnp.asarray(narrow(whole[field]))[None], ring, 1)
        assert np.array_equal(cut, around(data_set, ring, field, order="zigzag", causal="zigzag"))
    with pytest.raises(ValueError, match="must be a multiple of 2"):
        code["reorder_sequence"](jnp.zeros((1, CONTEXT)), 3, 1)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("stripe", [None, 1, 128])
def test_transformer_engine_reorders_to_ours(
    field: str, stripe: int | None, data_set: Path, whole: dict[str, NDArray[Any]]
) -> None:
    import jax.numpy as jnp

    names = {"reorder_causal_dual_chunk_swap", "reorder_causal_striped"}
    code = of_library("transformer_engine/jax/cpp_extensions/attention.py", names, jnp=jnp)
    tokens = jnp.asarray(narrow(whole[field]))[None]
    for ring in RINGS:
        if stripe is None:
            cut = code["reorder_causal_dual_chunk_swap"](tokens, ring, 1, to_contiguous=False)
            held = around(data_set, ring, field, order="zigzag", causal="zigzag")
        else:
            cut = code["reorder_causal_striped"](tokens, ring, 1, False, stripe)
            held = around(data_set, ring, field, order="stripe", stripe=stripe, causal="position")
        assert np.array_equal(cut, held)


def test_haoliuhls_kernel_is_full_attention_on_contiguous_slices_alone(data_set: Path) -> None:
    if not (KERNELS / "ringattention").exists() or not find_spec("einops"):
        pytest.skip("no build/kernels/ringattention: make test-ml unpacks it")
    flags = "--xla_force_host_platform_device_count=4"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.ringdata.index_kernel", str(data_set / "blocks" / "panel")]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    off = {name: float(number) for name, number in (line.split() for line in done.stdout.splitlines())}
    assert off["contiguous"] < 1e-5
    assert off["zigzag"] > 0.1  # silently wrong: why the reader is told how a kernel masks


def narrow(field: NDArray[Any]) -> NDArray[Any]:
    """JAX has no int64 unless it is told so; hours fit int32."""
    return field.astype(np.int32) if field.dtype == np.int64 else field
