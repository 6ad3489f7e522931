# SPDX-License-Identifier: Apache-2.0
"""checks.parquet holds every hour that a check found wrong, each once, in stretches that cannot be longer."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from eia930.checks.outcome import Outcome, Worst
from eia930.checks.stretches import SCHEMA, encoded, stretches

FIRST = 420_000
Drawn = list[tuple[str, set[int]]]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.integers(0, 60), min_size=1)), max_size=5))
def test_stretches_are_the_hours_of_all_outcomes(drawn: Drawn) -> None:
    outcomes = [Outcome(hours_checked=3)]
    for name, hours in drawn:
        worst = Worst(series_id=name, hour=0, expected=0.0, found=1.0, hours=len(hours))
        outcomes.append(Outcome(hours_checked=3, worst=worst, places=np.array(sorted(hours), np.intp)))
    table = pq.read_table(pa.BufferReader(encoded(stretches("sums", outcomes, FIRST))))
    assert table.schema.names == SCHEMA.names
    wanted = {(name, FIRST + hour) for name, hours in drawn for hour in hours}
    found = [(row["series_id"], int(row["first_hour"].timestamp()) // 3600, row["hours"]) for row in table.to_pylist()]
    assert found == sorted(found)
    each = [(name, hour) for name, first, hours in found for hour in range(first, first + hours)]
    assert len(each) == len(set(each))
    assert set(each) == wanted
    assert all((name, first - 1) not in wanted and (name, first + hours) not in wanted for name, first, hours in found)
