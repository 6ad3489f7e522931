# SPDX-License-Identifier: Apache-2.0
"""A tidy file as arrays on the frame: one file in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eia930.record.tidy_file import SeriesRows, read_tidy
from eia930.reference.hours import HOURLY
from eia930.report.reading.frame import Frame
from eia930.store.manifest import File
from eia930.store.storage import Storage

_MORE = ("flag", "estimate", "retrieved_at", "source")


@dataclass(frozen=True, slots=True)
class Hourly:
    """One series on the frame, each array one entry an hour.

    `value` float64 in MW (NaN: null or nobody reported it), `code` int16 index into `flags` (-1: nothing found),
    `estimate` float64 in MW (NaN: none).
    """

    series_id: str
    value: NDArray[np.float64]
    code: NDArray[np.int16]
    flags: tuple[str, ...]
    estimate: NDArray[np.float64]

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


def read_hourly(storage: Storage, file: File, frame: Frame) -> TidyFile:
    """Read one tidy file. UsageError, naming it, where it is not as it was written."""
    found = read_tidy(storage, file, _MORE, all_rows=True)
    series = tuple(_on_frame(rows, frame) for rows in found)
    return TidyFile(series, _sources(found), _retrieved(found))


def _on_frame(rows: SeriesRows, frame: Frame) -> Hourly:
    hours, (flag, flags) = frame.hours, _flags(rows.more["flag"])
    one = Hourly(rows.series_id, np.full(hours, np.nan), np.full(hours, -1, np.int16), flags, np.full(hours, np.nan))
    inside = (rows.hour >= frame.first) & (rows.hour <= frame.last)
    places, value = rows.hour[inside] - frame.first, rows.value[inside]
    one.value[places] = value
    one.estimate[places] = rows.more["estimate"].to_numpy()[inside]
    one.code[places] = np.where(np.isnan(value), -1, flag[inside])
    return one


def _flags(column: pa.ChunkedArray) -> tuple[NDArray[np.int16], tuple[str, ...]]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int16), tuple(encoded.dictionary.to_pylist())


def _sources(found: Sequence[SeriesRows]) -> frozenset[str]:
    names = (name for rows in found for name in rows.more["source"].cast(pa.string()).unique().to_pylist())
    # What nobody reported is of no source.
    return frozenset(name for name in names if name is not None)


def _retrieved(found: Sequence[SeriesRows]) -> tuple[str, ...]:
    spans = [pc.min_max(rows.more["retrieved_at"]).as_py() for rows in found]
    if not spans:
        return ()
    ends = min(span["min"] for span in spans), max(span["max"] for span in spans)
    return tuple(end.strftime(HOURLY) for end in ends)
