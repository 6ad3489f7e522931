# SPDX-License-Identifier: Apache-2.0
import json
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eia930.errors import Garbled
from eia930.reference.routes import ROUTES
from eia930.sources.api.rows import parse_rows
from eia930.sources.columns import Columns
from tests.eia930.making import FIRST, KINDS, UNIT, row, triples, window

values = st.one_of(
    st.none(),
    st.just(""),
    st.integers(-(2**31), 2**31).map(str),
    st.integers(-(2**52), 2**52),
    st.floats(-1e12, 1e12).map(repr),
    st.floats(-1e12, 1e12),
)
cells = st.tuples(st.integers(0, 23), st.sampled_from(("D", "DF", "NG", "TI")), values)
odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def parsed(rows: Any, **other: Any) -> Columns:
    return parse_rows(json.dumps(rows).encode(), window(**other))


def number(value: Any) -> float:
    return float("nan") if value in (None, "") else float(value)


@given(st.lists(cells, max_size=40))
def test_rows_come_back_as_columns(wanted: list[tuple[int, str, Any]]) -> None:
    columns = parsed([row(hour, kind, value) for hour, kind, value in wanted])
    assert columns.received == len(wanted)
    assert columns.refused == ()
    expected = [(hour, kind, number(value)) for hour, kind, value in wanted]
    np.testing.assert_equal(list(triples(columns)), expected)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_by_its_own_names(route: str) -> None:
    columns = parsed([row(3, KINDS[route], "-7", route=route)], route=route)
    assert list(triples(columns)) == [(3, KINDS[route], -7.0)]


@given(st.lists(cells, min_size=1, max_size=12), st.data())
def test_a_changed_row_is_kept_or_refused_with_a_reason(
    wanted: list[tuple[int, str, Any]], data: st.DataObject
) -> None:
    rows: list[Any] = [row(hour, kind, value) for hour, kind, value in wanted]
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from((*rows[place], "<row>")))
    if name == "<row>":
        rows[place] = data.draw(odd_json)
    elif data.draw(st.booleans()):
        del rows[place][name]
    else:
        rows[place][name] = data.draw(odd_json)
    columns = parsed(rows)
    assert columns.received == len(rows) == len(columns.hour) + len(columns.refused)
    assert len(columns.hour) >= len(rows) - 1
    for refusal in columns.refused:
        assert refusal.index == place
        assert refusal.reason
        assert json.loads(refusal.row) == rows[place]


@given(st.lists(cells, min_size=1, max_size=12), st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_account(wanted: list[tuple[int, str, Any]], place: int, byte: int) -> None:
    data = bytearray(json.dumps([row(hour, kind, value) for hour, kind, value in wanted]).encode())
    data[place % len(data)] = byte
    try:
        columns = parse_rows(bytes(data), window())
    except Garbled:
        return
    assert columns.received == len(columns.hour) + len(columns.refused)


@given(st.lists(cells, min_size=1, max_size=12))
def test_a_row_to_refuse_changes_nothing_for_the_others(wanted: list[tuple[int, str, Any]]) -> None:
    rows = [row(hour, kind, value) for hour, kind, value in wanted]
    alone, beside = parsed(rows), parsed([*rows, "no row"])
    np.testing.assert_equal(triples(beside), triples(alone))
    assert beside.received == alone.received + 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"respondent": "PACE"}, "respondent is not the one asked for"),
        ({"respondent": None}, "respondent is not the one asked for"),
        ({"value-units": "megawatts"}, f"value-units is not {UNIT}"),
        ({"type": "CO2.EM"}, "type was not asked for"),
        ({"type": "D/../x"}, "type is no code"),
        ({"type": ""}, "type is no code"),
        ({"type": 7}, "type is no code"),
        ({"period": "2023-01-01"}, "period is not YYYY-MM-DDTHH"),
        ({"period": "2023-01-01 00"}, "period is not YYYY-MM-DDTHH"),
        ({"period": "2023-01-01T24"}, "period is not YYYY-MM-DDTHH"),
        ({"period": "2023-02-30T00"}, "period is not YYYY-MM-DDTHH"),
        ({"period": 2023}, "period is not YYYY-MM-DDTHH"),
        ({"period": "2022-12-31T23"}, "period lies outside the hours asked for"),
        ({"period": "2023-01-02T00"}, "period lies outside the hours asked for"),
        ({"value": "1,060"}, "value is no number"),
        ({"value": "nan"}, "value is no number"),
        ({"value": " 12"}, "value is no number"),
        ({"value": "0x10"}, "value is no number"),
        ({"value": True}, "value is no number"),
        ({"value": [1]}, "value is no number"),
        ({"value": "1e999"}, "value is not finite"),
        ({"value": "1e99999999999999999999"}, "value is not finite"),
        ({"value": 10**400}, "value is not finite"),
        ({"value": "1e39"}, "value is larger than 32 bits hold"),
        ({"value": -(10**40)}, "value is larger than 32 bits hold"),
        ({"value": "-1.7e308"}, "value is larger than 32 bits hold"),
    ],
)
def test_reasons(change: dict[str, Any], reason: str) -> None:
    columns = parsed([row(0), row(1) | change])
    assert [refusal.reason for refusal in columns.refused] == [reason]
    assert list(triples(columns)) == [(0, "D", 1.0)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("+5", 5.0), ("1e5", 1e5), (".5", 0.5), ("515110.46", 515110.46), (2**63, 2.0**63), (-(2**70), -(2.0**70))],
)
def test_numbers_in_every_form(value: Any, expected: float) -> None:
    assert parsed([row(0, value=value)]).value.tolist() == [expected]


