# SPDX-License-Identifier: Apache-2.0
"""What came after a day is known a day later and not before: no forecast has a part of its own label or a later one."""

from functools import partial
from typing import Any

import numpy as np
import pytest

AREAS, DAYS = 2, 6


@pytest.fixture(scope="module")
def told() -> Any:
    """A forecast of every token, [days, areas, …], from its fields, by the ring and by full attention."""
    jax = pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")
    from jax.sharding import Mesh
    from jax.sharding import PartitionSpec as P
    from ringtrain.attention import full_attention, ring_attention
    from ringtrain.model import Shape, forecast, start

    shape = Shape(series=AREAS, ahead=True)
    rng = np.random.default_rng(0)
    drawn = jax.tree.map(lambda w: w + rng.normal(0, 0.3, w.shape).astype(np.float32), start(shape, seed=0))
    mesh = Mesh(np.array(jax.devices()[:1]), ("ring",))
    on_ring = jax.shard_map(
        lambda tokens: forecast(drawn, tokens, shape, partial(ring_attention, "ring")),
        mesh=mesh,
        in_specs=(P(None, "ring"),),
        out_specs=P(None, "ring"),
    )
    ways = {"ring": jax.jit(on_ring), "full": jax.jit(lambda t: forecast(drawn, t, shape, full_attention))}

    def forecasts(fields: dict[str, Any], way: str) -> Any:
        given = {name: jax.numpy.asarray(field) for name, field in fields.items()}
        return np.asarray(ways[way](given)).reshape(DAYS, AREAS, -1)

    return forecasts


def fields() -> dict[str, Any]:
    rng, size = np.random.default_rng(1), (1, DAYS * AREAS)
    value = rng.normal(0, 1, (DAYS + 1, AREAS, 24)).astype(np.float32)
    made = {"value": value[:-1], "target": value[1:], "ahead_value": value[1:] + 0.1}
    tokens: dict[str, Any] = {name: field.reshape(*size, 24) for name, field in made.items()}
    tokens |= {name: np.ones((*size, 24), bool) for name in ("observed", "loss_mask", "ahead_observed")}
    tokens |= {"calendar": rng.random((*size, 16)).astype(np.float32)}
    days = np.arange(DAYS, dtype=np.int32)
    tokens |= {"position": np.repeat(days * 24 + 430_000, AREAS)[None]}
    return tokens | {"slot": np.tile(np.arange(AREAS, dtype=np.int32), DAYS)[None]}


@pytest.mark.parametrize("way", ["ring", "full"])
def test_a_label_is_seen_a_day_later_and_not_before(told: Any, way: str) -> None:
    plain = told(fields(), way)
    for day in range(DAYS):
        for name in ("target", "loss_mask"):
            other = fields()
            part = other[name].reshape(DAYS, AREAS, 24)
            part[day:] = part[day:] + 5 if name == "target" else False
            changed = told(other, way)
            assert np.array_equal(changed[: day + 1], plain[: day + 1])
            assert day == DAYS - 1 or (changed[day + 1 :] != plain[day + 1 :]).any(axis=(1, 2)).all()


def test_nothing_later_is_seen(told: Any) -> None:
    plain = told(fields(), "ring")
    for day in range(1, DAYS):
        other = fields()
        for name in ("value", "ahead_value", "calendar"):
            other[name].reshape(DAYS, AREAS, -1)[day:] += 3
        assert np.array_equal(told(other, "ring")[:day], plain[:day])


def test_days_that_are_alike_count_most() -> None:
    jax = pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")
    from ringtrain.analogues import after_days_like_it, begin
    from ringtrain.attention import full_attention

    tokens = fields()
    kept = tokens["slot"][0] == 0
    tokens = {name: field[:, kept] for name, field in tokens.items() if not name.startswith("ahead")}
    tokens["value"][0, -1] = tokens["value"][0, 2]  # the last day is as the third was
    tokens["calendar"][0, -1] = tokens["calendar"][0, 2]
    weights = begin(slots=1, hours=24, ahead=False)
    given = {name: jax.numpy.asarray(field) for name, field in tokens.items()}
    found = np.asarray(after_days_like_it(weights, given, given["value"], full_attention))
    assert not found[0, 0].any()  # nothing came before
    wanted = 0.7 * (tokens["target"] - tokens["value"])[0, 2]
    np.testing.assert_allclose(found[0, -1], wanted, atol=0.2)
