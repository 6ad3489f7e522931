# SPDX-License-Identifier: Apache-2.0
"""Exact attention over a ring of devices: queries stay, keys and values travel, softmax is merged as they pass.

What a query may see follows from positions alone, so every order of tokens over the ring gives the same answer.
After Liu, Zaharia and Abbeel, arXiv 2310.01889; the backward pass travels too, so memory is that of one slice.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import Array, lax

NEVER = -1e30  # a score that exp() makes 0 of; -inf would make NaN of a row that sees nothing
TILES = {"cpu": 256}
"""Tokens of a slice that are looked at at once, at most: on a CPU what its caches hold, else FAR_TILE.

Memory is that of a tile of pairs, however long the window. A slice has two or more: pairs that are all future, in
zigzag a quarter of two by two and nearly half of many, are skipped.
"""
FAR_TILE = 2048


class Place(NamedTuple):
    """Of each token, [batch, tokens]: its hour, its series, and whether it holds anything to look at."""

    position: Array
    slot: Array
    seen: Array


class Attend(Protocol):
    """Attention of q, k, v [batch, tokens, heads, width]; `own` bool[heads] marks those that see their series alone.

    A token sees keys that are `after` hours older than itself, or more.
    """

    def __call__(self, q: Array, k: Array, v: Array, place: Place, own: Array, *, after: int = 0) -> Array:
        """The same shape as `v`, 0 where nothing is seen."""


class Keys(NamedTuple):
    """What travels, in few messages: keys and values [b, k, h, 2 d], places int32[b, k, 3]; gradients of the former."""

    pair: Array
    places: Array
    d_pair: Array | None

    @property
    def place(self) -> Place:
        """The places, unpacked."""
        return Place(self.places[..., 0], self.places[..., 1], self.places[..., 2] > 0)


class Softmax(NamedTuple):
    """Softmax so far: weighted values [b, q, h, d], highest score [b, h, q] and sum of weights [b, h, q]."""

    value: Array
    highest: Array
    weight: Array


def full_attention(q: Array, k: Array, v: Array, place: Place, own: Array, *, after: int = 0) -> Array:
    """All at once, on one device: what the ring has to equal. [batch, tokens, heads, width], 0 where nothing is seen.

    Causal by block: a token sees every series of its own hour and of those before. `own` bool[heads] marks heads that
    see their own series alone.
    """
    scores, visible = _scores(q, k, place, place, own, after)
    weights = jax.nn.softmax(scores, axis=-1) * visible
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v)


def ring_attention(axis: str, q: Array, k: Array, v: Array, place: Place, own: Array, *, after: int = 0) -> Array:
    """The same inside `shard_map` over `axis`, from a slice of the tokens in whatever order. The result is float32.

    Of q, k and v in bfloat16 products are made in that, and sums, scores and softmax in float32.
    """
    return _ring(axis, after, q, k, v, place, own)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _ring(axis: str, after: int, q: Array, k: Array, v: Array, place: Place, own: Array) -> Array:
    return _ring_forward(axis, after, q, k, v, place, own)[0]


def _ring_forward(axis: str, after: int, q: Array, k: Array, v: Array, place: Place, own: Array) -> tuple[Array, Any]:
    def look(query: Any, keys: Keys, part: Softmax) -> tuple[Keys, Softmax]:
        (q, place), (k, v) = query, jnp.split(keys.pair, 2, axis=-1)
        return keys, _add(part, v, *_scores(q, k, place, keys.place, own, after))

    queries = _tiles((q, place))
    part = _around(axis, look, queries, _keys(k, v, place), jax.vmap(_nothing)(queries[0]))[1]
    out = _whole(jax.vmap(_share)(part.value, part.weight))
    total = _whole((part.highest + jnp.log(jnp.maximum(part.weight, 1e-30))).transpose(0, 1, 3, 2))
    return out, (q, k, v, place, own, out, total)


def _ring_backward(axis: str, after: int, held: tuple[Any, ...], d_out: Array) -> tuple[Array | None, ...]:
    q, k, v, place, own, out, total = held
    delta = jnp.einsum("bqhd,bqhd->bqh", d_out, out)
    d_out = d_out.astype(v.dtype)

    def look(query: Any, keys: Keys, d_q: Array) -> tuple[Keys, Array]:
        (q, place, d_out, delta, total), (k, v) = query, jnp.split(keys.pair, 2, axis=-1)
        scores, visible = _scores(q, k, place, keys.place, own, after)
        weights = jnp.exp(scores - total.transpose(0, 2, 1)[..., None]) * visible
        d_weights = _sums("bqhd,bkhd->bhqk", d_out, v) - delta.transpose(0, 2, 1)[..., None]
        d_scores = (weights * d_weights * q.shape[-1] ** -0.5).astype(q.dtype)
        d_k = _sums("bhqk,bqhd->bkhd", d_scores, q)
        d_v = _sums("bhqk,bqhd->bkhd", weights.astype(v.dtype), d_out)
        d_pair = keys.d_pair + jnp.concatenate([d_k, d_v], axis=-1)
        return keys._replace(d_pair=d_pair), d_q + _sums("bhqk,bkhd->bqhd", d_scores, k)

    queries = _tiles((q, place, d_out, delta, total))
    keys = _keys(k, v, place)
    keys = keys._replace(d_pair=jnp.zeros_like(keys.pair, jnp.float32))
    keys, d_q = _around(axis, look, queries, keys, jnp.zeros_like(queries[0], jnp.float32))
    d_k, d_v = jnp.split(keys.d_pair, 2, axis=-1)  # home again
    return _whole(d_q).astype(q.dtype), d_k.astype(k.dtype), d_v.astype(v.dtype), None, None


_ring.defvjp(_ring_forward, _ring_backward)


def _around(axis: str, look: Callable[..., Any], queries: Any, keys: Keys, found: Any) -> Any:
    """Send keys once around the ring; `look` at each tile of them where a tile of the queries sees something of it.

    `queries`, with the place second, and `found` are in tiles: [tiles, batch, tokens of a tile, ...].
    """
    size = lax.axis_size(axis)
    onward = [(rank, (rank + 1) % size) for rank in range(size)]
    latest = queries[1].position.max(axis=(1, 2))

    def hop(_: Any, state: tuple[Keys, Any]) -> tuple[Keys, Any]:
        tiles, found = _tiles(state[0]), state[1]
        count, earliest = len(latest), tiles.place.position.min(axis=(1, 2))

        def pair(index: Array, state: tuple[Keys, Any]) -> tuple[Keys, Any]:
            places = index % count, index // count  # of the keys, of the queries
            held = tuple(_tile(one, place) for one, place in zip(state, places, strict=True))
            some = earliest[places[0]] <= latest[places[1]]
            new = lax.cond(some, partial(look, _tile(queries, places[1])), lambda *held: held, *held)
            put = partial(lax.dynamic_update_index_in_dim, axis=0)
            (tiles, found), (part, mine) = state, new
            return (
                jax.tree.map(lambda all_, one: put(all_, one, places[0]), tiles, part),
                jax.tree.map(lambda all_, one: put(all_, one, places[1]), found, mine),
            )

        tiles, found = lax.fori_loop(0, count * count, pair, (tiles, found))
        return lax.ppermute(jax.tree.map(_whole, tiles), axis, onward), found

    return lax.fori_loop(0, size, hop, (keys, found))


def _keys(k: Array, v: Array, place: Place) -> Keys:
    return Keys(jnp.concatenate([k, v], axis=-1), jnp.stack([f.astype(jnp.int32) for f in place], axis=-1), None)


def _scores(q: Array, k: Array, place: Place, keys: Place, own: Array, after: int) -> tuple[Array, Array]:
    """Scores [b, h, q, k], NEVER where a query may not look, and whether it may."""
    before = (keys.position[:, None, :] + after <= place.position[:, :, None]) & keys.seen[:, None, :]
    same = keys.slot[:, None, :] == place.slot[:, :, None]
    visible = before[:, None] & (same[:, None] | ~own[:, None, None])
    return jnp.where(visible, _sums("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5, NEVER), visible


def _sums(subscripts: str, one: Array, other: Array) -> Array:
    """Sums of products in float32, of bfloat16 as well."""
    return jnp.einsum(subscripts, one, other, preferred_element_type=jnp.float32)


def _add(part: Softmax, v: Array, scores: Array, visible: Array) -> Softmax:
    """Softmax so far, with more keys: what was summed is scaled to the new highest score."""
    highest = jnp.maximum(part.highest, scores.max(axis=-1))
    weights, scale = jnp.exp(scores - highest[..., None]) * visible, jnp.exp(part.highest - highest)
    value = part.value * scale.transpose(0, 2, 1)[..., None] + _sums("bhqk,bkhd->bqhd", weights.astype(v.dtype), v)
    return Softmax(value, highest, part.weight * scale + weights.sum(axis=-1))


def _share(value: Array, weight: Array) -> Array:
    """Weighted mean of the values; 0 where nothing was seen."""
    return value / jnp.maximum(weight, 1e-30).transpose(0, 2, 1)[..., None]


def _nothing(q: Array) -> Softmax:
    """Softmax before the first key. Made of `q`, so that it varies over the ring as `q` does."""
    none = q.astype(jnp.float32) * 0
    weight = none[..., 0].transpose(0, 2, 1)
    return Softmax(none, weight + NEVER, weight)


def _tiles(fields: Any) -> Any:
    """[batch, tokens, ...] of every field as [tiles, batch, tokens of a tile, ...], two tiles or more of equal size."""
    tokens, most = jax.tree.leaves(fields)[0].shape[1], TILES.get(jax.default_backend(), FAR_TILE)
    count = next((n for n in range(max(2, -(-tokens // most)), tokens) if tokens % n == 0), tokens)
    return jax.tree.map(lambda f: jnp.moveaxis(f.reshape(f.shape[0], count, -1, *f.shape[2:]), 1, 0), fields)


def _tile(fields: Any, number: Array) -> Any:
    return jax.tree.map(lambda field: lax.dynamic_index_in_dim(field, number, keepdims=False), fields)


def _whole(field: Array) -> Array:
    """Tiles as one again."""
    return jnp.moveaxis(field, 0, 1).reshape(field.shape[1], -1, *field.shape[3:])
