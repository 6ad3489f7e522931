# SPDX-License-Identifier: Apache-2.0
"""A tidy file is not replaced by one that lacks what no stored answer gives any more."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.record.tidy import tidy_path
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.columns import Columns, Row, Stored
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER, answer, row, window

SPAN = Span("region-data", "PACW", FIRST, FIRST + 23, ("D", "NG"))
Hours = dict[str, set[int]]


class Raw:
    """A source that holds one answer of the span's day for each set of hours, each an hour later than the last."""

    name = "api"

    def __init__(self, *answers: Hours) -> None:
        self._answers = answers

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        for late, hours in enumerate(self._answers):
            rows = [row(hour, kind) for kind, those in hours.items() for hour in sorted(those)]
            rows.sort(key=lambda one: (one["period"], one["type"]))
            found = answer(window(0, 23), rows, at=LATER + timedelta(hours=late))
            yield Stored(f"raw/{late}", found.first, found.last, (), found.columns, found.retrieved_at)

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        yield from ()


def assembled(folder: Path, raw: Raw, span: Span = SPAN, *, drop_history: bool = False) -> GroupReport:
    screening = Screening(FLAGS, screen_series)
    return assemble(Storage.at(str(folder)), raw, span, screening=screening, drop_history=drop_history)


def file(folder: Path) -> Path:
    return folder / tidy_path("region-data", "PACW")


def test_the_file_stays_until_told(tmp_path: Path) -> None:
    assembled(tmp_path, Raw({"D": set(range(24)), "NG": set(range(24))}))
    whole = file(tmp_path).read_bytes()
    with pytest.raises(UsageError) as refused:
        assembled(tmp_path, Raw({"D": set(range(6, 24)), "NG": set(range(24))}))
    assert str(refused.value).startswith(
        "tidy/ has 6 values of region-data/PACW (D) from 2023-01-01T00 to 2023-01-01T05 that neither raw/ nor the "
    )
    assert "--drop_history" in str(refused.value)
    assert file(tmp_path).read_bytes() == whole
    report = assembled(tmp_path, Raw({"D": set(range(6, 24)), "NG": set(range(24))}), drop_history=True)
    assert report.kept == pq.read_metadata(file(tmp_path)).num_rows == 18 + 24


def test_what_raw_holds_and_a_later_answer_took_back_is_no_loss(tmp_path: Path) -> None:
    first: Hours = {"D": set(range(24))}
    assembled(tmp_path, Raw(first))
    assert assembled(tmp_path, Raw(first, {"D": set(range(12))})).kept == 12


def test_other_hours_and_types_than_asked_for_are_a_loss_where_no_answer_has_them(tmp_path: Path) -> None:
    every: Hours = {"D": set(range(24)), "NG": set(range(24))}
    assembled(tmp_path, Raw(every))
    whole = file(tmp_path).read_bytes()
    for span in (replace(SPAN, first=FIRST + 12, kinds=("D",)), replace(SPAN, kinds=("D",)), replace(SPAN, last=FIRST)):
        told: Hours = {kind: set(range(span.first - FIRST, span.last - FIRST + 1)) for kind in span.kinds}
        with pytest.raises(UsageError, match="that this load does not ask for and raw/ does not give any more"):
            assembled(tmp_path, Raw(told), span)
        assert file(tmp_path).read_bytes() == whole
    assert assembled(tmp_path, Raw(every), replace(SPAN, first=FIRST + 12, kinds=("D",))).kept == 12


def test_a_file_that_cannot_be_read_is_replaced(tmp_path: Path) -> None:
    assembled(tmp_path, Raw({"D": set(range(24))}))
    file(tmp_path).write_bytes(file(tmp_path).read_bytes()[:100])
    assert assembled(tmp_path, Raw({"D": {1}})).kept == 1


hours = st.fixed_dictionaries({"D": st.sets(st.integers(0, 23)), "NG": st.sets(st.integers(0, 23))})


@given(before=hours, after=hours)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_refused_exactly_where_a_value_would_go(before: Hours, after: Hours, tmp_path: Path) -> None:
    file(tmp_path).unlink(missing_ok=True)
    assembled(tmp_path, Raw(before))
    lost = any(before[kind] - after[kind] for kind in before)
    if lost:
        with pytest.raises(UsageError, match="that neither raw/ nor the server gives"):
            assembled(tmp_path, Raw(after))
    else:
        assert assembled(tmp_path, Raw(after)).kept == sum(map(len, after.values()))
