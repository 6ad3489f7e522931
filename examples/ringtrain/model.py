# SPDX-License-Identifier: Apache-2.0
"""A small transformer over day patches of many series: what comes 24 hours after each hour of a token.

It begins as the seasonal naive forecast (the same hour a day before) and learns what to add.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from ringtrain.attention import Place

Weights = dict[str, Any]
Attend = Callable[[Array, Array, Array, Place, Array], Array]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `series` and `hours` are those of the tokens, `calendar` what is known of the target day."""

    series: int
    hours: int = 24
    calendar: int = 16
    width: int = 64
    layers: int = 2
    heads: int = 2

    @property
    def inputs(self) -> int:
        """Values, marks of observation, and calendar."""
        return 2 * self.hours + self.calendar


def start(shape: Shape, *, seed: int) -> Weights:
    """Random weights; the last layer is 0, so the first forecast is the naive one."""
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
        "target": jnp.zeros((width, shape.hours)),
        "shift": jnp.zeros((shape.series, shape.hours)),
    }


def forecast(weights: Weights, tokens: dict[str, Array], shape: Shape, attend: Attend) -> Array:
    """Scaled values `hours` after those of each token, [batch, tokens, hours].

    `tokens`: `value` (scaled, 0 where not observed), `observed`, `calendar` [batch, tokens, …], `position`, `slot`.
    """
    marks = tokens["observed"].astype(jnp.float32)
    seen = tokens["observed"].any(axis=-1)
    place = Place(tokens["position"], tokens["slot"], seen)
    x = jnp.concatenate([tokens["value"], marks, tokens["calendar"]], axis=-1) @ weights["inputs"]
    x += weights["series"][tokens["slot"]]
    for layer in weights["layers"]:
        x += _attention(layer, _norm(x, layer["norm"][0]), place, shape, attend)
        x += jax.nn.gelu(_norm(x, layer["norm"][1]) @ layer["wide"]) @ layer["narrow"]
    change = _norm(x, weights["norm"]) @ weights["target"]
    return tokens["value"] + change + weights["shift"][tokens["slot"]]


def errors(weights: Weights, tokens: dict[str, Array], shape: Shape, attend: Attend) -> tuple[Array, Array]:
    """Sum of absolute scaled errors, and of how many hours: added up over ranks before one is divided by the other."""
    error = jnp.abs(forecast(weights, tokens, shape, attend) - tokens["target"])
    return (error * tokens["loss_mask"]).sum(), tokens["loss_mask"].sum().astype(jnp.float32)


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
