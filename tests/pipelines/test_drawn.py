# SPDX-License-Identifier: Apache-2.0
"""Which respondents, kinds and hours a server has is drawn; the account of a load equals that, silence included."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eia930.account.stored import read_account
from eia930.emulator import Emulator
from eia930.reference.hours import parse_hour
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey
from eia930.store.storage import Storage
from pipelines.historical import main
from tests.eia930.having import Codes, Having

KEY = "0123456789abcdef"
FIRST, HOURS = parse_hour("2023-03-01T00"), 48
SPAN = (FIRST, FIRST + HOURS - 1)
REGIONS = ("PACW", "CISO")
POSSIBLE: list[Codes] = [
    *((route.id, code, kind) for route in ROUTES.values() for code in REGIONS for kind in route.expected(code, SPAN)),
    ("fuel-type-data", "PACW", "XFUEL"),
    ("interchange-data", "CISO", "XNEW"),
    ("region-sub-ba-data", "CISO", "XSUB"),
]
"""Every series that the tables know of them, and some that they lack."""
drawn = st.dictionaries(
    st.sampled_from(POSSIBLE),
    st.sets(st.integers(FIRST, FIRST + HOURS - 1), min_size=1).map(sorted),
    max_size=len(POSSIBLE),
)


def of(codes: Codes) -> str:
    return SeriesKey(ROUTES[codes[0]], *codes[1:]).id


def loaded(rows: dict[Codes, list[int]], out: Path) -> int:
    words = ("--start=2023-03-01", "--end=2023-03-03", f"--regions={','.join(REGIONS)}", "--routes=all")
    pace = ("--requests_per_hour=1000000", "--burst_per_second=1000", "--formats=parquet", "--min_completeness=0.5")
    with Emulator(Having(rows, FIRST + 5000), key=KEY) as server:
        return main([f"--api_url={server.url}", f"--output={out}", *pace, *words])


@given(rows=drawn)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_account_equals_what_was_drawn(rows: dict[Codes, list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIA_API_KEY", KEY)
    out = Path(mkdtemp())
    try:
        code = loaded(rows, out)
        told = read_account(Storage.at(str(out)))
        table = pq.read_table(out / "series.parquet").to_pylist()
    finally:
        shutil.rmtree(out)
    expected = {codes for codes in POSSIBLE if codes[2][0] != "X"}
    truth = {of(codes): len(rows.get(codes, ())) for codes in {*rows, *expected}}
    assert {one.series_id: one.present for one in told.series} == truth
    assert all((one.hours, one.missing) == (HOURS, HOURS - one.present) for one in told.series)
    assert told.hours.missing == sum(HOURS - count for count in truth.values())
    assert told.imbalances == ()
    short = {name for name, count in truth.items() if count < HOURS / 2}
    heard = {codes[:2] for codes in rows}
    silent = {(route.id, one) for route in ROUTES.values() for one in REGIONS if one in route.served()} - heard
    assert {(one.route, one.respondent) for one in told.silent} == silent
    assert {one.series_id for one in told.completeness.short} == short
    assert code == (1 if short or told.failures else 0)
    by = {one["series_id"]: (one["expected_by"], one["known"]) for one in table}
    assert by == {of(codes): ("tables", True) if codes in expected else ("seen", False) for codes in {*rows, *expected}}
