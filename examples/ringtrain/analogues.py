# SPDX-License-Identifier: Apache-2.0
"""What came after days like this one: one more head of attention, over the past of the series itself.

Of each day before, the window holds also what its next day was. So a key is a day and what was known of the day after
it, its value is how far that day was from what one begins with, and near keys count most. A longer window has more
days that are like this one. A key is seen a day later than its token: what came after it must have come.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from ringtrain.attention import Attend, Place

DAY = 24
LIKE = {"value": 0.7, "ahead": 0.7, "week": 1.5, "season": 1.0, "clock": 0.3, "off": 2.0}
"""How much a difference in each counts at first: of an hour in standard deviations, of a number of the calendar."""
CALENDAR = ("week",) * 7 + ("season",) * 4 + ("clock",) * 2 + ("off",) * 3
FORGOTTEN = 0.003
"""By which the score of a key falls a day, at first."""
ORIGIN = 17_000
"""Days since 1970 from which age is counted: float32 keeps it exact enough for a century."""


def begin(*, slots: int, hours: int, ahead: bool) -> dict[str, Array]:
    """Weights: how much each difference counts, how fast a day is forgotten, and how far the head is trusted."""
    scale = [LIKE["value"]] * hours + [LIKE[name] for name in CALENDAR] + [LIKE["ahead"]] * hours * ahead
    return {
        "scale": jnp.log(jnp.array(scale, jnp.float32)),
        "forgotten": jnp.log(jnp.array(FORGOTTEN, jnp.float32)),
        "gate": jnp.full((slots, hours), 0.7),
    }


def after_days_like_it(weights: dict[str, Array], tokens: dict[str, Any], known: Array, attend: Attend) -> Array:
    """Mean of what came beside what was known, [batch, tokens, hours], over days before; 0 where there is none.

    `known` is what the forecast begins with; `tokens` as `forecast` takes them, with `target` and `loss_mask`: what
    came after a token is given to those a day later or more.
    """
    names = ("value", "calendar", *(("ahead_value",) if "ahead_value" in tokens else ()))
    like = jnp.concatenate([tokens[name].astype(jnp.float32) for name in names], axis=-1) * jnp.exp(weights["scale"])
    came = (tokens["target"] - known) * tokens["loss_mask"]
    # -|q - k|^2 / 2, less what all keys of a query have in common.
    age = (tokens["position"] / DAY - ORIGIN) * jnp.exp(weights["forgotten"])
    near = age - (like * like).sum(axis=-1) / 2
    width = like.shape[-1] + 1
    q = jnp.concatenate([like, jnp.ones_like(near)[..., None]], axis=-1) * width**0.5
    k = jnp.concatenate([like, near[..., None]], axis=-1)
    v = jnp.pad(came, ((0, 0), (0, 0), (0, width - came.shape[-1])))
    place = Place(tokens["position"], tokens["slot"], tokens["loss_mask"].any(axis=-1))
    q, k, v = (one[:, :, None] for one in (q, k, v))
    found = attend(q, k, v, place, jnp.ones(1, bool), after=DAY)
    return found[:, :, 0, : came.shape[-1]] * weights["gate"][tokens["slot"]]
