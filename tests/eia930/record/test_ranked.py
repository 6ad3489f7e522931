# SPDX-License-Identifier: Apache-2.0
"""Of a cell that two sources fill one value stands, by rank; whatever the order, and every row is accounted for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.record.several.ranked import Ranked
from eia930.sources.columns import Columns, Stored
from tests.eia930.making import FIRST, LATER

HOURS = 40
SPAN = Span("region-data", "PACW", FIRST, FIRST + HOURS - 1)
CELLS = st.dictionaries(st.integers(0, HOURS - 1), st.one_of(st.none(), st.integers(-3, 3)), max_size=HOURS)


def said(source: str, rank: int, cells: dict[int, int | None]) -> Stored:
    hour = np.array(sorted(cells), np.int64) + FIRST
    value = np.array([np.nan if cells[h] is None else float(cells[h] or 0) for h in sorted(cells)])
    columns = Columns(len(hour), hour, np.zeros(len(hour), np.int32), ("D",), value)
    return Stored(f"raw/{source}", SPAN.first, SPAN.last, (), columns, LATER, source=source, rank=rank)


@given(CELLS, CELLS, st.booleans())
def test_the_higher_rank_stands_where_it_has_a_value(
    files: dict[int, int | None],
    api: dict[int, int | None],
    turned: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    files = {hour: value for hour, value in files.items() if value is not None}
    parts = [said("files", 0, files), said("api", 1, api)]
    grid = Ranked(SPAN)
    for part in reversed(parts) if turned else parts:
        grid.add(part)
    series = grid.finish()
    want = {hour: ("files", value) for hour, value in files.items()}
    want |= {hour: ("api", value) for hour, value in api.items() if value is not None or hour not in files}
    found = {
        hour: (one.origin.names[one.origin.code[hour]], None if np.isnan(one.value[hour]) else int(one.value[hour]))
        for one in series
        if one.origin
        for hour in np.flatnonzero(one.at).tolist()
    }
    assert found == want
    kept = sum(int((one.at != 0).sum()) for one in series)
    assert grid.received == len(files) + len(api) == kept + grid.duplicate + grid.rejected
    assert grid.lost == []
    both = {hour for hour in files if api.get(hour) is not None}
    assert sum(one.compared for one in grid.compared) == len(both)
    assert sum(one.differing for one in grid.compared) == sum(files[hour] != api[hour] for hour in both)
    if both:
        (one,) = grid.compared
        assert (one.here, one.there) == ("api", "files")
        assert one.only_there == len(set(files) - both)
        assert one.only_here == len([hour for hour, value in api.items() if value is not None]) - len(both)
        assert one.largest == max(abs((files[hour] or 0) - (api[hour] or 0)) for hour in both)
