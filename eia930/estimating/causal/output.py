# SPDX-License-Identifier: Apache-2.0
"""The fills of an output: of what training blocks trust of its demand, and as one object of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from eia930.estimating.areas import DEMAND, barred, forecast_of
from eia930.estimating.causal.filling import Fills, Standing, filled
from eia930.estimating.remembered import QUARTERS, Remembered, anew
from eia930.program.reading import from_msgpack
from eia930.record.spool import Spool
from eia930.reference.series import known_series
from eia930.store.storage import Storage

Load = Callable[[str, int, int], tuple[NDArray[np.float32], NDArray[np.bool_]]]
"""`load(series_id, first_hour, hours)`: value float32[hours] in MW, and whether each is observed."""
_STORED = dict[str, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class DemandFills:
    """Fills by series id: of demand alone."""

    by_series: Mapping[str, Fills]

    def __call__(self, series_id: str, first: int, hours: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Of hours `first` .. `first + hours - 1`, those that are filled, and their values in MW."""
        fills = self.by_series.get(series_id)
        if fills is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        part = slice(*np.searchsorted(fills.hour, (first, first + hours)).tolist())
        return fills.hour[part], fills.value[part]

    def told(self, series_id: str, first: int, end: int) -> str:
        """Names all fills of a series in hours [first, end): of equal names, all are equal."""
        hour, value = self(series_id, first, end - first)
        return hashlib.sha256(_bytes(hour, "<i8") + _bytes(value, "<f4")).hexdigest() if len(hour) else ""

    def to_bytes(self) -> bytes:
        """The same bytes for the same fills."""
        told = {name: (_bytes(one.hour, "<i8"), _bytes(one.value, "<f4")) for name, one in self.by_series.items()}
        return zstandard.ZstdCompressor(write_checksum=True).compress(msgspec.msgpack.encode(told))

    @classmethod
    def of_bytes(cls, data: bytes) -> DemandFills:
        """Read back what `to_bytes` gave; msgspec.MsgspecError or ZstdError where it is none."""
        told = from_msgpack(zstandard.ZstdDecompressor().decompress(data), _STORED)
        return cls(
            {
                name: Fills(np.frombuffer(hour, "<i8").astype(np.int64), np.frombuffer(value, "<f4").astype(np.float32))
                for name, (hour, value) in told.items()
            }
        )


def demand_fills(
    names: Iterable[str], load: Load, *, first: int, last: int, storage: Storage | None = None
) -> DemandFills:
    """The fills of all demand among the series `names`, for hours `first`..`last` (inclusive, since 1970 UTC).

    `load` is asked once for all hours of each demand and its forecast. In `storage` what was made is remembered, a
    quarter at a time. StorageError where there is no room for them.
    """
    series = known_series(names)
    demand = {name: key for name, key in series.items() if key.type == DEMAND}
    if not demand:
        return DemandFills({})
    hours, keys = last - first + 1, list(demand.values())
    rows, ahead = Spool(len(keys), hours), Spool(len(keys), hours)
    for row, (name, key) in enumerate(demand.items()):
        rows.put(row, _standing(load, name, first, hours))
        forecast = forecast_of(key)
        known = forecast is not None and forecast.id in series
        ahead.put(row, _standing(load, forecast.id, first, hours) if forecast and known else np.full(hours, np.nan))
    of = Standing(first=first, demand=rows.rows, forecast=ahead.rows, barred=barred(keys))
    recall = anew if storage is None else Remembered(storage, QUARTERS, of)
    return DemandFills(dict(zip(demand, filled(of, recall), strict=True)))


def _standing(load: Load, name: str, first: int, hours: int) -> NDArray[np.float64]:
    value, observed = load(name, first, hours)
    # What no float32 holds is refused by name where blocks are cut.
    return np.where(observed & np.isfinite(value), value, np.nan).astype(np.float64)


def _bytes(numbers: NDArray[np.int64] | NDArray[np.float32], kind: str) -> bytes:
    return numbers.astype(kind).tobytes()
