# SPDX-License-Identifier: Apache-2.0
"""What we rest on of the EIA Open Data API v2, as assumptions, each with the request that tells.

Some twenty requests in all: several assumptions read one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from eia930.doctor.finding import Assumption, Differs, expect
from eia930.doctor.server import Reply, Server
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import PAGE, REGION, ROUTES, Route

ROOT = "/electricity/rto"
_DAY = parse_hour("2023-01-01T00")
"""Long settled, and inside the record of every respondent asked for here."""
_CLOCK = 300.0


def assumptions(codes: Mapping[tuple[str, str], Collection[str]]) -> tuple[Assumption, ...]:
    """All of them, in the order asked. `codes`: (route, facet) → what our tables list of it."""
    lists = tuple(
        Assumption(
            f"facet list {route}/{facet}",
            "every code that the server lists is in our tables (else: python -m pipelines.reference --check)",
            _listed(route, facet, known),
        )
        for (route, facet), known in codes.items()
    )
    return (
        Assumption("key required", "a request without a key is refused with 403 API_KEY_MISSING", _keyless),
        Assumption("key as a header", "the key is taken from X-Api-Key", _accepted),
        *(_metadata(route) for route in ROUTES.values()),
        Assumption("envelope", "response.total, dateFormat, frequency, data and description; apiVersion", _envelope),
        Assumption("row members", f"{', '.join(_members(REGION))}, in strings", _rows),
        Assumption("unit", f"value-units is {REGION.unit}", _unit),
        Assumption("inclusive bounds", "start and end are both served", _bounds),
        Assumption("several values of a facet", "respondents PACW and ERCO both come in one answer", _several),
        Assumption("unknown facet value", "status 200, total 0, no rows", _unknown),
        Assumption("total", f"counts all rows of the question, also where {PAGE:,} are served", _total),
        Assumption("page cap", f"at most {PAGE:,} rows, however many are asked for", _cap),
        Assumption("truncation warning", "response.warnings says 'incomplete return' where rows are left out", _warned),
        Assumption("complete sort", "rows come in the order asked for, ties and all", _sorted),
        Assumption("descending sort", "sort direction desc turns the order round", _descending),
        Assumption("offset beyond the end", "no rows, and total as before", _beyond),
        Assumption("pages of several", "sorted by respondent, rows from an offset on are the rest", _goes_on),
        Assumption("sort by value", "rows without a value come together at one end", _by_value),
        *lists,
        Assumption("gzip", "answers come packed where we accept it", _packed),
        Assumption("clock", f"the server's Date is within {_CLOCK / 60:.0f} minutes of ours", _clock),
    )


def _query(route: Route, first: int, last: int, **other: Any) -> list[tuple[str, str]]:
    """The parameters as the load sends them; `other`: respondents, kinds, length, offset, by, direction."""
    direction = other.get("direction", "asc")
    columns = dict.fromkeys((other.get("by", "period"), "period", route.kind, route.respondent))
    sorts = [
        pair
        for place, column in enumerate(columns)
        for pair in (
            (f"sort[{place}][column]", column),
            (f"sort[{place}][direction]", "asc" if place else direction),
        )
    ]
    return [
        ("frequency", "hourly"),
        ("data[0]", "value"),
        *((f"facets[{route.respondent}][]", code) for code in other.get("respondents", ("PACW", "ERCO"))),
        *((f"facets[{route.kind}][]", kind) for kind in other.get("kinds", ("D", "NG"))),
        ("start", stamp(first)),
        ("end", stamp(last)),
        *sorts,
        ("offset", str(other.get("offset", 0))),
        ("length", str(other.get("length", PAGE))),
    ]


def _data(server: Server, params: Sequence[tuple[str, str]], *, keyed: bool = True) -> Reply:
    return server.get(f"{ROOT}/{REGION.id}/data/", params, headers={"Accept-Encoding": "gzip"}, keyed=keyed)


def _few(server: Server) -> Reply:
    """Three hours of two respondents and two types: twelve rows."""
    return _data(server, _query(REGION, _DAY, _DAY + 2))


def _many(server: Server) -> Reply:
    """More rows than a page holds, more asked for than it may hold."""
    return _data(server, _query(REGION, _DAY, _DAY + 2000, length=PAGE + 1000))


def _response(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        raise Differs(f"status {reply.status}: {reply.body[:120].decode('utf-8', 'replace')!r}")
    found = reply.json()["response"]
    if not isinstance(found, dict):
        raise Differs("a response that is no object")
    return found


def _of(reply: Reply) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _response(reply)["data"]
    return rows


def _members(route: Route) -> tuple[str, ...]:
    return (
        "period",
        route.respondent,
        route.respondent_name,
        route.kind,
        route.kind_name,
        "value",
        "value-units",
    )


def _keyless(server: Server) -> str:
    reply = _data(server, _query(REGION, _DAY, _DAY), keyed=False)
    server.require(reply, "--api_url")
    expect(reply.status == 403 and b"API_KEY_MISSING" in reply.body, f"status {reply.status}")
    return "403 API_KEY_MISSING"


def _accepted(server: Server) -> str:
    reply = _few(server)
    expect(reply.status == 200, f"status {reply.status}: {reply.body[:120].decode('utf-8', 'replace')!r}")
    return "status 200"


def _metadata(route: Route) -> Assumption:
    def hold(server: Server) -> str:
        said = _response(server.get(f"{ROOT}/{route.id}/"))
        first, facets = said["startPeriod"], {one["id"] for one in said["facets"]}
        unit, hourly = said["data"]["value"]["units"], "hourly" in {one["id"] for one in said["frequency"]}
        expect(first == stamp(route.first), f"startPeriod {first}")
        expect(facets == set(route.facets), f"facets {', '.join(sorted(facets))}")
        expect(unit == route.unit and hourly, f"units {unit}, hourly {'there' if hourly else 'gone'}")
        return f"from {first}, {unit}, to {said['endPeriod']}"

    name = "metadata" if route is REGION else f"metadata {route.id}"
    what = f"{route.id} is hourly, in {route.unit}, from its first hour, with our facets"
    return Assumption(name, what, hold)


def _envelope(server: Server) -> str:
    whole = _few(server).json()
    absent = [
        name for name in ("total", "dateFormat", "frequency", "data", "description") if name not in whole["response"]
    ]
    absent += [name for name in ("apiVersion", "request") if name not in whole]
    expect(not absent, f"no {', '.join(absent)}")
    return f"apiVersion {whole['apiVersion']}"


def _rows(server: Server) -> str:
    row = _of(_few(server))[0]
    expect(set(row) == set(_members(REGION)), f"{', '.join(row)}")
    strange = [
        name for name, value in row.items() if not isinstance(value, str) and not (name == "value" and value is None)
    ]
    expect(not strange, f"no string in {', '.join(strange)}: {row}")
    return f"as expected; value {row['value']!r}"


def _unit(server: Server) -> str:
    units = sorted({str(row.get("value-units")) for row in _of(_few(server))})
    expect(units == [REGION.unit], ", ".join(units))
    return units[0]


def _bounds(server: Server) -> str:
    periods = sorted({row["period"] for row in _of(_few(server))})
    expect(periods == [stamp(_DAY + hour) for hour in range(3)], f"hours {', '.join(periods) or 'none'}")
    return f"{periods[0]} to {periods[-1]}"


def _several(server: Server) -> str:
    codes = sorted({row[REGION.respondent] for row in _of(_few(server))})
    expect(codes == ["ERCO", "PACW"], ", ".join(codes) or "none")
    return ", ".join(codes)


def _unknown(server: Server) -> str:
    said = _response(_data(server, _query(REGION, _DAY, _DAY + 2, respondents=("NOSUCH",))))
    expect(int(said["total"]) == 0 and said["data"] == [], f"total {said['total']}, {len(said['data'])} rows")
    return "total 0"


def _total(server: Server) -> str:
    total = int(_response(_many(server))["total"])
    most = 4 * 2001
    expect(PAGE < total <= most, f"total {total:,} of at most {most:,}")
    return f"{total:,} of at most {most:,}"


def _cap(server: Server) -> str:
    rows = len(_of(_many(server)))
    expect(rows == PAGE, f"{rows:,} rows")
    return f"{rows:,} rows"


def _warned(server: Server) -> str:
    said = [str(one.get("warning")) for one in _response(_many(server)).get("warnings", ())]
    expect("incomplete return" in said, ", ".join(said) or "no warning")
    return said[0]


def _order(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["period"], row[REGION.kind], row[REGION.respondent]) for row in rows]


def _sorted(server: Server) -> str:
    order = _order(_of(_many(server)))
    wrong = next((at for at in range(1, len(order)) if order[at - 1] > order[at]), None)
    expect(wrong is None, "" if wrong is None else f"{order[wrong - 1]} before {order[wrong]}")
    return "by period, type, respondent"


def _descending(server: Server) -> str:
    rows = _of(_data(server, _query(REGION, _DAY, _DAY + 2, length=1, direction="desc")))
    expect(len(rows) == 1, f"{len(rows)} rows of one asked for")
    expect(rows[0]["period"] == stamp(_DAY + 2), f"{rows[0]['period']} first")
    return f"{rows[0]['period']} first"


def _beyond(server: Server) -> str:
    said = _response(_data(server, _query(REGION, _DAY, _DAY + 2, offset=1000)))
    total = int(_response(_few(server))["total"])
    expect(said["data"] == [] and int(said["total"]) == total, f"total {said['total']}, {len(said['data'])} rows")
    return f"no rows, total {said['total']}"


def _goes_on(server: Server) -> str:
    """By respondent, period, type: what a full page of several respondents leaves over begins where it ended."""
    whole, rest = (
        [(row[REGION.respondent], row["period"], row[REGION.kind]) for row in _of(_data(server, params))]
        for params in (_query(REGION, _DAY, _DAY + 2, by=REGION.respondent, offset=skip) for skip in (0, 5))
    )
    expect(whole == sorted(whole), "rows in another order")
    expect(rest == whole[5:], f"{len(rest)} other rows from the sixth on, of {len(whole)}")
    return f"{len(whole)} rows, {len(rest)} from the sixth on"


def _by_value(server: Server) -> str:
    rows = _of(_data(server, _query(REGION, _DAY, _DAY + 200, by="value", direction="desc")))
    empty = [row["value"] is None or row["value"] == "" for row in rows]
    changes = sum(one != other for one, other in pairwise(empty))
    expect(changes <= 1, f"rows without a value in {changes} places")
    held = [float(row["value"]) for row, null in zip(rows, empty, strict=True) if not null]
    texts = [f"{value:.15g}" for value in held]
    ordered = held == sorted(held, reverse=True) or texts == sorted(texts, reverse=True)
    expect(ordered, "values in no order")
    return f"{len(held)} values in order, {sum(empty)} without one at one end"


def _listed(route: str, facet: str, known: Collection[str]) -> Callable[[Server], str]:
    def look(server: Server) -> str:
        found = {str(one["id"]) for one in _response(server.get(f"{ROOT}/{route}/facet/{facet}/"))["facets"]}
        new = sorted(found - set(known))
        expect(found, "an empty list")
        expect(not new, f"not in our tables: {', '.join(new[:20])}{', …' if len(new) > 20 else ''}")
        return f"{len(found)} codes, all known"

    return look


def _packed(server: Server) -> str:
    packed = _many(server).headers.get("content-encoding", "none")
    expect(packed == "gzip", f"Content-Encoding {packed}")
    return packed


def _clock(server: Server) -> str:
    reply = _few(server)
    expect("date" in reply.headers, "no Date header")
    behind = (reply.received - parsedate_to_datetime(reply.headers["date"]).astimezone(UTC)).total_seconds()
    told = f"{abs(behind):,.0f} s {'behind' if behind > 0 else 'ahead of'} ours"
    expect(abs(behind) <= _CLOCK, told)
    return told
