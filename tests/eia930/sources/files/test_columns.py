# SPDX-License-Identifier: Apache-2.0
"""Whatever is drawn comes out of a file as it was, in any vintage of header, with any quirk of the bytes."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eia930.emulator.files.headers import fuels
from eia930.emulator.files.quirks import Quirks
from eia930.reference.halves import Half
from eia930.sources.files.contents.parquet import Columns, columns_key, written
from tests.eia930.sources.files.drawing import Cells, bytes_of, cells_of, first_hour, read

HALVES = (Half(2015, 2), Half(2018, 1), Half(2018, 2), Half(2020, 1), Half(2024, 1), Half(2024, 2), Half(2026, 1))
MW = st.integers(-10_000_000, 150_000_000).map(float)
SMALL_MW = st.integers(-1500, 1500).map(float)
PLACES = st.integers(0, 40) | st.integers(1600, 1700) | st.integers(4300, 4342)
"""Hours after a half's first: its begin, days around the change of the clock in March, its end."""
LINKS = (("AECI", "MISO"), ("AECI", "TVA"), ("PJM", "MISO"), ("CISO", "CFE"), ("QQQQ", "PJM"))
PARTS = (("CISO", "PGAE"), ("MISO", "0001"), ("ISNE", "4001"), ("NYIS", "ZONA"), ("PNM", "Jicr"))


@st.composite
def quirks(draw: st.DrawFn) -> Quirks:
    some = ("old_headers", "no_misprints", "thousands", "bom", "crlf", "iso_stamps", "new_imputed")
    return Quirks(**{name: draw(st.booleans()) for name in some})


@st.composite
def balances(draw: st.DrawFn) -> tuple[Half, Cells]:
    half = draw(st.sampled_from(HALVES))
    kinds = [("region-data", kind) for kind in ("D", "DF", "NG", "TI")]
    kinds += [("fuel-type-data", kind) for kind in fuels(half)]
    cells: Cells = {}
    for code in draw(
        st.lists(st.sampled_from(("AECI", "MISO", "LGEE", "CISO", "PJM", "ZZZZ")), unique=True, min_size=1)
    ):
        first = first_hour(half, code)
        for (route, kind), place, value in draw(
            st.lists(st.tuples(st.sampled_from(kinds), PLACES, MW | SMALL_MW), min_size=1, max_size=8)
        ):
            cells[route, code, kind, first + place] = value
    return half, cells


@given(balances(), quirks())
@settings(max_examples=25, deadline=None)
def test_a_balance_file_reads_as_it_was_drawn(drawn: tuple[Half, Cells], how: Quirks) -> None:
    half, cells = drawn
    parsed = read(bytes_of(cells, "balance", half, how), "balance", half)
    assert cells_of(parsed) == cells
    account = parsed.account
    assert account.received == account.kept == len(cells)
    assert (account.duplicate, account.rejected) == (0, 0)


@given(
    st.sampled_from((("interchange", "interchange-data", LINKS), ("subregion", "region-sub-ba-data", PARTS))),
    st.sampled_from(HALVES[2:]),
    st.lists(st.tuples(st.integers(0, 4), PLACES, MW | SMALL_MW), min_size=1, max_size=12),
    quirks(),
)
@settings(max_examples=25, deadline=None)
def test_flows_and_parts_read_as_they_were_drawn(
    what: tuple[str, str, tuple[tuple[str, str], ...]],
    half: Half,
    rows: list[tuple[int, int, float]],
    how: Quirks,
) -> None:
    kind, route, pairs = what
    cells = {(route, *pairs[one], first_hour(half, pairs[one][0]) + place): value for one, place, value in rows}
    parsed = read(bytes_of(cells, kind, half, how), kind, half)
    assert cells_of(parsed) == cells
    assert parsed.account.received == parsed.account.kept == len(cells)


@given(balances())
@settings(max_examples=10, deadline=None)
def test_the_derived_columns_hold_the_same(drawn: tuple[Half, Cells]) -> None:
    half, cells = drawn
    data = bytes_of(cells, "balance", half)
    parsed = read(data, "balance", half)
    again = Columns(pa.BufferReader(written(parsed)))
    assert again.account == parsed.account
    assert set(again.groups) == set(parsed.groups)
    for group, records in parsed.groups.items():
        mine = again.records(*group)
        assert mine is not None
        assert mine.kinds == records.kinds
        for name in ("hour", "kind", "value"):
            assert getattr(mine, name).tolist() == getattr(records, name).tolist()
            assert name == "value" or getattr(mine.filled, name).tolist() == getattr(records.filled, name).tolist()
        assert mine.filled.value.tolist() == records.filled.value.tolist()
    assert written(read(data, "balance", half)).equals(written(parsed))
    assert again.records("region-data", "NOBODY") is None
    assert columns_key(parsed.account.sha256) == f"columns/files/{parsed.account.sha256[:16]}.parquet"


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("older_by", [0, 2])
def test_every_vintage_of_header_has_its_width(half: Half, older_by: int) -> None:
    cells = {("region-data", "PJM", "D", first_hour(half, "PJM")): 7.0}
    parsed = read(bytes_of(cells, "balance", half, Quirks(old_headers=older_by > 0)), "balance", half)
    expected = 17 if half < Half(2018, 2) else 42 if half < Half(2024, 2) else 63
    assert parsed.account.columns == expected + 2 - older_by
    assert not parsed.account.warnings
