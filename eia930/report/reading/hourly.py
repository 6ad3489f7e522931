# SPDX-License-Identifier: Apache-2.0
"""A tidy file as arrays on the frame: one file in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.record.tidy_file import read_columns
from eia930.reference.hours import HOURLY
from eia930.report.reading.frame import Frame
from eia930.store.storage import Storage

_COLUMNS = ["series_id", "period", "value", "flag", "retrieved_at", "source"]


@dataclass(frozen=True, slots=True)
class Hourly:
    """One series on the frame, each array one entry an hour.

    `value` float64 in MW (NaN: null or no row), `row` bool, `code` int16 index into `flags` (-1: nothing found).
    """

    series_id: str
    value: NDArray[np.float64]
    row: NDArray[np.bool_]
    code: NDArray[np.int16]
    flags: tuple[str, ...]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Hours with a value."""
        return ~np.isnan(self.value)

    @property
    def trusted(self) -> NDArray[np.float64]:
        """The values without those that carry a flag (NaN there)."""
        return np.where(self.code < 0, self.value, np.nan)


@dataclass(frozen=True, slots=True)
class TidyFile:
    """What a tidy file holds of the frame: its series, where its rows come from, when they were retrieved."""

    series: tuple[Hourly, ...]
    sources: frozenset[str]
    retrieved: tuple[str, ...]
    """First and last retrieval, `YYYY-MM-DDTHH`; empty where there are no rows."""


def read_tidy(storage: Storage, path: str, frame: Frame) -> TidyFile:
    """Read one tidy file. UsageError, naming it, where it is missing, cut or no tidy file."""
    table = read_columns(storage, path, _COLUMNS)
    return TidyFile(tuple(_series(table, frame)), _distinct(table["source"]), _retrieved(table))


def _series(table: pa.Table, frame: Frame) -> list[Hourly]:
    places = pc.divide(_seconds(table["period"]), 3600).to_numpy() - frame.first
    names = table["series_id"].combine_chunks().dictionary_encode()
    code = names.indices.to_numpy(zero_copy_only=False)
    value = table["value"].to_numpy()
    flag, flags = _flags(table["flag"])
    inside = (places >= 0) & (places < frame.hours)
    found = []
    for index, name in enumerate(names.dictionary.to_pylist()):
        mine = np.flatnonzero(inside & (code == index))
        found.append(_on_frame(name, frame.hours, places[mine], value[mine], flag[mine], flags))
    return found


def _on_frame(
    name: str,
    hours: int,
    places: NDArray[np.int64],
    value: NDArray[np.float64],
    flag: NDArray[np.int16],
    flags: Sequence[str],
) -> Hourly:
    one = Hourly(name, np.full(hours, np.nan), np.zeros(hours, bool), np.full(hours, -1, np.int16), tuple(flags))
    one.value[places] = value
    one.row[places] = True
    one.code[places] = np.where(np.isnan(value), -1, flag)
    return one


def _flags(column: pa.ChunkedArray) -> tuple[NDArray[np.int16], list[str]]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int16), encoded.dictionary.to_pylist()


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("s", "UTC")).cast(pa.int64())


def _distinct(column: pa.ChunkedArray) -> frozenset[str]:
    return frozenset(column.cast(pa.string()).unique().to_pylist())


def _retrieved(table: pa.Table) -> tuple[str, ...]:
    if not table.num_rows:
        return ()
    span = pc.min_max(table["retrieved_at"])
    return (span["min"].as_py().strftime(HOURLY), span["max"].as_py().strftime(HOURLY))
