# SPDX-License-Identifier: Apache-2.0
"""series.parquet has the same columns and types whatever came, also where nothing did."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eia930.account.series_table import SCHEMA, catalogue, write_catalogue
from eia930.record.assembly import SeriesReport
from eia930.store.storage import Storage
from ringdata.sequences import SCHEMA as SEQUENCES
from ringdata.sequences import STATISTICS
from tests.eia930.account.accounts import a_series


@pytest.mark.parametrize("series", [[], [a_series()], [a_series(first=None, last=None, present=0)]])
def test_columns_and_types_are_the_same(series: list[SeriesReport], tmp_path: Path) -> None:
    none: pa.Table = SEQUENCES.empty_table().select(["series_id", *STATISTICS])
    write_catalogue(Storage.at(str(tmp_path)), catalogue(series), none)
    found = pq.read_table(tmp_path / "series.parquet")
    assert found.schema.names == [*SCHEMA.names, *STATISTICS]
    assert [found.schema.field(name).type for name in SCHEMA.names] == SCHEMA.types
    assert found.num_rows == len(series)
    assert found["series_id"].to_pylist() == [one.series_id for one in series]
    assert found["unit"].to_pylist() == ["megawatthours" for _ in series]


@pytest.mark.parametrize(
    ("route", "code", "kind", "first", "found"),
    [
        ("fuel-type-data", "CISO", "WAT", "2019-01-01T00", "2024-07-01T08"),
        ("fuel-type-data", "PJM", "WND", "2019-01-01T00", "2024-07-01T05"),
        ("fuel-type-data", "AZPS", "SUN", "2019-01-01T00", "2024-07-01T08"),
        ("fuel-type-data", "PJM", "COL", "2019-01-01T00", None),
        ("region-data", "PJM", "D", "2019-01-01T00", None),
        # Nothing before it: there is no break.
        ("fuel-type-data", "CISO", "WAT", "2024-07-01T08", None),
    ],
)
def test_a_series_that_means_something_else_from_a_day_on_says_so(
    route: str, code: str, kind: str, first: str, found: str | None
) -> None:
    one = a_series(route=route, respondent=code, kind=kind, first=first, last="2026-01-01T00")
    assert catalogue([one])["break_at"].to_pylist() == [found]
