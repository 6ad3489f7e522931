# SPDX-License-Identifier: Apache-2.0
"""Rows and envelopes as the API writes them: compact JSON, keys in its order, slashes escaped as PHP does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eia930.emulator.api.pages import Rows
from eia930.emulator.api.query import columns
from eia930.emulator.series import Series
from eia930.reference.routes import Route

API_VERSION = "2.1.8"
ADD_IN_VERSION = "2.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How values are written: the API's own ways, and those of its other years."""

    ints: bool = False
    """Numbers and totals as JSON numbers, as before version 2.1.6."""
    empty_text: bool = False
    """A missing value as `""`, not null."""
    other_case: bool = False
    """Type names in the other letter case (`Natural gas`, `Natural Gas`)."""


def dumps(value: Any) -> str:
    """JSON as PHP's `json_encode` writes it."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def row_texts(rows: Rows, route: Route, style: Style, *, with_values: bool = True) -> list[str]:
    """The rows as JSON objects, in their order."""
    heads = [_head(s, route, style) for s in rows.series]
    stamps = _stamps(rows)
    which = rows.which.tolist()
    if not with_values:
        return [f'{{"period":"{at}",{heads[i]}}}' for at, i in zip(stamps, which, strict=True)]
    tail = f'"value-units":"{route.unit}"}}'
    return [
        f'{{"period":"{at}",{heads[i]},"value":{value},{tail}'
        for at, i, value in zip(stamps, which, _value_texts(rows, style), strict=True)
    ]


def envelope(
    *,
    route: Route,
    rows: Sequence[str],
    total: int,
    request: Mapping[str, Any],
    style: Style,
    warning: bool,
) -> str:
    """A whole answer around `rows`, byte for byte as recorded from version 2.1.8."""
    warnings = f'"warnings":{dumps([_INCOMPLETE])},' if warning else ""
    stated = str(total) if style.ints else f'"{total}"'
    return "".join(
        (
            f'{{"response":{{{warnings}"total":{stated},"dateFormat":{dumps(DATE_FORMAT)},"frequency":"hourly","data":[',
            ",".join(rows),
            f'],"description":{dumps(route.description)}}},',
            _ending(request),
        )
    )


def document(response: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """An answer that holds no rows: metadata or facets."""
    return f'{{"response":{dumps(response)},{_ending(request)}'


DATE_FORMAT = 'YYYY-MM-DD"T"HH24'
_INCOMPLETE = {
    "warning": "incomplete return",
    "description": "The API can only return 5000 rows in JSON format.  Please consider constraining your request"
    " with facet, start, or end, or using offset to paginate results.",
}


def _ending(request: Mapping[str, Any]) -> str:
    versions = f'"apiVersion":"{API_VERSION}","ExcelAddInVersion":"{ADD_IN_VERSION}"}}'
    return f'"request":{dumps(request)},{versions}'


def _head(series: Series, route: Route, style: Style) -> str:
    name = other_case(series.kind_name) if style.other_case else series.kind_name
    texts = {
        route.respondent: series.respondent,
        route.respondent_name: series.respondent_name,
        route.kind: series.kind,
        route.kind_name: name,
    }
    return ",".join(f"{dumps(column)}:{dumps(texts[column])}" for column in columns(route)[1:5])


def other_case(name: str) -> str:
    """The same words with the letter case of the years before, or after: `Natural gas` ↔ `Natural Gas`."""
    return name.capitalize() if name != name.capitalize() else name.title()


def _stamps(rows: Rows) -> list[str]:
    hours, where = np.unique(rows.hours, return_inverse=True)
    texts: list[str] = np.datetime_as_string(hours.astype("datetime64[h]")).tolist()
    return [texts[i] for i in where.tolist()]


def _value_texts(rows: Rows, style: Style) -> list[str]:
    texts = _numbers(rows)
    if not style.ints:
        texts = [f'"{text}"' for text in texts]
    nothing = '""' if style.empty_text else "null"
    for i in np.flatnonzero(rows.empty).tolist():
        texts[i] = nothing
    return texts


def _numbers(rows: Rows) -> list[str]:
    if rows.values.dtype.kind == "i":
        return list(map(str, rows.values.tolist()))
    # EIA writes whole numbers without a point; repr of the others reads back as the same double.
    return [str(int(v)) if v.is_integer() else repr(v) for v in rows.values.tolist()]