@pytest.mark.parametrize("value", ["1e+0005", "1E-0005", "42e0019", "2e-6395", "+.5e0", "1.", "-0", "00012"])
def test_a_number_is_one_whether_or_not_another_row_is_refused(value: str) -> None:
    """A refused row has its whole answer read the slow way, which must not take other numbers than the quick one."""
    quick, slow = parsed([row(0, value=value)]), parsed([row(0, value=value), row(1, value="x")])
    assert quick.refused == ()
    assert len(slow.refused) == 1
    assert quick.value.tolist() == slow.value.tolist() == [float(value)]


def test_null_and_empty_are_rows_without_a_value() -> None:
    columns = parsed([row(0, value=None), row(1, value="")])
    assert all(isnan(value) for value in columns.value)
    assert columns.refused == ()


def test_kinds_of_the_question_bind() -> None:
    columns = parsed([row(0, "D"), row(0, "NG")], kinds=("NG",))
    assert list(triples(columns)) == [(0, "NG", 1.0)]
    assert len(columns.refused) == 1


def test_a_code_that_no_table_knows_is_kept_where_the_route_takes_what_exists() -> None:
    columns = parsed([row(0, "XNEW", route="fuel-type-data")], route="fuel-type-data")
    assert columns.kinds == ("XNEW",)


@pytest.mark.parametrize(
    "bad",
    [
        b'"period":"2023-01-01T\xff\xff","respondent":"PACW","type":"D"',
        b'"period":"2023-01-01T00","respondent":"\xff","type":"D"',
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_row(bad: bytes) -> None:
    data = json.dumps([row(0)]).encode()[:-1] + b",{" + bad + b',"value":"1","value-units":"megawatthours"}]'
    columns = parse_rows(data, window())
    assert [refusal.reason for refusal in columns.refused] == ["the row is no JSON object"]
    assert list(triples(columns)) == [(0, "D", 1.0)]


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[", b'[{"period":"\\ud800"}]', b"[" * 10**5, b"[]]"])
def test_what_is_no_list_of_rows_is_garbled(data: bytes) -> None:
    with pytest.raises(Garbled):
        parse_rows(data, window())


def test_both_ways_of_reading_agree_on_real_rows(recorded: Any) -> None:
    """The quick way and the slow one (forced by one bad row) give the same columns for recorded answers."""
    for line in (recorded / "responses.jsonl").read_text().splitlines():
        found = json.loads(json.loads(line)["body"])
        if "response" not in found:
            continue
        rows = found["response"]["data"]
        route = "region-data" if "type" in rows[0] else "fuel-type-data"
        hours = {"first": -(24 * 365), "last": 24 * 1000}
        quick, slow = parsed(rows, route=route, **hours), parsed([*rows, {}], route=route, **hours)
        assert quick.received == len(rows)
        assert quick.refused == ()
        np.testing.assert_equal(triples(quick), triples(slow))
        assert int(quick.hour.min()) > FIRST - 24 * 366
