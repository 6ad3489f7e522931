# SPDX-License-Identifier: Apache-2.0
"""How far ring attention on slices is from full attention on the whole window, for every order of the reader."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from numpy.typing import NDArray

from ringdata import RingBlocks
from ringdata.orders import ORDERS
from ringtrain.attention import Place, full_attention, ring_attention
from ringtrain.checks import layout_of
from ringtrain.patches import Arrays, Patches

HEADS, WIDTH = 2, 16
OWN = np.array([False, True])  # one head sees all series, one its own alone
BLOCKS_A_SLICE = 2  # so that a slice has two chunks or stripes
Attend = Callable[..., Array]
Graded = Callable[[list[Array], Array, Place], list[Array]]

CHECKED = tuple(order for order in ORDERS if order != "stripe")
"""What the ring of this example masks: it passes whole blocks, and none is cut into stripes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest |ring - full| of one case, over the largest |full|: of outputs, and of gradients by q, k and v."""

    order: str
    ring: int
    tokens: int
    missing: float
    forward: float
    gradient_q: float
    gradient_k: float
    gradient_v: float

    @property
    def largest(self) -> float:
        """The worst of the four; NaN counts as worst."""
        return float(np.max([self.forward, self.gradient_q, self.gradient_k, self.gradient_v]))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.order:13} ring {self.ring}  {self.tokens} tokens, {self.missing:6.1%} missing   "
            f"forward {self.forward:.1e}   gradients {self.gradient_q:.1e} {self.gradient_k:.1e} {self.gradient_v:.1e}"
        )


def differences(path: str, *, split: str, window: int) -> Iterator[Difference]:
    """A row for each order, as observed and with a third of the tokens and a whole slice missing besides."""
    devices, full, ring = jax.devices(), _graded(full_attention), _graded(_on_ring())
    grid = layout_of(path).grid
    hours = min(16, grid.block_hours)  # a patch; a stripe is a block, and holds whole ones
    context = BLOCKS_A_SLICE * grid.block_tokens * len(devices)
    cut = Patches(hours, grid.slots, tuple(range(grid.slots)))
    for order in CHECKED:
        options: dict[str, Any] = {"split": split, "context": context, "order": order, "ring_size": len(devices)}
        whole = RingBlocks(path, **options)
        index = window if window >= 0 else len(whole) // 2
        slices = [cut.cut(RingBlocks(path, ring_rank=rank, **options)[index]) for rank in range(len(devices))]
        for lose in (False, True):
            yield _compare(order, cut.cut(whole[index]), slices, full=full, ring=ring, lose=lose)


def _compare(order: str, whole: Arrays, slices: list[Arrays], *, full: Graded, ring: Graded, lose: bool) -> Difference:
    ringed = {name: np.concatenate([part[name] for part in slices]) for name in whole}
    wanted, found = full(*_inputs(whole, lose=lose)), ring(*_inputs(ringed, lose=lose))
    at = _where(whole, ringed)
    far = [_farthest(np.asarray(r), np.asarray(f)[:, at]) for r, f in zip(found, wanted, strict=True)]
    return Difference(order, len(slices), len(at), float(1 - _seen(whole, lose=lose).mean()), *far)


def _farthest(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def _on_ring() -> Attend:
    mesh = Mesh(np.array(jax.devices()), ("ring",))
    specs = (*[P(None, "ring")] * 4, P())
    mapped: Attend
    mapped = jax.shard_map(partial(ring_attention, "ring"), mesh=mesh, in_specs=specs, out_specs=P(None, "ring"))
    return mapped


def _graded(attend: Attend) -> Graded:
    """Output of attention, and gradients by q, k and v of a weighted sum of it."""

    def graded(qkv: list[Array], weight: Array, place: Place) -> list[Array]:
        out, back = jax.vjp(lambda *qkv: attend(*qkv, place, jnp.asarray(OWN)), *qkv)
        return [out, *back(weight)]

    compiled: Graded = jax.jit(graded)
    return compiled


def _where(whole: Arrays, ringed: Arrays) -> NDArray[np.int64]:
    """Place in the window of each token that the ring holds, told by its position and series."""
    in_window, in_ring = (part["position"].astype(np.int64) << 16 | part["slot"] for part in (whole, ringed))
    return np.searchsorted(in_window, in_ring)


def _seen(tokens: Arrays, *, lose: bool) -> NDArray[np.bool_]:
    """Tokens with an observed hour; `lose` takes a third of them, and a whole sixteenth of the window."""
    seen = np.asarray(tokens["observed"].any(axis=1))
    if not lose:
        return seen
    hour = tokens["position"] - tokens["position"].min()
    kept: NDArray[np.bool_] = (_mixed(tokens, 3) % 3 > 0) & (hour * 16 // (hour.max() + 1) != 5)
    return seen & kept


def _inputs(tokens: Arrays, *, lose: bool) -> tuple[list[Array], Array, Place]:
    """q, k, v, weight [1, tokens, heads, width], each a fixed random function of the token alone; and its place."""
    rng = np.random.default_rng(0)
    scale = tokens["value"].max(axis=1, keepdims=True) + 1
    waves = np.sin(_mixed(tokens, 12)[:, None] * np.arange(1, 9))
    inputs = np.concatenate([tokens["value"] / scale, waves], axis=1)
    fields = [inputs @ rng.normal(0, inputs.shape[1] ** -0.5, (inputs.shape[1], HEADS * WIDTH)) for _ in range(4)]
    *qkv, weight = (jnp.asarray(field.reshape(1, -1, HEADS, WIDTH), jnp.float32) for field in fields)
    places = (tokens["position"], tokens["slot"], _seen(tokens, lose=lose))
    return qkv, weight, Place(*(jnp.asarray(field)[None] for field in places))


def _mixed(tokens: Arrays, many: int) -> NDArray[np.int64]:
    """A number below 2**many, scattered over hours and series."""
    mixed: NDArray[np.int64] = tokens["position"].astype(np.int64) * 2654435761 + tokens["slot"] * 40503 >> 7
    return mixed % (1 << many)
