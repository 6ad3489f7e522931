# SPDX-License-Identifier: Apache-2.0
"""What the API answers: rows, metadata, facets, and its refusals, each as status, body and count of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eia930.emulator.api.pages import page, select
from eia930.emulator.api.query import FREQUENCIES, Query, Refusal, read_query
from eia930.emulator.api.render import DATE_FORMAT, Style, document, dumps, envelope, row_texts
from eia930.emulator.series import RowSource, Series
from eia930.reference.hours import stamp
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, ROUTES, SUBREGION, Route

ROOT = ("v2", "electricity", "rto")
_LISTED = tuple(dict.fromkeys((REGION, FUEL, SUBREGION, INTERCHANGE, *ROUTES.values())))
"""The routes in EIA's own order; the daily ones are not served."""
_KEY_MESSAGES = {
    "API_KEY_MISSING": "No api_key was supplied.  Please register for one at https://www.eia.gov/opendata/register.php",
    "API_KEY_INVALID": "An invalid api_key was supplied. Get one at https://api.eia.gov:443",
    "API_KEY_DISABLED": "The api_key supplied has been disabled. Contact us at "
    "https://api.eia.gov:443/contact/ for assistance",
    "OVER_RATE_LIMIT": "You have exceeded your rate limit. Try again later or contact us at "
    "https://api.eia.gov:443/contact/ for assistance",
}
_FORMATS = (
    ("hourly (UTC)", "One data point for each hour in UTC time.", "H", DATE_FORMAT),
    ("hourly (Local Time Zone)", "One data point for each hour in local time.", "LH", DATE_FORMAT + "TZH"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body and how many rows it holds; `page` is kept where the body is rows, to alter it."""

    status: int
    body: str
    rows: int = 0
    page: "Page | None" = None


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of an answer with rows."""

    route: Route
    rows: tuple[str, ...]
    total: int
    request: Mapping[str, Any]
    style: Style

    def answer(self) -> Answer:
        """The page as an answer."""
        body = envelope(
            route=self.route,
            rows=self.rows,
            total=self.total,
            request=self.request,
            style=self.style,
            warning=len(self.rows) < self.total,
        )
        return Answer(status=200, body=body, rows=len(self.rows), page=self)


def refused(refusal: Refusal) -> Answer:
    """A refusal of the application: `{"error": …, "code": …}`."""
    return Answer(status=refusal.status, body=dumps({"error": refusal.message, "code": refusal.status}))


def gate(code: str) -> str:
    """A refusal of the gateway in front of the API: pretty-printed, its slashes plain."""
    return f'{{\n  "error": {{\n    "code": "{code}",\n    "message": "{_KEY_MESSAGES[code]}"\n  }}\n}}'


def answer(
    source: RowSource,
    path: Sequence[str],
    sent: Mapping[str, Any],
    *,
    style: Style | None = None,
    shuffle: np.random.Generator | None = None,
    extra: bool = False,
    first_only: bool = False,
) -> Answer:
    """The answer to `sent` at `path` (its parts). `extra` adds series of codes that no table knows.

    With `first_only` the first one of several respondents is heard alone.
    """
    if tuple(path[:3]) != ROOT:
        return refused(Refusal(404, "Not found."))
    request = {"command": "/".join(["", *path, ""]), "params": dict(sent)}
    try:
        rest = list(path[3:])
        if not rest:
            return Answer(200, document(_routes(), request))
        route = _route(rest[0])
        if rest[1:] == ["data"]:
            query = read_query(route, sent)
            found = _chosen(source, route, query, extra=extra, first_only=first_only)
            return _page(found, route, query, request=request, style=style or Style(), shuffle=shuffle).answer()
        return Answer(200, document(_described(source, route, rest[1:]), request))
    except Refusal as refusal:
        return refused(refusal)


def _page(
    found: Sequence[Series],
    route: Route,
    query: Query,
    *,
    request: Mapping[str, Any],
    style: Style,
    shuffle: np.random.Generator | None,
) -> Page:
    chosen = select(found, query)
    rows = page(chosen, route, query, shuffle=shuffle)
    texts = tuple(row_texts(rows, route, style, with_values=query.with_values))
    return Page(route=route, rows=texts, total=chosen.total, request=request, style=style)


def _chosen(source: RowSource, route: Route, query: Query, *, extra: bool, first_only: bool) -> list[Series]:
    codes = source.respondents(route)
    wanted = query.facets.get(route.respondent)
    kinds = query.facets.get(route.kind)
    found: list[Series] = []
    if wanted is not None:
        codes = [code for code in codes if code in wanted]
    if first_only:
        codes = sorted(codes)[:1]
    for code in codes:
        series = source.series(route, code)
        found += [*series, _unheard(series[0])] if extra and series else series
    return found if kinds is None else [s for s in found if s.kind in kinds]


def _unheard(series: Series) -> Series:
    """A series of a code that no table knows, one row a day: new codes come and go."""
    return replace(
        series,
        kind="XNEW",
        kind_name="Not known yet",
        hours=series.hours[::24],
        values=series.values[::24],
        empty=series.empty[::24],
    )


def _route(name: str) -> Route:
    if name not in ROUTES:
        raise Refusal(404, "Not found.")
    return ROUTES[name]


def _routes() -> dict[str, Any]:
    return {
        "id": "rto",
        "name": "Electric Power Operations (Daily and Hourly)",
        "description": "Hourly and daily electric power operations by balancing authority.  \n    Source: Form EIA-930",
        "routes": [{"id": r.id, "name": r.name, "description": r.description} for r in _LISTED],
    }


def _described(source: RowSource, route: Route, rest: Sequence[str]) -> dict[str, Any]:
    if not rest:
        return _metadata(source, route)
    if rest[0] == "facet" and len(rest) == 1:
        facets = _facets(route)
        return {"totalFacets": len(facets), "facets": facets}
    if rest[0] == "facet" and len(rest) == 2 and rest[1] in route.facets:
        values = _facet_values(source, route, rest[1])
        return {"totalFacets": len(values), "facets": values}
    raise Refusal(404, "Not found.")


def _metadata(source: RowSource, route: Route) -> dict[str, Any]:
    first, last = source.span(route)
    frequencies = [
        {"id": name, "alias": alias, "description": about, "query": short, "format": form}
        for name, (alias, about, short, form) in zip(FREQUENCIES, _FORMATS, strict=True)
    ]
    return {
        "id": route.id,
        "name": route.name,
        "description": route.description,
        "frequency": frequencies,
        "facets": _facets(route),
        "data": {"value": {"aggregation-method": "SUM", "alias": route.alias, "units": route.unit}},
        "startPeriod": stamp(first),
        "endPeriod": stamp(last),
        "defaultDateFormat": DATE_FORMAT,
        "defaultFrequency": "hourly",
    }


def _facets(route: Route) -> list[dict[str, str]]:
    return [{"id": name, "description": text} for name, text in route.facets.items()]


def _facet_values(source: RowSource, route: Route, facet: str) -> list[dict[str, str]]:
    ours, theirs = source.names(route)
    if facet == route.respondent:
        codes, names = source.respondents(route), ours
    else:
        codes, names = source.kinds(route), theirs
    return [{"id": c, "name": names.get(c, c), "alias": f"({c}) {names.get(c, c)}"} for c in codes]
