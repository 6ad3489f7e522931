# SPDX-License-Identifier: Apache-2.0
"""Series of tidy files on one frame, and which of their hours are trusted: read once, screened once."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from eia930.record.assembly import Screening
from eia930.record.tidy_series import SeriesRef, TidySeries
from eia930.screening.flags import FLAGS, Screened
from eia930.screening.loader import TrustedHours
from eia930.screening.methods import screen_series
from eia930.store.manifest import put_file
from eia930.store.storage import Storage

FIRST, LAST = 420_000, 422_999
NAMES = ("EBA.PACW-ALL.D.H", "EBA.PACW-ALL.DF.H", "EBA.PACW-ALL.TI.H")
PATH = "tidy/region-data/respondent=PACW/part-00000.parquet"


def rows() -> pa.Table:
    """A whole series; one with holes and empty values; one that begins before the frame and ends after it."""
    chance, parts = np.random.default_rng(0), []
    for name, begin, end in zip(NAMES, (FIRST, FIRST, FIRST - 50), (LAST, LAST - 99, LAST + 50), strict=True):
        hours = np.arange(begin, end + 1)
        if name == NAMES[1]:
            hours = hours[chance.random(len(hours)) > 0.1]
        value = np.round(1000 + 200 * np.sin(hours * np.pi / 12) + chance.normal(0, 15, len(hours)))
        empty = (chance.random(len(hours)) < 0.05) & (name == NAMES[1])
        moments = pa.array(hours * 3600, pa.timestamp("s", tz="UTC"))
        parts.append(pa.table([pa.repeat(name, len(hours)), moments, pa.array(value, mask=empty)], COLUMNS))
    return pa.concat_tables(parts)


COLUMNS = ["series_id", "period", "value"]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


@pytest.fixture(params=[131_072, 700])
def refs(request: pytest.FixtureRequest, storage: Storage) -> list[SeriesRef]:
    """The rows in a file, each series in one row group or in several."""
    table, sink = rows(), pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema) as writer:
        for name in NAMES:
            writer.write_table(table.filter(pa.compute.field("series_id") == name), row_group_size=request.param)
    file = put_file(storage, PATH, sink.getvalue(), rows=table.num_rows)
    return [SeriesRef(name, file, FIRST, LAST, "UTC") for name in NAMES]


def test_values_stand_at_their_hours(storage: Storage, refs: list[SeriesRef]) -> None:
    found, table = TidySeries(storage, refs, first=FIRST, last=LAST), rows()
    for name in NAMES:
        wanted = np.full(LAST - FIRST + 1, np.nan)
        for row in table.filter(pa.compute.field("series_id") == name).to_pylist():
            place = int(row["period"].timestamp()) // 3600 - FIRST
            if 0 <= place < len(wanted) and row["value"] is not None:
                wanted[place] = row["value"]
        assert np.array_equal(found[name], wanted, equal_nan=True)


def test_a_series_that_its_file_lacks_is_no_row_of_zeros(storage: Storage, refs: list[SeriesRef]) -> None:
    lacking = replace(refs[0], series_id="EBA.NOBODY-ALL.D.H")
    found = TidySeries(storage, [*refs, lacking], first=FIRST, last=LAST)
    with pytest.raises(KeyError, match="NOBODY"):
        found[lacking.series_id]


class _Counting:
    """How often each series was screened, by the screening itself."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def __call__(self, series_id: str, value: NDArray[np.float64]) -> Screened:
        self.calls[series_id] += 1
        return screen_series(series_id, value)


def trusted_hours(storage: Storage, refs: list[SeriesRef], found: _Counting, against: frozenset[str]) -> TrustedHours:
    series, middle = TidySeries(storage, refs, first=FIRST, last=LAST), FIRST + 2_000
    splits = ((FIRST, middle), (middle, LAST + 1))
    return TrustedHours(series, first=FIRST, splits=splits, screening=Screening(FLAGS, found), against=against)


def test_each_split_of_a_series_is_screened_once_for_all_blocks(storage: Storage, refs: list[SeriesRef]) -> None:
    found = _Counting()
    load = trusted_hours(storage, refs, found, frozenset(FLAGS[1:]))
    for first in (FIRST, FIRST + 512, FIRST + 2_000):
        for name in NAMES:
            value, observed = load(name, first, 256)
            assert (value.dtype, observed.dtype, len(value), len(observed)) == (np.dtype("f4"), np.dtype("?"), 256, 256)
    assert found.calls == dict.fromkeys(NAMES, 2)


def test_nothing_is_screened_where_no_flag_counts(storage: Storage, refs: list[SeriesRef]) -> None:
    found = _Counting()
    load = trusted_hours(storage, refs, found, frozenset())
    raw = TidySeries(storage, refs, first=FIRST, last=LAST)
    for name in NAMES:
        value, observed = load(name, FIRST, LAST - FIRST + 1)
        assert np.array_equal(value, raw[name].astype(np.float32), equal_nan=True)
        assert np.array_equal(observed, ~np.isnan(raw[name]))
    assert not found.calls
