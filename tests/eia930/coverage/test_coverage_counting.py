# SPDX-License-Identifier: Apache-2.0
"""Counting by short answers against counting row by row, and loads planned by what was counted."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from eia930.coverage.narrowing import narrowed
from eia930.coverage.table import coverage_of, decoded, encoded
from eia930.emulator import Emulator, replay
from eia930.question.span import Span
from eia930.reference.hours import parse_hour
from eia930.reference.months import month_of, months_of
from eia930.sources.api.source import ApiSource
from eia930.sources.matrix import Matrix
from eia930.store import lease
from eia930.store.run import Run
from eia930.store.storage import Storage

FIRST = parse_hour("2019-01-01T00")
LAST = parse_hour("2019-12-31T23")
HOURS = LAST - FIRST + 1
SPAN = Span("region-data", "PACW", FIRST, LAST)
ABSENT, PRESENT, NULL = 0, 1, 2

states = st.lists(st.tuples(st.sampled_from([ABSENT, PRESENT, NULL]), st.integers(1, 2500)), max_size=8)


def series_of(runs: list[tuple[int, int]]) -> np.ndarray:
    """Runs of one state each, then present to the end, as int[hours]."""
    laid = np.concatenate([np.zeros(0, int), *(np.full(length, state) for state, length in runs)])[:HOURS]
    return np.concatenate([laid, np.full(HOURS - len(laid), PRESENT)])


def write_rows(path: Path, kinds: dict[str, np.ndarray]) -> Path:
    parts = []
    for kind, state in kinds.items():
        place = np.flatnonzero(state != ABSENT)
        value = pa.array((place * 37) % 911 - 40, mask=state[place] == NULL)
        moment = pa.array((FIRST + place) * 3600, pa.timestamp("s", tz="UTC"))
        texts = [pa.array([text] * len(place), pa.string()) for text in ("PACW", kind)]
        parts.append(pa.table([moment, *texts, value], names=["period", "respondent", "type", "value"]))
    pq.write_table(pa.concat_tables(parts), path)
    return path


def by_hand(kinds: dict[str, np.ndarray]) -> dict[str, tuple[list[int], list[int]]]:
    """Kind → rows and nulls by month, of kinds with any row."""
    month = months_of(np.arange(FIRST, LAST + 1)) - month_of(FIRST)
    return {
        kind: (
            np.bincount(month[state != ABSENT], minlength=12).tolist(),
            np.bincount(month[state == NULL], minlength=12).tolist(),
        )
        for kind, state in kinds.items()
        if (state != ABSENT).any()
    }


def run() -> Run:
    return Run(lease.Owner.here(uuid4().hex), datetime.now(UTC))


def source(server: Emulator, *, hours: int | None = None) -> ApiSource:
    return ApiSource(server.url, "none:", requests_per_hour=None, hours_per_request=hours, name="emulator")


def told(matrix: Matrix) -> dict[str, tuple[list[int], list[int]]]:
    return {one.kind: (one.rows.tolist(), one.null.tolist()) for one in matrix.series}


@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(demand=states, forecast=states, hours=st.sampled_from([None, 100, 1000]))
def test_counts_are_exact_and_a_load_planned_by_them_asks_nothing_in_vain(
    demand: list[tuple[int, int]], forecast: list[tuple[int, int]], hours: int | None
) -> None:
    kinds = {"D": series_of(demand), "DF": series_of(forecast)}
    with tempfile.TemporaryDirectory() as folder:
        rows = write_rows(Path(folder, "rows.parquet"), kinds)
        storage = Storage.at(f"{folder}/out")
        with Emulator(replay([rows])) as server:
            fetched, matrices = source(server).count(storage, [SPAN], run())
            assert not fetched.failures
            assert not fetched.stopped
            assert told(matrices[0]) == by_hand(kinds)
            spans = narrowed([SPAN], decoded(encoded(coverage_of(matrices))), place="it")
            server.requests.clear()
            source(server, hours=hours).fetch(storage, spans, run())
            assert [one.query for one in server.requests if not one.rows] == []
            stored = {
                (kind, hour)
                for columns in (one.columns for one in source(server).columns(storage, SPAN))
                for kind, hour in zip(
                    [columns.kinds[code] for code in columns.kind], columns.hour.tolist(), strict=True
                )
            }
    expected = {(k, FIRST + h) for k, state in kinds.items() for h in np.flatnonzero(state != ABSENT).tolist()}
    assert stored == expected


@pytest.fixture
def holes(tmp_path: Path) -> Path:
    """A year of demand with a hole and a null in different months."""
    state = np.full(HOURS, PRESENT)
    state[100:130] = ABSENT
    state[5000:5003] = NULL
    return write_rows(tmp_path / "rows.parquet", {"D": state, "NG": np.full(HOURS, PRESENT)})


def test_a_complete_series_costs_two_answers_and_a_respondent_two_more(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.parquet", {"D": np.full(HOURS, PRESENT)})
    with Emulator(replay([rows])) as server:
        source(server).count(Storage.at(f"{tmp_path}/out"), [SPAN], run())
        assert len(server.requests) == 4


def test_counting_again_asks_only_what_may_have_changed(tmp_path: Path, holes: Path) -> None:
    storage = Storage.at(f"{tmp_path}/out")
    with Emulator(replay([holes]), now=LAST + 1000) as server:
        before, matrices = source(server).count(storage, [SPAN], run())
        asked = len(server.requests)
        after, again = source(server).count(storage, [SPAN], run())
        assert (before.tally.sent, before.reused) == (asked, 0)
        assert (after.tally.sent, after.reused, len(server.requests)) == (0, asked, asked)
        assert told(again[0]) == told(matrices[0])
        refreshed, _ = replace(source(server), refresh=True).count(storage, [SPAN], run())
        assert refreshed.tally.sent == asked


def test_hours_that_are_not_settled_are_asked_again(tmp_path: Path, holes: Path) -> None:
    storage = Storage.at(f"{tmp_path}/out")
    with Emulator(replay([holes]), now=LAST + 1) as server:
        source(server).count(storage, [SPAN], run())
        again, _ = source(server).count(storage, [SPAN], run())
        assert again.tally.sent > 0


def test_short_answers_settle_no_hours(tmp_path: Path, holes: Path) -> None:
    storage = Storage.at(f"{tmp_path}/out")
    with Emulator(replay([holes])) as server:
        source(server).count(storage, [SPAN], run())
        fetched = source(server).fetch(storage, [SPAN], run())
    assert fetched.reused == 0
    assert fetched.tally.rows >= 2 * HOURS - 30


def test_a_respondent_without_rows_has_no_series(tmp_path: Path, holes: Path) -> None:
    with Emulator(replay([holes])) as server:
        _, matrices = source(server).count(Storage.at(f"{tmp_path}/out"), [replace(SPAN, respondent="PJM")], run())
        assert [told(one) for one in matrices] == [{}]
        assert len(server.requests) == 1


def test_a_damaged_answer_is_asked_again(tmp_path: Path, holes: Path) -> None:
    storage = Storage.at(f"{tmp_path}/out")
    with Emulator(replay([holes]), now=LAST + 1000) as server:
        _, matrices = source(server).count(storage, [SPAN], run())
        victim = next((tmp_path / "out/raw/eia/region-data/counts/PACW").iterdir())
        victim.write_bytes(victim.read_bytes()[:20])
        again, repeated = source(server).count(storage, [SPAN], run())
        assert again.tally.sent == 1
        assert told(repeated[0]) == told(matrices[0])
