# SPDX-License-Identifier: Apache-2.0
"""Quantiles of the model do not cross, whatever its weights; they are scored as quantiles are."""

from typing import Any

import numpy as np
import pytest
from ringtrain.quantiles import LEVELS, MIDDLE, covered, loss_of_three, quantile_loss


def test_quantiles_do_not_cross() -> None:
    pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")
    import jax
    from ringtrain.model import Shape, forecast, start

    rng, shape = np.random.default_rng(0), Shape(series=3, ahead=True)
    begun = start(shape, seed=0)
    drawn = jax.tree.map(lambda w: rng.normal(0, 2, w.shape).astype(np.float32), begun)
    size = (2, 12)
    tokens: dict[str, Any] = {name: rng.normal(0, 3, (*size, 24)) for name in ("value", "ahead_value", "target")}
    tokens |= {name: rng.random((*size, 24)) > 0.3 for name in ("observed", "ahead_observed", "loss_mask")}
    tokens |= {"calendar": rng.random((*size, shape.calendar)).astype(np.float32)}
    tokens |= {"position": np.tile(np.arange(12) * 24, (2, 1)), "slot": rng.integers(0, 3, size)}
    given = {name: jax.numpy.asarray(field) for name, field in tokens.items()}
    wild, first = (np.asarray(forecast(w, given, shape, _no_attention)) for w in (drawn, begun))
    assert wild.shape == first.shape == (*size, len(LEVELS), 24)
    assert (np.diff(wild, axis=2) >= 0).all()
    assert (np.diff(first, axis=2) > 0).all()


def _no_attention(q: Any, k: Any, v: Any, place: Any, own: Any, *, after: int = 0) -> Any:
    return v


def test_the_loss_of_the_median_is_the_absolute_error_and_true_quantiles_have_the_least() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 1, 100_000)
    same = np.full((len(LEVELS), len(truth)), 0.25)
    error = truth - 0.25
    wanted = 2 * np.mean([np.where(error > 0, level * error, (level - 1) * error) for level in LEVELS], axis=0)
    np.testing.assert_allclose(quantile_loss(same, truth), wanted)
    assert LEVELS[MIDDLE] == 0.5
    three = 2 * np.mean([np.where(error > 0, level * error, (level - 1) * error) for level in (0.1, 0.5, 0.9)], axis=0)
    np.testing.assert_allclose(loss_of_three(same, truth), three)
    true = np.quantile(truth, LEVELS)[:, None] * np.ones(len(truth))
    best = quantile_loss(true, truth).mean()
    for other in (true * 1.1, true * 0.9, true + 0.1, true - 0.1):
        assert quantile_loss(other, truth).mean() > best
    assert covered(true, truth).mean() == pytest.approx(0.8, abs=1e-3)
