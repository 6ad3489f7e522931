# SPDX-License-Identifier: Apache-2.0
"""A training step over a ring: the loss is one sum over all ranks divided by one count, and Adam after it."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from ringtrain.attention import ring_attention
from ringtrain.devices import CUT, EVERYWHERE, TOKENS
from ringtrain.model import Shape, Weights, errors, forecast

Batch = dict[str, Array]


class State(NamedTuple):
    """Weights, and Adam's running means of gradients and of their squares."""

    weights: Weights
    mean: Weights
    square: Weights
    step: Array


class Found(NamedTuple):
    """Scaled quantiles [batch, tokens, quantiles, hours]; `position`, `slot` [batch, tokens] of what they are of."""

    scaled: Array
    position: Array
    slot: Array


def begin(weights: Weights) -> State:
    """Before the first step."""
    # Of the type that a step gives back: of a weak one it would be compiled three times.
    weights = jax.tree.map(lambda weight: jnp.asarray(weight, jnp.float32), weights)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return State(weights, zeros, zeros, jnp.zeros((), jnp.int32))


def mean_error(shape: Shape, mesh: Mesh) -> Callable[[Weights, Batch], Array]:
    """Mean scaled quantile loss over the hours of all ranks: per-rank means would weigh hours unequally."""

    def over_all(weights: Weights, batch: Batch) -> Array:
        total, count = errors(weights, batch, shape, partial(ring_attention, TOKENS))
        return jax.lax.psum(total, EVERYWHERE) / jnp.maximum(jax.lax.psum(count, EVERYWHERE), 1)

    mapped: Callable[[Weights, Batch], Array]
    mapped = jax.shard_map(over_all, mesh=mesh, in_specs=(P(), CUT), out_specs=P())
    return mapped


def forecaster(shape: Shape, mesh: Mesh) -> Callable[[Weights, Batch], Found]:
    """Scaled quantiles [batch, tokens, quantiles, hours] of all ranks, whole on every host, and what they are of."""

    def on_rank(weights: Weights, batch: Batch) -> Found:
        found = forecast(weights, batch, shape, partial(ring_attention, TOKENS))
        return Found(found, batch["position"], batch["slot"])

    mapped = jax.shard_map(on_rank, mesh=mesh, in_specs=(P(), CUT), out_specs=CUT)
    # Gathered: a host cannot read what lies on the devices of another.
    compiled: Callable[[Weights, Batch], Found] = jax.jit(mapped, out_shardings=NamedSharding(mesh, P()))
    return compiled


def stepper(shape: Shape, mesh: Mesh, *, steps: int, rate: float) -> Callable[[State, Batch], tuple[State, Array]]:
    """One step of Adam; the rate rises over a twentieth of the steps and falls as a cosine."""
    gradient = jax.value_and_grad(mean_error(shape, mesh))

    def step(state: State, batch: Batch) -> tuple[State, Array]:
        loss, slope = gradient(state.weights, batch)
        part = state.step / steps
        now = rate * jnp.minimum(20 * part + 1 / steps, 0.5 * (1 + jnp.cos(jnp.pi * part)))
        return _adam(state, slope, now), loss

    compiled: Callable[[State, Batch], tuple[State, Array]] = jax.jit(step)
    return compiled


def _adam(state: State, slope: Any, rate: Array) -> State:
    """Adam with betas 0.9 and 0.99."""
    step = state.step + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.mean, slope)
    square = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, state.square, slope)
    scale = rate * jnp.sqrt(1 - 0.99**step) / (1 - 0.9**step)
    weights = jax.tree.map(lambda w, m, s: w - scale * m / (jnp.sqrt(s) + 1e-8), state.weights, mean, square)
    return State(weights, mean, square, step)
