# SPDX-License-Identifier: Apache-2.0
"""A small transformer over day patches of many series: quantiles of what comes 24 hours after each hour of a token.

Its middle begins as the mean of the same hour a day before and of what is published ahead, and it learns what to add.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from ringtrain.attention import Place
from ringtrain.quantiles import LEVELS, MIDDLE

NARROW = -2.5
"""Of the first steps from quantile to quantile: softplus(-2.5) is 0.08 standard deviations."""
Weights = dict[str, Any]
Attend = Callable[[Array, Array, Array, Place, Array], Array]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `series` and `hours` are those of the tokens, `calendar` what is known of the target day.

    `ahead` is whether tokens hold what is published ahead.
    """

    series: int
    ahead: bool
    hours: int = 24
    calendar: int = 16
    width: int = 64
    layers: int = 2
    heads: int = 2

    @property
    def inputs(self) -> int:
        """Values and marks of observation, of the day and of what is published ahead, and calendar."""
        return 2 * self.hours * (1 + self.ahead) + self.calendar


def start(shape: Shape, *, seed: int) -> Weights:
    """Random weights; the last layer is 0, so that the first forecast is of what is known alone."""
    keys = iter(jax.random.split(jax.random.key(seed), 3 + 4 * shape.layers))
    width = shape.width

    def dense(n: int, m: int) -> Array:
        return jax.random.normal(next(keys), (n, m)) * n**-0.5

    def layer() -> Weights:
        return {
            "qkv": dense(width, 3 * width),
            "out": dense(width, width) * 0.5,
            "wide": dense(width, 4 * width),
            "narrow": dense(4 * width, width) * 0.5,
            "norm": jnp.ones((2, width)),
        }

    return {
        "inputs": dense(shape.inputs, width),
        "series": dense(shape.series, width) * shape.series**0.5 * 0.3,
        "layers": [layer() for _ in range(shape.layers)],
        "norm": jnp.ones(width),
        "target": jnp.zeros((width, len(LEVELS) * shape.hours)),
        "shift": jnp.zeros((shape.series, len(LEVELS), shape.hours)),
        "trust": jnp.full((shape.series, shape.hours), 0.5),
    }


def forecast(weights: Weights, tokens: dict[str, Array], shape: Shape, attend: Attend) -> Array:
    """Quantiles of scaled values `hours` after those of each token, [batch, tokens, quantiles, hours], none crossed.

    `tokens`: `value` (scaled, 0 where not observed), `observed`, `calendar` [batch, tokens, …], `position`, `slot`;
    where the shape says so, `ahead_value` and `ahead_observed`.
    """
    place = Place(tokens["position"], tokens["slot"], tokens["observed"].any(axis=-1))
    names = ["value", "observed", "calendar", *(("ahead_value", "ahead_observed") if shape.ahead else ())]
    x = jnp.concatenate([tokens[name].astype(jnp.float32) for name in names], axis=-1) @ weights["inputs"]
    x += weights["series"][tokens["slot"]]
    for layer in weights["layers"]:
        x += _attention(layer, _norm(x, layer["norm"][0]), place, shape, attend)
        x += jax.nn.gelu(_norm(x, layer["norm"][1]) @ layer["wide"]) @ layer["narrow"]
    change = (_norm(x, weights["norm"]) @ weights["target"]).reshape(*x.shape[:2], len(LEVELS), -1)
    return _spread(_known(weights, tokens, shape), change + weights["shift"][tokens["slot"]])


def errors(weights: Weights, tokens: dict[str, Array], shape: Shape, attend: Attend) -> tuple[Array, Array]:
    """Sum of scaled quantile losses, and of how many hours: added up over ranks before one is divided by the other.

    The loss of an hour is the mean over quantiles of twice the pinball loss: of the median the absolute error.
    """
    error = tokens["target"][:, :, None] - forecast(weights, tokens, shape, attend)
    level = jnp.array(LEVELS)[:, None]
    loss = 2 * jnp.maximum(level * error, (level - 1) * error).mean(axis=2)
    return (loss * tokens["loss_mask"]).sum(), tokens["loss_mask"].sum().astype(jnp.float32)


def _known(weights: Weights, tokens: dict[str, Array], shape: Shape) -> Array:
    """What the forecast adds to: the day before, and what is published ahead, as far as the series' is trusted."""
    if not shape.ahead:
        return tokens["value"]
    trust = jnp.where(tokens["observed"], weights["trust"][tokens["slot"]], 1)
    return tokens["value"] + trust * tokens["ahead_observed"] * (tokens["ahead_value"] - tokens["value"])


def _spread(known: Array, change: Array) -> Array:
    """The middle quantile is `known` and its change; the others lie steps above and below it, each more than 0."""
    middle = (known + change[:, :, MIDDLE])[:, :, None]
    steps = jax.nn.softplus(change + NARROW)
    above = jnp.cumsum(steps[:, :, MIDDLE + 1 :], axis=2)
    below = jnp.cumsum(steps[:, :, :MIDDLE][:, :, ::-1], axis=2)[:, :, ::-1]
    return jnp.concatenate([middle - below, middle, middle + above], axis=2)


def _attention(layer: Weights, x: Array, place: Place, shape: Shape, attend: Attend) -> Array:
    """Half of the heads look at their own series alone: its past days; half at every series."""
    batch, tokens, width = x.shape
    q, k, v = jnp.split((x @ layer["qkv"]).reshape(batch, tokens, shape.heads, -1), 3, axis=-1)
    day = place.position / shape.hours
    own = jnp.arange(shape.heads) < shape.heads // 2
    found = attend(_turned(q, day), _turned(k, day), v, place, own)
    return found.reshape(batch, tokens, width) @ layer["out"]


def _turned(x: Array, day: Array) -> Array:
    """Rotary embedding by the patch's own place in time, which the reader gives: a score depends on days between."""
    pairs = x.shape[-1] // 2
    angle = (day[:, :, None, None] % 3360) * (2 * jnp.pi / 3360) * _turns(pairs)
    a, b = x[..., :pairs], x[..., pairs:]
    return jnp.concatenate([a * jnp.cos(angle) - b * jnp.sin(angle), a * jnp.sin(angle) + b * jnp.cos(angle)], axis=-1)


def _turns(pairs: int) -> Array:
    """Whole turns in 3,360 days, from a turn in two days to one in the whole: exact in float32 at every position."""
    periods = jnp.array([2, 7, 3.5, 14, 28, 4, 56, 112], jnp.float32)
    return jnp.round(3360 / jnp.tile(periods, -(-pairs // 8))[:pairs])


def _norm(x: Array, scale: Array) -> Array:
    return x * jax.lax.rsqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6) * scale
