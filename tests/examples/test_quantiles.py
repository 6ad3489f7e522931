# SPDX-License-Identifier: Apache-2.0
"""Quantiles of the model do not cross, whatever its weights; they are scored as quantiles are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from ringtrain.quantiles import LEVELS, MIDDLE, covered, loss_of_three, quantile_loss
from ringtrain.widths import drawn_out, widths_of


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


@dataclass(frozen=True)
class Forecast:
    """Quantiles [levels, days, areas, hours] of demand, and which hours count."""

    demand: Any
    quantiles: Any
    scored: Any


def forecast_of(factors: list[float], *, seed: int, days: int = 800) -> Forecast:
    """Of areas whose demand is spread so many times as far as their quantiles say; nothing counts in the last."""
    rng = np.random.default_rng(seed)
    size = (days, len(factors), 24)
    level = rng.normal(1_000, 100, size).astype(np.float32)
    drawn = rng.normal(0, 50, size) * np.array(factors)[:, None]
    normal = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816], np.float32)
    quantiles = level + 50 * normal[:, None, None, None]
    scored = rng.random(size) < 0.7
    scored[:, -1] = False
    return Forecast((level + drawn).astype(np.float32), quantiles, scored)


def test_intervals_are_drawn_out_to_what_another_time_needed() -> None:
    factors = [0.3, 1.0, 2.5, 1.0]
    before: Any = forecast_of(factors, seed=1)
    after: Any = forecast_of(factors, seed=2)
    widths = widths_of([before])
    assert widths == pytest.approx(factors, rel=0.05)
    assert widths[-1] == 1, "no hour of it is scored"
    wide = drawn_out(after, widths)
    assert np.array_equal(wide.quantiles[MIDDLE], after.quantiles[MIDDLE])
    assert (np.diff(wide.quantiles, axis=0) > 0).all()
    for area in range(3):
        held = covered(wide.quantiles, wide.demand)[:, area][wide.scored[:, area]].mean()
        assert held == pytest.approx(0.8, abs=0.02)
    parts: Any = [
        Forecast(before.demand[d], before.quantiles[:, d], before.scored[d]) for d in (slice(90), slice(90, 800))
    ]
    assert np.array_equal(widths_of(parts), widths)


def test_an_interval_without_width_and_demand_on_its_median_need_no_division_by_zero() -> None:
    flat: Any = Forecast(np.ones((3, 1, 24)), np.ones((len(LEVELS), 3, 1, 24), np.float32), np.ones((3, 1, 24), bool))
    assert widths_of([flat]) == [0]
