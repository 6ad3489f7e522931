# SPDX-License-Identifier: Apache-2.0
"""Faults that leave a well-formed page, and modes of other years: each does what its help says."""

import json
from collections.abc import Callable
from typing import Any

import requests

from eia930.emulator import Emulator, Faults, RowSource

Ask = Callable[..., requests.Response]
QUERY = {
    "facets[respondent][]": "PACW",
    "start": "2019-01-05T00",
    "end": "2019-01-06T00",
    "sort[0][column]": "period",
    "sort[1][column]": "respondent",
    "sort[2][column]": "type",
}


def answer(source: RowSource, ask: Ask, **faults: Any) -> requests.Response:
    with Emulator(source, faults=Faults(**faults)) as server:
        found = ask(server, query=QUERY, allow_redirects=False)
        struck: list[str | None] = [name for name, value in faults.items() if name.startswith("p_") and value]
        assert [server.requests[0].fault] == (struck or [None])
        assert server.requests[0].status == found.status_code
        return found


def values(found: requests.Response) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.json()["response"]["data"]
    return rows


def test_a_total_that_changes_is_higher_than_the_rows(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_total_changes=1.0)
    assert len(values(found)) == 100
    assert int(found.json()["response"]["total"]) > 100


def test_a_wrong_total_hides_a_row(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_total_wrong=1.0)
    assert (len(values(found)), found.json()["response"]["total"]) == (99, "100")


def test_duplicates_are_counted_and_exact(source: RowSource, ask: Ask) -> None:
    found = answer(source, ask, p_duplicates=1.0)
    texts = [json.dumps(row) for row in values(found)]
    assert len(set(texts)) == 100
    assert str(len(texts)) == found.json()["response"]["total"]
    assert len(texts) > 100


def test_case_duplicates_differ_by_the_name_alone(source: RowSource, ask: Ask) -> None:
    found = values(answer(source, ask, p_case_duplicates=1.0))
    texts = {json.dumps(row) for row in found}
    assert len(texts) == len(found) == 101
    assert len({json.dumps(row).lower() for row in found}) == 100


def test_a_bad_unit_is_in_one_row(source: RowSource, ask: Ask) -> None:
    units = [row["value-units"] for row in values(answer(source, ask, p_bad_unit=1.0))]
    assert sorted(units) == ["megawatthours"] * 99 + ["megawatts"]


def test_ints_are_numbers(source: RowSource, ask: Ask) -> None:
    plain, found = answer(source, ask), answer(source, ask, ints=True)
    assert found.json()["response"]["total"] == 100
    assert [r["value"] for r in values(found)] == [int(r["value"]) for r in values(plain)]


def test_new_codes_appear_unless_a_facet_excludes_them(source: RowSource, ask: Ask) -> None:
    with Emulator(source, faults=Faults(new_codes=True)) as server:
        assert "XNEW" in {r["type"] for r in values(ask(server, query=QUERY))}
        assert {r["type"] for r in values(ask(server, query={**QUERY, "facets[type][]": "D"}))} == {"D"}


def test_names_change_case_between_answers(source: RowSource, ask: Ask) -> None:
    with Emulator(source, faults=Faults(name_case=True)) as server:
        names = {values(ask(server, query=QUERY))[1]["type-name"] for _ in range(20)}
    assert len(names) == 2
    assert len({name.lower() for name in names}) == 1


def test_order_is_unstable_only_where_the_sort_is_incomplete(source: RowSource, ask: Ask) -> None:
    incomplete = {name: value for name, value in QUERY.items() if not name.startswith("sort[2]")}
    with Emulator(source, faults=Faults(unstable_order=True)) as server:
        loose = [values(ask(server, query=incomplete)) for _ in range(3)]
        fixed = [values(ask(server, query=QUERY)) for _ in range(3)]
    assert fixed[0] == fixed[1] == fixed[2]
    assert loose[0] != loose[1]
    for rows in loose:
        assert [r["period"] for r in rows] == [r["period"] for r in fixed[0]]
        assert sorted(rows, key=json.dumps) == sorted(fixed[0], key=json.dumps)
