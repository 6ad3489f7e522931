# SPDX-License-Identifier: Apache-2.0
"""Exact attention over a ring of devices: queries stay, keys and values travel, softmax is merged as they pass.

What a query may see follows from positions alone, so every order of tokens over the ring gives the same answer.
After Liu, Zaharia and Abbeel, arXiv 2310.01889; the backward pass travels too, so memory is that of one slice.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

NEVER = -1e30  # a score that exp() makes 0 of; -inf would make NaN of a row that sees nothing
HALVES = 2  # of a slice, looked at one by one: in zigzag a quarter of the pairs is all future, and is skipped


class Place(NamedTuple):
    """Of each token, [batch, tokens]: its hour, its series, and whether it holds anything to look at."""

    position: Array
    slot: Array
    seen: Array


class Keys(NamedTuple):
    """What travels, in few messages: keys and values [b, k, h, 2 d], places int32[b, k, 3]; gradients of the former."""

    pair: Array
    places: Array
    d_pair: Array | None

    @property
    def place(self) -> Place:
        """The places, unpacked."""
        position, slot, seen = jnp.moveaxis(self.places, -1, 0)
        return Place(position, slot, seen > 0)


class Softmax(NamedTuple):
    """Softmax so far: weighted values [b, q, h, d], highest score [b, h, q] and sum of weights [b, h, q]."""

    value: Array
    highest: Array
    weight: Array


def full_attention(q: Array, k: Array, v: Array, place: Place, own: Array) -> Array:
    """All at once, on one device: what the ring has to equal. [batch, tokens, heads, width], 0 where nothing is seen.

    Causal by block: a token sees every series of its own hour and of those before. `own` bool[heads] marks heads that
    see their own series alone.
    """
    scores, visible = _scores(q, k, place, place, own)
    weights = jax.nn.softmax(scores, axis=-1) * visible
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v)


def ring_attention(axis: str, q: Array, k: Array, v: Array, place: Place, own: Array) -> Array:
    """The same inside `shard_map` over `axis`, from a slice of the tokens in whatever order."""
    return _ring(axis, q, k, v, place, own)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _ring(axis: str, q: Array, k: Array, v: Array, place: Place, own: Array) -> Array:
    return _ring_forward(axis, q, k, v, place, own)[0]


def _ring_forward(axis: str, q: Array, k: Array, v: Array, place: Place, own: Array) -> tuple[Array, Any]:
    queries = _halves((q, place))

    def look(number: int, keys: Keys, part: Softmax) -> tuple[Keys, Softmax]:
        (q, place), (k, v) = queries[number], jnp.split(keys.pair, 2, axis=-1)
        return keys, _add(part, v, *_scores(q, k, place, keys.place, own))

    part = _around(axis, look, queries, _keys(k, v, place), [_nothing(q) for q, _ in queries])[1]
    out = jnp.concatenate([_share(p.value, p.weight) for p in part], axis=1)
    total = jnp.concatenate([p.highest + jnp.log(jnp.maximum(p.weight, 1e-30)) for p in part], axis=2)
    return out, (q, k, v, place, own, out, total)


def _ring_backward(axis: str, held: tuple[Any, ...], d_out: Array) -> tuple[Array | None, ...]:
    q, k, v, place, own, out, total = held
    delta = jnp.einsum("bqhd,bqhd->bqh", d_out, out)
    queries = _halves((q, place, d_out, delta, total.transpose(0, 2, 1)))

    def look(number: int, keys: Keys, d_q: Array) -> tuple[Keys, Array]:
        (q, place, d_out, delta, total), (k, v) = queries[number], jnp.split(keys.pair, 2, axis=-1)
        scores, visible = _scores(q, k, place, keys.place, own)
        weights = jnp.exp(scores - total.transpose(0, 2, 1)[..., None]) * visible
        d_weights = jnp.einsum("bqhd,bkhd->bhqk", d_out, v) - delta.transpose(0, 2, 1)[..., None]
        d_scores = weights * d_weights * q.shape[-1] ** -0.5
        d_k = jnp.einsum("bhqk,bqhd->bkhd", d_scores, q)
        d_v = jnp.einsum("bhqk,bqhd->bkhd", weights, d_out)
        d_pair = keys.d_pair + jnp.concatenate([d_k, d_v], axis=-1)
        return keys._replace(d_pair=d_pair), d_q + jnp.einsum("bhqk,bkhd->bqhd", d_scores, k)

    keys = _keys(k, v, place)
    keys = keys._replace(d_pair=jnp.zeros_like(keys.pair))
    keys, d_q = _around(axis, look, queries, keys, [jnp.zeros_like(q) for q, *_ in queries])
    d_k, d_v = jnp.split(keys.d_pair, 2, axis=-1)  # home again
    return jnp.concatenate(d_q, axis=1), d_k, d_v, None, None


_ring.defvjp(_ring_forward, _ring_backward)


def _around(axis: str, look: Callable[..., Any], queries: list[Any], keys: Keys, found: list[Any]) -> Any:
    """Send keys once around the ring; `look` at each half of them where a half of the queries sees something of it."""
    size = lax.axis_size(axis)
    onward = [(rank, (rank + 1) % size) for rank in range(size)]

    def hop(_: Any, state: tuple[Keys, list[Any]]) -> tuple[Keys, list[Any]]:
        parts, found = _halves(state[0]), list(state[1])
        for number, (_, place, *_) in enumerate(queries):
            for half, part in enumerate(parts):
                some = part.place.position.min() <= place.position.max()
                state = (part, found[number])
                parts[half], found[number] = lax.cond(some, partial(look, number), lambda *state: state, *state)
        keys = jax.tree.map(lambda *halves: jnp.concatenate(halves, axis=1), *parts)
        return lax.ppermute(keys, axis, onward), found

    return lax.fori_loop(0, size, hop, (keys, found))


def _keys(k: Array, v: Array, place: Place) -> Keys:
    return Keys(jnp.concatenate([k, v], axis=-1), jnp.stack([f.astype(jnp.int32) for f in place], axis=-1), None)


def _scores(q: Array, k: Array, place: Place, keys: Place, own: Array) -> tuple[Array, Array]:
    """Scores [b, h, q, k], NEVER where a query may not look, and whether it may."""
    before = (keys.position[:, None, :] <= place.position[:, :, None]) & keys.seen[:, None, :]
    same = keys.slot[:, None, :] == place.slot[:, :, None]
    visible = before[:, None] & (same[:, None] | ~own[:, None, None])
    return jnp.where(visible, jnp.einsum("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5, NEVER), visible


def _add(part: Softmax, v: Array, scores: Array, visible: Array) -> Softmax:
    """Softmax so far, with more keys: what was summed is scaled to the new highest score."""
    highest = jnp.maximum(part.highest, scores.max(axis=-1))
    weights, scale = jnp.exp(scores - highest[..., None]) * visible, jnp.exp(part.highest - highest)
    value = part.value * scale.transpose(0, 2, 1)[..., None] + jnp.einsum("bhqk,bkhd->bqhd", weights, v)
    return Softmax(value, highest, part.weight * scale + weights.sum(axis=-1))


def _share(value: Array, weight: Array) -> Array:
    """Weighted mean of the values; 0 where nothing was seen."""
    return value / jnp.maximum(weight, 1e-30).transpose(0, 2, 1)[..., None]


def _nothing(q: Array) -> Softmax:
    """Softmax before the first key. Made of `q`, so that it varies over the ring as `q` does."""
    none = q[..., 0].transpose(0, 2, 1) * 0
    return Softmax(q * 0, none + NEVER, none)


def _halves(fields: Any) -> list[Any]:
    """The tokens (axis 1) of every field in HALVES parts."""
    parts = jax.tree.map(lambda field: jnp.split(field, HALVES, axis=1), fields)
    is_list = lambda node: isinstance(node, list)  # noqa: E731
    return [jax.tree.map(lambda split, n=n: split[n], parts, is_leaf=is_list) for n in range(HALVES)]
