# SPDX-License-Identifier: Apache-2.0
"""A span's stored responses → tidy file and account; whatever the order and the cut of responses."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace as changed
from numpy.typing import NDArray

from eia930.account.sums import imbalances
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.reference.hours import parse_hour
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.columns import Columns, Row, Stored
from eia930.sources.fetched import Failure, by_span
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER, answer, row, window

SCREENING = Screening(FLAGS, screen_series)
SPAN = Span("region-data", "PACW", FIRST, FIRST + 239)


class Kept:
    """A source that holds what a test made, in that order."""

    name = "api"

    def __init__(self, stored: list[Stored]) -> None:
        self._stored = stored

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        yield from self._stored

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        yield from ()


def stored(first: int, last: int, *, late: int = 0, missing: tuple[int, ...] = ()) -> Stored:
    rows = [
        row(hour, kind, None if hour == 7 else str(100 + hour % 24))
        for hour in range(first, last + 1)
        for kind in ("D", "NG")
        if hour not in missing
    ]
    found = answer(window(first, last), rows, at=LATER + timedelta(hours=late))
    return Stored(f"raw/{first}", found.first, found.last, (), found.columns, found.retrieved_at)


def built(tmp_path: Path, parts: list[Stored], failures: Sequence[Failure] = ()) -> tuple[GroupReport, bytes]:
    storage = Storage.at(str(tmp_path))
    report = assemble(storage, Kept(parts), SPAN, screening=SCREENING, failures=failures)
    return report, storage.get(report.files[0].path)


def test_the_account_of_a_span(tmp_path: Path) -> None:
    report, _ = built(tmp_path, [stored(0, 239, missing=(20, 21, 22))])
    assert (report.received, report.kept, report.duplicate, report.rejected) == (474, 474, 0, 0)
    assert [one.kind for one in report.series] == ["D", "DF", "NG", "TI"]
    demand, forecast, *_ = report.series
    assert (demand.hours, demand.present, demand.null, demand.missing) == (240, 236, 1, 3)
    assert (demand.longest_gap, demand.longest_gap_from) == (3, "2023-01-01T20")
    assert (demand.first, demand.last) == ("2023-01-01T00", "2023-01-10T23")
    assert (forecast.present, forecast.missing, forecast.first, forecast.longest_gap) == (0, 240, None, 240)
    table = pq.read_table(tmp_path / report.files[0].path)
    assert table.num_rows == 474
    assert table["value"].null_count == 2


@pytest.mark.parametrize("seed", range(4))
def test_the_cut_and_the_order_of_responses_leave_no_trace(tmp_path: Path, seed: int) -> None:
    _, whole = built(tmp_path, [stored(0, 239)])
    draw = Random(seed)
    cuts = [0, *sorted(draw.sample(range(1, 240), 7)), 240]
    parts = [stored(max(0, a - draw.randrange(3)), b - 1) for a, b in itertools.pairwise(cuts)]
    draw.shuffle(parts)
    report, data = built(tmp_path, parts)
    assert data == whole
    assert report.received == report.kept + report.duplicate + report.rejected


def test_failures_stand_in_the_rejects_until_they_are_had(tmp_path: Path) -> None:
    failure = Failure("region-data/PACW/x", "region-data", "PACW", FIRST, FIRST + 5, "away", "again")
    assert by_span([failure]) == {"region-data/PACW": [failure]}
    report, _ = built(tmp_path, [stored(6, 239)], failures=(failure,))
    path = tmp_path / "rejects/region-data/PACW.jsonl"
    line = {"reason": "away", "request": "region-data/PACW/x", "row": "", "counter": "failures"}
    assert json.loads(path.read_text()) == line
    assert [file.path for file in report.files][1:] == ["rejects/region-data/PACW.jsonl"]
    again, _ = built(tmp_path, [stored(0, 239)])
    # The older file goes with the publication that no longer names it.
    assert [file.path for file in again.files] == [report.files[0].path]


def test_a_span_without_rows_is_an_answer(tmp_path: Path) -> None:
    report, _ = built(tmp_path, [])
    assert (report.received, report.kept) == (0, 0)
    assert [one.missing for one in report.series] == [240] * 4
    assert pq.read_table(tmp_path / report.files[0].path).num_rows == 0


def test_flags_are_written_beside_values_that_do_not_change(tmp_path: Path) -> None:
    class Found:
        code: NDArray[np.uint8] = (np.arange(240) == 5).astype(np.uint8)
        g = iqr_r = float("nan")

    storage = Storage.at(str(tmp_path))
    screening = Screening(("none", "odd"), lambda name, values: Found())
    report = assemble(storage, Kept([stored(0, 239)]), SPAN, screening=screening)
    table = pq.read_table(tmp_path / report.files[0].path)
    assert [str(one) for one in table["flag"].to_pylist()].count("odd") == 2
    assert report.series[0].flags == {"odd": 1}
    assert report.series[0].g is None
    assert table["value"].to_pylist()[5] == 105.0


FUELS = Span("fuel-type-data", "PACW", FIRST, FIRST + 239)
"""The tables know NG, OTH, SUN, WAT and WND of it."""


def fuels(tmp_path: Path, span: Span, *parts: tuple[int, int], served: tuple[str, ...] = ("WND",)) -> dict[str, int]:
    """Hours missing, by kind, of `parts` of hours that were answered; each answer has rows of the kinds `served`."""
    kept: list[Stored] = []
    for first, last in parts:
        rows = [row(hour, kind, route=FUELS.route) for hour in range(first, last + 1) for kind in served]
        found = answer(window(first, last, route=FUELS.route, kinds=span.kinds), rows)
        kept.append(Stored(f"raw/{first}", found.first, found.last, span.kinds, found.columns, found.retrieved_at))
    report = assemble(Storage.at(str(tmp_path)), Kept(kept), span, screening=SCREENING, drop_history=True)
    for one in report.series:
        assert one.hours == one.present + one.null + one.missing
        assert one.longest_gap <= one.missing + one.null
    return {one.kind: one.missing for one in report.series}


SILENT = dict.fromkeys(("NG", "OTH", "SUN", "WAT"), 240)
"""What the tables let us expect besides wind, and nobody sends."""


def test_a_fuel_of_the_tables_that_no_answer_has_is_missing(tmp_path: Path) -> None:
    assert fuels(tmp_path, FUELS, (0, 239)) == SILENT | {"WND": 0}


def test_hours_that_nothing_answers_are_missing_in_every_series_that_may_exist(tmp_path: Path) -> None:
    assert fuels(tmp_path, FUELS, (0, 99), (110, 239)) == SILENT | {"WND": 10}
    assert fuels(tmp_path, FUELS) == SILENT | {"WND": 240}


def test_what_was_asked_for_by_name_is_a_series(tmp_path: Path) -> None:
    named = replace(FUELS, kinds=("OIL", "SUN", "WND"))
    assert fuels(tmp_path, named, (0, 239)) == {"OIL": 240, "SUN": 240, "WND": 0}
    # Of all respondents, a kind counts where the tables know it.
    everybody = replace(named, named=False)
    assert fuels(tmp_path, everybody, (0, 239)) == {"SUN": 240, "WND": 0}
    assert fuels(tmp_path, everybody, (0, 229)) == {"OIL": 10, "SUN": 240, "WND": 10}


def test_the_account_of_another_grid_does_not_balance(tmp_path: Path) -> None:
    """Hours and rows are counted where they stand: an account that lost some cannot agree by itself."""
    report, _ = built(tmp_path, [stored(0, 239, missing=(20, 21, 22))])
    assert imbalances([report]) == []
    (demand, *others) = report.series
    for doctored in ({"missing": 2}, {"hours": 241}, {"present": 235}, {"null": 2}):
        wrong = changed(report, series=[changed(demand, **doctored), *others])
        (hours, *rows) = reversed(imbalances([wrong]))
        assert hours.startswith("EBA.PACW-ALL.D.H: asked 24")
        assert bool(rows) == ("present" in doctored or "null" in doctored)
    lost = changed(report, series=others)
    assert imbalances([lost]) == [
        "region-data/PACW: wrote 474 rows, but its series hold 237",
    ]


def test_flags_are_those_of_whole_days_whatever_the_hour_at_which_the_question_begins(tmp_path: Path) -> None:
    """The published frame begins at 00 UTC, the form at 05: good hours beside doubtful ones are told from them."""
    bad = dict.fromkeys(range(29, 32), "900000")
    rows = [row(hour, "D", bad.get(hour, str(100 + (hour * 7) % 24))) for hour in range(7, 240)]
    found = answer(window(7, 239), rows, at=LATER)
    part = Stored("raw/7", found.first, found.last, (), found.columns, found.retrieved_at)
    flags = {}
    for begin in (0, 5, 7):
        storage = Storage.at(str(tmp_path / str(begin)))
        span = replace(SPAN, first=FIRST + begin)
        report = assemble(storage, Kept([part]), span, screening=SCREENING)
        table = pq.read_table(tmp_path / str(begin) / report.files[0].path, partitioning=None)
        flags[begin] = table.filter(table["type"].cast("string").to_numpy() == "D")["flag"].to_pylist()
    assert flags[0].count("global_outlier") == 2
    assert flags[5] == flags[0] == flags[7]


@pytest.mark.parametrize(("code", "edge", "way"), [("AEC", "2021-09-01T05", -1), ("SWPW", "2026-04-01T07", 1)])
def test_flags_beside_the_end_of_a_life_are_the_same_however_far_the_question_goes(
    tmp_path: Path, code: str, edge: str, way: int
) -> None:
    """A frame that ended with a life would doubt good hours between bad ones and its end."""
    there = np.sort(parse_hour(edge) + way * np.arange(400))
    value = np.round(1000 + 200 * np.sin(there * np.pi / 12))
    value[np.isin(there, parse_hour(edge) + way * np.array([4, 9, 15, 22]))] = 0
    columns = Columns(len(there), there, np.zeros(len(there), np.int32), ("D",), value)
    flags = {}
    for more in (0, 5, 1000):
        first, last = int(there[0]) - more * (way > 0), int(there[-1]) + more * (way < 0)
        part = Stored("raw/7", first, last, (), columns, LATER)
        storage = Storage.at(str(tmp_path / str(more)))
        report = assemble(storage, Kept([part]), Span("region-data", code, first, last), screening=SCREENING)
        flags[more] = pq.read_table(tmp_path / str(more) / report.files[0].path, partitioning=None)["flag"].to_pylist()
    assert flags[0].count("negative_or_zero") == 4
    assert "anomalous_region" not in flags[1000]
    assert flags[0] == flags[5] == flags[1000]
