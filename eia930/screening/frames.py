# SPDX-License-Identifier: Apache-2.0
"""Rows of a route, in a Parquet file with the API's columns, as hourly frames: what the screening reads."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eia930.record import tidy_file
from eia930.reference.hours import parse_hour
from eia930.reference.routes import Route
from eia930.reference.series import SeriesKey

Frames = dict[str, NDArray[np.float64]]
"""series id → float64[hours] in MW, NaN = absent or null."""


def read_frames(path: Path, route: Route) -> tuple[int, Frames]:
    """Return the first hour (since 1970 UTC, hour ending) and every series of a file on one frame, in order.

    The file has `period` (a timestamp, or text as the API writes it), the route's two key columns, and `value`.
    """
    table = pq.read_table(path, columns=["period", *route.keys, "value"])
    hours = hours_of(table["period"])
    whose, kind = (pc.cast(table[key], pa.string()).combine_chunks().dictionary_encode() for key in route.keys)
    codes = whose.indices.to_numpy() * len(kind.dictionary) + kind.indices.to_numpy()
    first = int(hours.min())
    used, rows = np.unique(codes, return_inverse=True)
    grid = np.full((used.size, int(hours.max()) - first + 1), np.nan)
    grid[rows, hours - first] = pc.cast(table["value"], pa.float64()).to_numpy()
    whose_names, kind_names = whose.dictionary.to_pylist(), kind.dictionary.to_pylist()
    pairs = (divmod(c, len(kind_names)) for c in used)
    names = [SeriesKey(route, whose_names[code], kind_names[kind]).id for code, kind in pairs]
    frames = dict(zip(names, grid, strict=True))
    return first, {name: frames[name] for name in sorted(frames)}


def hours_of(periods: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return hours since 1970 UTC of a column of periods, timestamps or text."""
    if pa.types.is_timestamp(periods.type):
        return tidy_file.hours_of(periods)
    encoded = periods.combine_chunks().dictionary_encode()
    stamps = np.array([parse_hour(text) for text in encoded.dictionary.to_pylist()], dtype=np.int64)
    return np.asarray(stamps[encoded.indices.to_numpy()])


def on_frame(values: NDArray[np.float64], *, starts: int, first: int, last: int) -> NDArray[np.float64]:
    """Cut or extend (with NaN) a series that starts at hour `starts` to the frame first … last."""
    frame = np.full(last - first + 1, np.nan)
    begin, end = max(starts, first), min(starts + values.size - 1, last)
    if begin <= end:
        frame[begin - first : end - first + 1] = values[begin - starts : end - starts + 1]
    return frame
