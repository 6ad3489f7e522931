# SPDX-License-Identifier: Apache-2.0
"""The coverage file: its columns, its refusals, the plan that follows from it, and the search for nulls."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import asdict

from eia930.account.model import Requests
from eia930.coverage.account import load_order, without_types
from eia930.coverage.model import CountedHours, CountedSeries, CoverageAccount, WithoutTypes
from eia930.coverage.narrowing import narrowed, without_rows
from eia930.coverage.page import matrix_page
from eia930.coverage.table import Coverage, coverage_of, decoded, encoded, read_coverage, totals
from eia930.errors import UsageError
from eia930.question.pieces import Existing, Piece
from eia930.question.span import Span
from eia930.question.window import VALUE, Short, Window
from eia930.reference.hours import parse_hour
from eia930.reference.routes import REGION
from eia930.sources.api.counts.nulls import NullRows, Unsorted
from eia930.sources.api.responses import Answer, read_answer
from eia930.sources.matrix import Counted, Matrix

FIRST, LAST = parse_hour("2020-01-01T00"), parse_hour("2020-04-30T23")
SPAN = Span("region-data", "PACW", FIRST, LAST)
MONTHS = np.array([744, 696, 744, 720])


def counted(kind: str, rows: list[int], null: list[int] | None = None) -> Counted:
    return Counted(kind, FIRST, LAST, np.array(rows), np.array(null or [0] * len(rows)))


def coverage(*series: Counted, span: Span = SPAN) -> Coverage:
    return coverage_of([Matrix(span, series)])


def test_the_file_has_one_row_a_series_and_month_and_says_what_it_speaks_of() -> None:
    made = decoded(encoded(coverage(counted("D", [744, 600, 0, 720], [0, 5, 0, 1]))))
    assert (made.first, made.last, made.spans) == (FIRST, LAST, {"region-data/PACW": ()})
    assert made.table.schema.names == ["route", "respondent", "type", "series_id", "month", "hours", "present", "null"]
    assert made.table["month"].type == pa.date32()
    assert made.table["series_id"].unique().to_pylist() == ["EBA.PACW-ALL.D.H"]
    assert made.table["hours"].to_pylist() == MONTHS.tolist()
    assert made.table["present"].to_pylist() == [744, 595, 0, 719]
    assert made.table["null"].to_pylist() == [0, 5, 0, 1]


def test_the_same_counts_give_the_same_bytes_in_whatever_order_they_come() -> None:
    other = Matrix(replace(SPAN, respondent="ERCO"), (counted("D", [744, 696, 744, 720]),))
    mine = Matrix(SPAN, (counted("D", [744, 696, 744, 0]),))
    assert encoded(coverage_of([mine, other])) == encoded(coverage_of([other, mine]))


def test_spans_of_different_hours_make_a_file_of_all_of_them() -> None:
    march = parse_hour("2020-03-01T05")
    late = Matrix(replace(SPAN, respondent="AECI", first=march), (counted("D", [700, 720]),))
    made = decoded(encoded(coverage_of([late, Matrix(SPAN, (counted("D", [744, 696, 744, 0]),))])))
    assert (made.first, made.last) == (FIRST, LAST)
    assert made.table["hours"].to_pylist()[:2] == [739, 720]


def test_only_months_with_rows_are_planned_and_each_says_how_many_hours_are_sure() -> None:
    full = coverage(counted("D", [744, 600, 0, 720]), counted("NG", [0, 690, 0, 720]))
    (span,) = narrowed([SPAN], full, place="it")
    march = parse_hour("2020-03-01")
    assert span.pieces == (
        Piece(FIRST, FIRST + 743, 1),
        Piece(FIRST + 744, march - 1, 7),
        Piece(march + 744, LAST, 1),
    )
    (only,) = narrowed([replace(SPAN, kinds=("D",))], full, place="it")
    assert only.pieces is not None
    assert only.pieces[1].sure == 97


def test_who_has_no_rows_is_not_asked_for() -> None:
    (span,) = narrowed([SPAN], coverage(), place="it")
    assert span.pieces == ()


def test_hours_after_the_coverage_are_asked_of_those_who_still_report() -> None:
    later = replace(SPAN, last=LAST + 100)
    (alive,) = narrowed([later], coverage(counted("D", [744, 696, 744, 720])), place="it")
    (gone,) = narrowed([later], coverage(counted("D", [744, 0, 0, 0])), place="it")
    assert alive.pieces is not None
    assert alive.pieces[-1] == Piece(parse_hour("2020-04-01"), LAST + 100, 820)
    assert gone.pieces == (Piece(FIRST, FIRST + 743, 1),)


def test_of_every_type_only_the_months_with_its_rows_exist_and_what_may_have_come_since() -> None:
    later = replace(SPAN, last=LAST + 100)
    made = coverage(counted("D", [0, 600, 744, 1]), counted("DF", [744, 0, 5, 0]), counted("NG", [1, 1, 0, 0]))
    (span,) = narrowed([later], made, place="it")
    february, march, april = (parse_hour(f"2020-0{month}-01") for month in (2, 3, 4))
    since = Piece(LAST + 1, LAST + 100)
    assert span.existing == (
        Existing("D", (Piece(february, LAST), since)),
        Existing("DF", (Piece(FIRST, february - 1), Piece(march, april - 1), since)),
        Existing("NG", (Piece(FIRST, march - 1),)),
    )
    assert without_rows([span]) == ["EBA.PACW-ALL.TI.H"]
    assert without_rows(narrowed([replace(SPAN, kinds=("NG",))], made, place="it")) == []


@pytest.mark.parametrize(
    ("span", "says"),
    [
        (
            replace(SPAN, respondent="PJM"),
            r"it says nothing of region-data/PJM \(count again: .* with all --routes and --regions of this load\)",
        ),
        (replace(SPAN, route="fuel-type-data"), "it says nothing of fuel-type-data/PACW"),
        (replace(SPAN, first=FIRST - 1), "it begins at 2020-01-01T00"),
        (SPAN, "counts only --types D,DF"),
        (replace(SPAN, kinds=("D", "NG")), "counts only --types D,DF"),
    ],
)
def test_a_file_that_does_not_speak_of_the_question_is_refused(span: Span, says: str) -> None:
    made = coverage(counted("D", [744, 696, 744, 720]), span=replace(SPAN, kinds=("D", "DF")))
    with pytest.raises(UsageError, match=says) as caught:
        narrowed([span], made, place="coverage.parquet")
    assert "\n" not in str(caught.value)


def broken(folder: Path) -> list[tuple[Path, str]]:
    good = decoded(encoded(coverage(counted("D", [744, 696, 744, 720])))).table
    too_many = good.set_column(6, good.schema.field("present"), pa.array([800, 1, 1, 1], pa.int32()))
    files = {
        "foreign": (good.drop_columns("null"), "its columns are"),
        "unsaid": (good.replace_schema_metadata({}), "does not say which hours"),
        "too_many": (too_many, "more rows than a month has hours"),
    }
    for name, (table, _) in files.items():
        pq.write_table(table, folder / name)
    (folder / "text").write_text("PAR1 not really")
    return [*((folder / name, says) for name, (_, says) in files.items()), (folder / "text", "no Parquet file")]


def test_a_file_that_is_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    for path, says in [*broken(tmp_path), (tmp_path / "nothing", "no such file")]:
        with pytest.raises(UsageError, match=says) as caught:
            read_coverage(str(path))
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("month", date(1994, 7, 1), "it has rows of 1994-07, but says that 2020-01-01T00 to 2020-04-30T23 were"),
        ("month", date(2020, 5, 1), "it has rows of 2020-05, but says"),
        ("month", date(2020, 2, 1), "it gives 2020-02 744 hours, but 696"),
        ("month", date(2020, 3, 1), "it counts a month of a series twice"),
        ("route", "weather", "it has rows of weather/PACW, but does not say that those were counted"),
        ("respondent", "PJM", "it has rows of region-data/PJM, but does not say"),
        ("type", "NG", "it has rows of region-data/PACW NG, but says that only D,DF count"),
    ],
)
def test_rows_that_contradict_what_the_file_says_of_itself_are_refused(
    column: str, value: object, says: str, tmp_path: Path
) -> None:
    """One row of a good file is changed: the first, of a month of 744 hours."""
    made = coverage(counted("D", [744, 696, 744, 720]), span=replace(SPAN, kinds=("D", "DF")))
    table = decoded(encoded(made)).table
    place, field = table.schema.get_field_index(column), table.schema.field(column)
    changed = pa.array([value, *table[column].to_pylist()[1:]], field.type)
    pq.write_table(table.set_column(place, field, changed), tmp_path / "coverage.parquet")
    with pytest.raises(UsageError, match=says) as caught:
        read_coverage(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_file_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    backwards = replace(coverage(counted("D", [744, 696, 744, 720])), first=LAST, last=FIRST)
    (tmp_path / "coverage.parquet").write_bytes(encoded(backwards))
    with pytest.raises(UsageError, match="it ends at 2020-01-01T00, before it begins"):
        read_coverage(str(tmp_path))


def test_a_file_is_found_by_its_path_or_its_folder(tmp_path: Path) -> None:
    (tmp_path / "coverage.parquet").write_bytes(encoded(coverage(counted("D", [744, 696, 744, 720]))))
    assert read_coverage(str(tmp_path)).table.equals(read_coverage(f"{tmp_path}/coverage.parquet").table)


def with_ends(made: Coverage) -> tuple[CountedSeries, ...]:
    """Its series, all from the first to the last hour of the question."""
    first, last = "2020-01-01T00", "2020-04-30T23"
    return tuple(CountedSeries(**asdict(one), first=first, last=last) for one in totals(made))


def test_the_most_complete_are_loaded_first() -> None:
    better = Matrix(replace(SPAN, respondent="TEX"), (counted("D", [744, 696, 744, 700]),))
    worse = Matrix(SPAN, (counted("D", [744, 0, 0, 720], [1, 0, 0, 0]),))
    order = load_order(with_ends(coverage_of([worse, better])))
    assert [one.respondent for one in order] == ["TEX", "PACW"]
    assert (order[1].rows, order[1].pages, order[1].share) == (1464, 1, round(1463 / 2904, 6))


def test_types_that_were_asked_for_and_have_no_row_are_named() -> None:
    """By the names asked for; else by what the tables expect of a respondent (AVRN only generates)."""
    full = counted("D", [744, 696, 744, 720])
    named = Matrix(replace(SPAN, kinds=("D", "DF")), (full,))
    whole = Matrix(SPAN, tuple(replace(full, kind=kind) for kind in ("D", "DF", "NG", "TI")))
    generating = Matrix(replace(SPAN, respondent="AVRN"), (replace(full, kind="NG"),))
    fuels = Matrix(replace(SPAN, route="fuel-type-data", kinds=("COL", "SUN")), ())
    assert without_types([fuels, named]) == (
        WithoutTypes("region-data", "PACW", ("DF",)),
        WithoutTypes("fuel-type-data", "PACW", ("COL", "SUN")),
    )
    assert without_types([whole, generating]) == (WithoutTypes("region-data", "AVRN", ("TI",)),)


def test_the_page_draws_every_region_and_year_and_escapes_what_a_server_says() -> None:
    made = coverage(counted("<b>", [744, 600, 0, 720], [0, 5, 0, 0]))
    told = CoverageAccount(
        source="emulator",
        synthetic=True,
        requests_per_hour=None,
        counted=1,
        requests=Requests(7, 0, 7, 0, 0, 0),
        failures=(),
        stopped="",
        stopped_by="",
        exit=0,
        first="2020-01-01T00",
        last="2020-04-30T23",
        hours=CountedHours(2904, 2059, 5, 840),
        series=with_ends(made),
        without_types=(WithoutTypes("region-data", "PACW", ("NG", "TI")),),
    )
    page = matrix_page(made, told)
    assert "PACW 2020: 2,059 of 2,904 hours have a value, 70.9 %" in page
    assert "Synthetic data" in page
    assert '<tr><th scope="row">PACW<td>region-data<td class="text">NG, TI</tr>' in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")


def answer(values: list[str | None], *, total: int, down: bool, offset: int = 0) -> Answer:
    window = Window("region-data", "PACW", FIRST, LAST, (), down, Short(VALUE, offset, len(values)))
    rows = [
        {"period": f"2020-01-{i // 24 + 1:02}T{i % 24:02}", "respondent": "PACW", "type": "D", "value": value}
        | {"value-units": "megawatthours"}
        for i, value in enumerate(values)
    ]
    body = json.dumps({"response": {"total": total, "data": rows}}).encode()
    return read_answer(body, window, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("end", ["large", "small"])
def test_nulls_are_found_at_whichever_end_they_come(end: str) -> None:
    search = NullRows()
    order: list[str | None] = [None, None, "9", "8"] if end == "large" else ["9", "8"]
    search.add(answer(order, total=4, down=True))
    if end == "small":
        assert search.question() == (Short(VALUE, 0, 100), False)
        search.add(answer([None, None, "8", "9"], total=4, down=False))
    assert search.question() is None
    assert search.hours["D"].tolist() == [FIRST, FIRST + 1]


def test_nulls_beyond_one_answer_are_read_on_from_there() -> None:
    search = NullRows()
    search.add(answer([None] * 100, total=300, down=True))
    assert search.question() == (Short(VALUE, 100, 5000), True)
    search.add(answer([None] * 20 + ["7", "5"], total=300, down=True, offset=100))
    assert search.question() is None
    assert len(search.hours["D"]) == 120


@pytest.mark.parametrize("values", [["9", None, "8"], ["3", "8", "1"], [None, "3", "8", "1"]])
def test_a_server_that_does_not_sort_by_value_is_found_out(values: list[str | None]) -> None:
    with pytest.raises(Unsorted, match="not in order of value"):
        NullRows().add(answer(values, total=9, down=True))


def test_text_order_is_an_order() -> None:
    search = NullRows()
    search.add(answer(["9", "80", "7", "100"], total=9, down=True))
    assert search.question() is not None


def test_no_type_is_asked_for_that_is_another_record() -> None:
    assert Window("region-data", "PACW", FIRST, LAST, (), False, Short(VALUE)).asked == REGION.types
