# SPDX-License-Identifier: Apache-2.0
"""A small transformer over day patches of many series: quantiles of what comes 24 hours after each hour of a token.

Its middle begins as the mean of the same hour a day before and of what is published ahead, and it learns what to add.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ringtrain import analogues
from ringtrain.attention import Attend, Place
from ringtrain.quantiles import LEVELS, MIDDLE

DAY = 24
NARROW = -2.5
"""Of the first steps from quantile to quantile: softplus(-2.5) is 0.08 standard deviations."""
HASTE = (0.003, 0.1)
"""By which a key's score falls with each day that it is older, of the first heads and those after them, at first."""
ORIGIN = 17_000
"""Days since 1970: the farther from it, the fewer bits the haste has; a century does no harm."""
Weights = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `calendar` is what is known of the target day, `ahead` whether what is published ahead is.

    A day of each of the `series` is `parts` tokens.
    """

    series: int
    ahead: bool
    parts: int = 1
    calendar: int = 16
    width: int = 64
    layers: int = 2
    heads: int = 4
    dtype: str = "float32"
    """Of large products; what is added up, and all that is kept, is float32."""

    @property
    def hours(self) -> int:
        """Hours a token."""
        return DAY // self.parts

    @property
    def slots(self) -> int:
        """Tokens a day."""
        return self.series * self.parts

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
            "haste": jnp.log(jnp.tile(jnp.array(HASTE, jnp.float32), shape.heads // len(HASTE))),
        }

    return {
        "inputs": dense(shape.inputs, width),
        "series": dense(shape.slots, width) * shape.slots**0.5 * 0.3,
        "layers": [layer() for _ in range(shape.layers)],
        "norm": jnp.ones(width),
        "target": jnp.zeros((width, len(LEVELS) * shape.hours)),
        "shift": jnp.zeros((shape.slots, len(LEVELS), shape.hours)),
        "trust": jnp.full((shape.slots, shape.hours), 0.5),
        "gain": jnp.ones((shape.slots, 1)),
        "offset": jnp.zeros((shape.slots, 1)),
        "analogues": analogues.begin(slots=shape.slots, hours=shape.hours, ahead=shape.ahead),
    }


def digest(weights: Weights) -> str:
    """Of every bit of them: two trainings that say the same have the same weights."""
    found = hashlib.sha256()
    for leaf in jax.tree.leaves(weights):
        found.update(np.asarray(leaf).tobytes())
    return found.hexdigest()[:16]


def forecast(weights: Weights, tokens: dict[str, Array], shape: Shape, attend: Attend) -> Array:
    """Quantiles of scaled values a day after those of each token, [batch, tokens, quantiles, hours], none crossed.

    `tokens`: `value` (scaled, 0 where not observed), `observed`, `calendar` [batch, tokens, …], `position`, `slot`;
    where the shape says so, `ahead_value` and `ahead_observed`. Of `target` and `loss_mask` a forecast is given those
    of days before its own.
    """
    place = Place(tokens["position"], tokens["slot"] // shape.parts, tokens["observed"].any(axis=-1))
    names = ["value", "observed", "calendar", *(("ahead_value", "ahead_observed") if shape.ahead else ())]
    x = jnp.concatenate([tokens[name].astype(jnp.float32) for name in names], axis=-1) @ weights["inputs"]
    x += weights["series"][tokens["slot"]]
    for layer in weights["layers"]:
        x += _attention(layer, _norm(x, layer["norm"][0]), place, shape, attend)
        wide = jax.nn.gelu(_product(_norm(x, layer["norm"][1]), layer["wide"], shape))
        x += _product(wide, layer["narrow"], shape)
    change = (_norm(x, weights["norm"]) @ weights["target"]).reshape(*x.shape[:2], len(LEVELS), -1)
    known = _known(weights, tokens, shape)
    known += analogues.after_days_like_it(weights["analogues"], tokens, known, attend)
    return _spread(known, change + weights["shift"][tokens["slot"]])


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
    ahead = tokens["ahead_value"] * weights["gain"][tokens["slot"]] + weights["offset"][tokens["slot"]]
    return tokens["value"] + trust * tokens["ahead_observed"] * (ahead - tokens["value"])


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
    q, k, v = jnp.split(_product(x, layer["qkv"], shape).reshape(batch, tokens, shape.heads, -1), 3, axis=-1)
    day = place.position / DAY
    own = jnp.arange(shape.heads) < shape.heads // 2
    q, k = hastened(_turned(q, day), _turned(k, day), day, jnp.exp(layer["haste"]), shape.dtype)
    q, k, v = (one.astype(shape.dtype) for one in (q, k, v))
    found = attend(q, k, v, place, own)
    return _product(found.reshape(batch, tokens, width), layer["out"], shape)


def _product(x: Array, weight: Array, shape: Shape) -> Array:
    """A large one, float32 whatever it is made of."""
    return (x.astype(shape.dtype) @ weight.astype(shape.dtype)).astype(jnp.float32)


def _turned(x: Array, day: Array) -> Array:
    """Rotary embedding by the patch's own place in time, which the reader gives: a score depends on days between."""
    pairs = x.shape[-1] // 2
    angle = (day[:, :, None, None] % 3360) * (2 * jnp.pi / 3360) * _turns(pairs)
    a, b = x[..., :pairs], x[..., pairs:]
    return jnp.concatenate([a * jnp.cos(angle) - b * jnp.sin(angle), a * jnp.sin(angle) + b * jnp.cos(angle)], axis=-1)


def hastened(q: Array, k: Array, day: Array, haste: Array, dtype: str) -> tuple[Array, Array]:
    """A head prefers newer keys by its own haste a day, so that a longer window does not drown what is near.

    It is one number of each key, in place of the slowest pair: softmax does not mind what a whole row has in common.
    It may be 150, of which `dtype` may tell whole steps alone: the other half of the pair takes what it leaves out.
    """
    late = (day - ORIGIN)[:, :, None] * haste
    coarse = late.astype(dtype).astype(late.dtype)
    rest = jax.lax.stop_gradient(late - coarse)
    pairs, scale = q.shape[-1] // 2, q.shape[-1] ** 0.5
    q = q.at[..., pairs - 1].set(scale).at[..., -1].set(scale)
    return q, k.at[..., pairs - 1].set(coarse).at[..., -1].set(rest)


def _turns(pairs: int) -> Array:
    """Whole turns in 3,360 days, from a turn in two days to one in the whole: exact in float32 at every position."""
    periods = jnp.array([2, 7, 3.5, 14, 28, 4, 56, 112], jnp.float32)
    return jnp.round(3360 / jnp.tile(periods, -(-pairs // 8))[:pairs])


def _norm(x: Array, scale: Array) -> Array:
    return x * jax.lax.rsqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6) * scale
