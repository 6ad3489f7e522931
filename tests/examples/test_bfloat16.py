# SPDX-License-Identifier: Apache-2.0
"""Large products in bfloat16: sums, scores and weights stay float32, and the forecasts near those of float32."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")

from jax.sharding import PartitionSpec as P  # noqa: E402
from ringtrain.attention import Place, full_attention, ring_attention  # noqa: E402
from ringtrain.devices import CUT, TOKENS, rings  # noqa: E402
from ringtrain.learning import begin, stepper  # noqa: E402
from ringtrain.model import ORIGIN, Shape, hastened, start  # noqa: E402

from ringdata import hour  # noqa: E402

SMALL = ("--days=16", "--steps=3", "--devices=2", "--seed=1")


def test_attention_of_bfloat16_is_near_that_of_float32_and_so_are_its_gradients() -> None:
    rng, size = np.random.default_rng(0), (1, 64, 2, 16)
    q, k, v, weight = (jax.numpy.asarray(rng.normal(0, 1, size), "float32") for _ in range(4))
    fields = (np.arange(64) // 4 * 24, np.arange(64) % 4, rng.random(64) > 0.2)
    place = Place(*(jax.numpy.asarray(field)[None] for field in fields))
    mapped = jax.shard_map(partial(ring_attention, TOKENS), mesh=rings(1), in_specs=(*[CUT] * 4, P()), out_specs=CUT)

    def graded(attend: Any, dtype: str) -> list[Any]:
        def loss(*qkv: Any) -> Any:
            out = attend(*(one.astype(dtype) for one in qkv), place, np.array([False, True]))
            assert out.dtype == "float32"
            return (out * weight).sum(), out

        (_, out), slopes = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True))(q, k, v)
        return [np.asarray(one) for one in (out, *slopes)]

    true, half = graded(full_attention, "float32"), graded(mapped, "bfloat16")
    for wanted, found in zip(true, half, strict=True):
        assert found.dtype == np.float32
        far = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
        assert 1e-5 < far < 0.02


@pytest.mark.parametrize("year", [1990, 2015, 2026, 2050])
def test_age_counts_to_the_day_though_bfloat16_tells_whole_steps(year: int) -> None:
    """Keys of neighbouring days differ by their haste, and not by what bfloat16 can tell of some hundreds."""
    day = (hour(f"{year}-06-01T06") // 24 + np.arange(30)).astype(np.float32)[None]
    haste = np.array([0.003, 0.1], np.float32)
    nothing = jax.numpy.zeros((1, 30, 2, 16), "float32")
    q, k = (one.astype("bfloat16") for one in hastened(nothing, nothing, jax.numpy.asarray(day), haste, "bfloat16"))
    scores = jax.numpy.einsum("bqhd,bkhd->bhqk", q, k, preferred_element_type="float32") / 4
    np.testing.assert_allclose(np.asarray(scores)[0, :, 0].T, (day[0] - ORIGIN)[:, None] * haste, rtol=0, atol=0.01)


def test_a_step_keeps_its_weights_in_float32() -> None:
    mesh, shape = rings(1), Shape(series=3, ahead=True, dtype="bfloat16")
    batch: dict[str, Any] = {name: np.zeros((1, 24, 24), np.float32) for name in ("value", "target", "ahead_value")}
    batch |= {name: np.ones((1, 24, 24), bool) for name in ("observed", "loss_mask", "ahead_observed")}
    batch |= {"calendar": np.zeros((1, 24, shape.calendar), np.float32)}
    batch |= {
        "position": (np.arange(24, dtype=np.int32) // 3 * 24)[None],
        "slot": (np.arange(24, dtype=np.int32) % 3)[None],
    }
    after, loss = stepper(shape, mesh, steps=10, rate=1e-3)(begin(start(shape, seed=0)), batch)
    assert {leaf.dtype.name for leaf in jax.tree.leaves((after.weights, after.mean, after.square, loss))} == {"float32"}
    whole = str(jax.make_jaxpr(stepper(shape, mesh, steps=10, rate=1e-3))(begin(start(shape, seed=0)), batch))
    assert "bf16" in whole


def test_the_command_trains_in_it(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    said = {}
    for dtype in ("float32", "bfloat16"):
        done = run("train_ring.py", str(panel), *SMALL, f"--dtype={dtype}", f"--images={tmp_path}")
        assert done.returncode in (0, 1), done.stderr
        assert f"zigzag, {dtype}; a window" in done.stdout
        said[dtype] = [float(loss) for loss in re.findall(r"validation (\S+)", done.stdout)]
    assert said["bfloat16"] == pytest.approx(said["float32"], abs=0.01)
