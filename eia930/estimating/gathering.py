# SPDX-License-Identifier: Apache-2.0
"""The demand of an output, read from its tidy files: what stands, where an estimate is wanted, what EIA put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eia930.estimating.areas import barred, forecast_of
from eia930.estimating.filling import Gathered
from eia930.estimating.learning.exact import Index, Mask, Real
from eia930.estimating.windows import years
from eia930.record.assembly import EDGE, Screening
from eia930.record.spool import Spool
from eia930.record.tidy_file import SeriesRows, read_tidy
from eia930.reference.series import SeriesKey
from eia930.store.manifest import File
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class Frame:
    """Hours `first`..`last` (inclusive, since 1970 UTC, hour ending)."""

    first: int
    last: int

    def placed(self, rows: SeriesRows, values: NDArray[np.float64], where: Mask) -> Real:
        """Values (MW) of the rows `where`, by their hours: float64[hours], NaN elsewhere."""
        out = np.full(self.last - self.first + 1, np.nan)
        where = where & (rows.hour >= self.first) & (rows.hour <= self.last)
        out[rows.hour[where] - self.first] = values[where]
        return out


def gathered(
    storage: Storage, keys: Sequence[SeriesKey], files: Sequence[File], frame: Frame, *, screening: Screening
) -> Gathered:
    """The series of `keys`, each in the file beside it; a file is read once. StorageError where there is no room."""
    series, hours = len(keys), frame.last - frame.first + 1
    place = {key.id: row for row, key in enumerate(keys)}
    ahead = {other.id: row for row, key in enumerate(keys) if (other := forecast_of(key)) is not None}
    demand, forecast = Spool(series, hours), Spool(series, hours)
    wanted, eia = [np.zeros(0, np.intp)] * series, [np.zeros(0)] * series
    nothing = np.full(hours, np.nan)
    for row in range(series):
        forecast.put(row, nothing)
    for file in sorted(set(files), key=lambda one: one.path):
        for rows in read_tidy(storage, file, ("flag", "adjusted"), all_rows=True):
            stands = ~np.isnan(rows.value) & rows.more["flag"].is_null().to_numpy()
            if rows.series_id in place:
                row = place[rows.series_id]
                values = frame.placed(rows, rows.value, stands)
                demand.put(row, values)
                wanted[row] = _wanted(frame.placed(rows, rows.value, np.ones(len(stands), bool)), values)
                eia[row] = _by_eia(rows, values, wanted[row], frame=frame, screening=screening)
            elif rows.series_id in ahead:
                forecast.put(ahead[rows.series_id], frame.placed(rows, rows.value, stands))
    return Gathered(
        first=frame.first,
        demand=demand.rows,
        forecast=forecast.rows,
        wanted=wanted,
        eia=eia,
        barred=barred(keys),
    )


def _wanted(reported: Real, stands: Real) -> Index:
    """Where nothing stands between the first and the last hour with a value."""
    there = np.flatnonzero(~np.isnan(reported))
    if not there.size:
        return there
    return np.asarray(there[0] + np.flatnonzero(np.isnan(stands[there[0] : there[-1] + 1])))


def _by_eia(rows: SeriesRows, stands: Real, wanted: Index, *, frame: Frame, screening: Screening) -> Real:
    """EIA's adjusted figure at each hour wanted: NaN where there is none, or it is doubtful itself.

    It is held against EIA's figures of all other hours, and against the least and the most that stood around its year.
    """
    adjusted = rows.more["adjusted"]
    if not wanted.size or adjusted.null_count == len(adjusted):
        return np.full(wanted.size, np.nan)
    figure = frame.placed(rows, _numbers(adjusted), adjusted.is_valid().to_numpy())
    # Empty hours around it: where the frame ends, by other series, decides nothing of this one.
    values = np.where(np.isnan(figure), stands, figure)
    code, _ = screening.framed(rows.series_id, values, before=EDGE, after=EDGE)
    good = (code == 0) & ~np.isnan(figure)
    for window in years(frame.first, len(stands)):
        around = stands[window.of]
        low, high = (np.nanmin(around), np.nanmax(around)) if not np.isnan(around).all() else (np.inf, -np.inf)
        good[window.give] &= (figure[window.give] >= low) & (figure[window.give] <= high)
    return np.where(good, figure, np.nan)[wanted]


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = column.to_numpy()
    return numbers
