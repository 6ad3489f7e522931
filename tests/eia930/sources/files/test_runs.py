# SPDX-License-Identifier: Apache-2.0
"""Keys are read in bulk where they repeat, and are the same where they do not; stamps too, in whatever order."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from eia930.reference.halves import Half
from eia930.sources.files.contents.runs import of_each, repeating, run_starts
from eia930.sources.files.contents.stamps import Stamps
from eia930.sources.files.names import ruled
from tests.eia930.sources.files.drawing import stamped

LINES = st.lists(
    st.tuples(st.sampled_from(("AECI", "PJM", "MISO")), st.lists(st.sampled_from("abcd"), min_size=1, max_size=4))
)


@given(LINES, st.integers(1, 40))
def test_what_comes_again_and_what_does_not_are_numbered_alike(turns: list[tuple[str, list[str]]], times: int) -> None:
    lines = [(code, other) for code, others in turns for other in others * times]
    codes, others = ([line[part] for line in lines] for part in (0, 1))
    starts = run_starts(pa.array(codes, pa.string()))
    names, found = repeating(pa.array(others, pa.string()), starts)
    assert [names[place] for place in found.tolist()] == others
    firsts = np.array([len(code) for code in np.array(codes, object)[starts]], np.int32)
    assert of_each(firsts, starts, len(codes)).tolist() == [len(code) for code in codes]


@given(st.lists(st.tuples(st.integers(7, 700), st.integers(1, 60), st.integers(1, 3)), max_size=60))
def test_stamps_are_read_in_turn_and_out_of_it(runs: list[tuple[int, int, int]]) -> None:
    hours = [
        first + hour for first, length, times in runs for hour in range(min(length, 740 - first)) for _ in range(times)
    ]
    texts = pa.array([stamped(hour) for hour in hours], pa.string())
    zero = np.datetime64("2022-01-01T00", "h").astype(np.int64)
    assert (Stamps(ruled("balance", Half(2022, 1))).hours(texts) - zero).tolist() == hours
