# SPDX-License-Identifier: Apache-2.0
"""The large preset is the same program at another size: its shapes, a step of some of its days, and the command."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ringtrain.options import PRESETS, options_of
from ringtrain.patches import Patches

from ringdata import RingBlocks

SERIES = 70
LARGE = PRESETS["large"]
PER_DAY = SERIES * 24 // LARGE["patch"]


def test_a_window_of_the_large_preset_has_a_hundred_thousand_tokens() -> None:
    assert LARGE["days"] * PER_DAY >= 100_000
    said = options_of(None, ["blocks", "--preset=large", "--width=128"])
    assert (said.days, said.patch, said.width, said.layers) == (LARGE["days"], LARGE["patch"], 128, LARGE["layers"])
    assert options_of(None, ["blocks"]).days == PRESETS["small"]["days"]


def test_parts_of_a_day_are_the_day(panel: Path) -> None:
    blocks = RingBlocks(panel, split="train", context=16 * 24 * 8, stride=8, horizon=24)
    day, parts = Patches(24, 8, (0, 2, 4)), Patches(24, 8, (0, 2, 4), parts=12)
    whole, cut = day.cut(blocks[5]), parts.cut(blocks[5])
    for name in ("value", "observed", "target", "loss_mask"):
        assert cut[name].shape == (16 * 3 * 12, 2)
        assert np.array_equal(cut[name].reshape(16 * 3, 24), whole[name])
    assert np.array_equal(cut["position"].reshape(-1, 12), np.repeat(whole["position"][:, None], 12, axis=1))
    assert np.array_equal(cut["slot"].reshape(16, 3, 12)[0], np.arange(36).reshape(3, 12))


def test_a_step_of_the_large_preset_has_its_shapes() -> None:
    """Nothing is computed: shapes and types alone, at full width and length."""
    jax, shape, step, state = _training(LARGE["width"], LARGE["layers"], LARGE["heads"])
    after, loss = jax.eval_shape(step, state, _batch(shape))
    assert (loss.shape, loss.dtype.name) == ((), "float32")
    assert after.weights["target"].shape == (LARGE["width"], 9 * LARGE["patch"])
    assert after.weights["series"].shape == (PER_DAY, LARGE["width"])
    parameters = sum(leaf.size for leaf in jax.tree.leaves(after.weights))
    assert 20_000_000 < parameters < 40_000_000


def test_a_step_of_eight_of_its_days_is_taken() -> None:
    """Of a narrow model, tile by tile: all of its days take a CPU many minutes."""
    jax, shape, step, state = _training(8, 1, 2)
    rng = np.random.default_rng(0)
    batch = {
        name: rng.integers(0, 2, like.shape).astype(like.dtype)
        if like.dtype == bool
        else np.zeros(like.shape, like.dtype)
        for name, like in _batch(shape, days=8).items()
    }
    batch |= {name: rng.normal(0, 1, batch[name].shape).astype(np.float32) for name in ("value", "target")}
    tokens = np.arange(batch["slot"].shape[1], dtype=np.int32)
    batch |= {"slot": tokens[None] % PER_DAY, "position": tokens[None] // PER_DAY * 24 + 430_000}
    after, loss = jax.jit(step)(state, batch)
    assert np.isfinite(float(loss))
    changed = [
        float(abs(new - old).max()) for new, old in zip(*map(jax.tree.leaves, (after.mean, state.mean)), strict=True)
    ]
    assert np.isfinite(changed).all()
    assert max(changed) > 0


def test_the_same_command_takes_it(run: Callable[..., Any], panel: Path, tmp_path: Path) -> None:
    size = ("--days=16", "--width=16", "--layers=1", "--heads=2", "--steps=2", "--devices=2", f"--images={tmp_path}")
    done = run("train_ring.py", str(panel), "--preset=large", *size)
    assert done.returncode in (0, 1), done.stderr
    assert "576 tokens of 3 series" in done.stdout
    assert re.search(r"\n\| the model \| [\d.]+% ", done.stdout)


def _training(width: int, layers: int, heads: int) -> tuple[Any, Any, Any, Any]:
    jax = pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")
    from ringtrain.devices import rings
    from ringtrain.learning import begin, stepper
    from ringtrain.model import Shape, start

    shape = Shape(series=SERIES, ahead=True, parts=24 // LARGE["patch"], width=width, layers=layers, heads=heads)
    return jax, shape, stepper(shape, rings(1), steps=10, rate=1e-3), begin(start(shape, seed=0))


def _batch(shape: Any, *, days: int = LARGE["days"]) -> dict[str, Any]:
    """What a step takes, as shapes and types."""
    import jax

    size, hours = (1, days * PER_DAY), LARGE["patch"]
    fields: dict[str, tuple[tuple[int, ...], Any]] = dict.fromkeys(
        ("value", "target", "ahead_value"), ((*size, hours), np.float32)
    )
    fields |= dict.fromkeys(("observed", "loss_mask", "ahead_observed"), ((*size, hours), bool))
    fields |= {"calendar": ((*size, shape.calendar), np.float32)}
    fields |= dict.fromkeys(("position", "slot"), (size, np.int32))
    return {name: jax.ShapeDtypeStruct(*one) for name, one in fields.items()}
