# SPDX-License-Identifier: Apache-2.0
"""A request for rows, read as the API reads it: PHP-style names, an X-Params header or a JSON body.

What EIA answers to a malformed bound, offset or facet id is not on record; those refusals are worded alike.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from eia930.reference.hours import parse_hour
from eia930.reference.routes import PAGE, Route

FREQUENCIES = ("hourly", "local-hourly")
_NOT_LOCAL = (
    "Frequency 'local-hourly' is listed because EIA lists it, but this emulator does not serve it. "
    "Use 'hourly', whose periods are UTC."
)
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


class Refusal(ValueError):
    """An answer that is no rows: its HTTP status and the API's message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Sort:
    """One column to sort by."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A request for rows of one route; bounds are inclusive hours, None where open."""

    facets: Mapping[str, frozenset[str]]
    first: int | None
    last: int | None
    sort: tuple[Sort, ...]
    offset: int
    length: int
    with_values: bool


def parameters(text: str) -> dict[str, Any]:
    """A query string, as PHP nests it: `facets[type][]=D` → `{"facets": {"type": ["D"]}}`, in the order sent."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found = _NAME.fullmatch(name)
        keys = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])] if found else [name]
        _put(tree, keys, value)
    return {name: _listed(value) for name, value in tree.items()}


def header_parameters(text: str) -> dict[str, Any]:
    """The parameters of an `X-Params` header or of a JSON body."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal(400, "Invalid parameters provided. A JSON object is expected.")
    return found


def read_query(route: Route, sent: Mapping[str, Any]) -> Query:
    """What `sent` asks of `route`; raises Refusal as the API refuses."""
    _check_frequency(sent.get("frequency"))
    return Query(
        facets=_facets(route, sent.get("facets")),
        first=_bound(sent, "start"),
        last=_bound(sent, "end"),
        sort=_sort(route, sent.get("sort")),
        offset=_count(sent, "offset", default=0),
        length=min(PAGE, _count(sent, "length", default=PAGE)),
        with_values=_wants_values(sent.get("data")),
    )


def columns(route: Route) -> tuple[str, ...]:
    """Every column of the route's rows, in the order in which EIA returns them."""
    keys = (route.respondent, route.respondent_name, route.kind, route.kind_name)
    if tuple(route.facets) != route.keys:
        keys = (route.kind, route.kind_name, route.respondent, route.respondent_name)
    return ("period", *keys, "value", "value-units")


def _put(tree: dict[str, Any], keys: list[str], value: str) -> None:
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        name = key or str(len(tree))
        if following is None:
            tree[name] = value
            return
        branch = tree.get(name)
        tree[name] = tree = branch if isinstance(branch, dict) else {}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    return list(inner.values()) if list(inner) == [str(i) for i in range(len(inner))] else inner


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]


def _either(names: tuple[str, ...]) -> str:
    quoted = [f"'{name}'" for name in names]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return ", ".join(quoted[:-1]) + f", and {quoted[-1]}"


def _check_frequency(value: Any) -> None:
    if value == "local-hourly":
        raise Refusal(400, _NOT_LOCAL)
    if value is not None and value != "hourly":
        raise Refusal(
            400, f"Invalid frequency '{value}' provided. The only valid frequencies are {_either(FREQUENCIES)}."
        )


def _wants_values(value: Any) -> bool:
    wanted = [] if value is None else _items(value)
    for name in wanted:
        if name != "value":
            raise Refusal(400, f"Invalid data '{name}' provided. The only valid data are 'value'.")
    return bool(wanted)


def _facets(route: Route, value: Any) -> Mapping[str, frozenset[str]]:
    if not value:
        return MappingProxyType({})
    if not isinstance(value, Mapping):
        raise Refusal(400, f"Invalid facets '{value}' provided. Facets are sent as facets[id][].")
    for name in value:
        if name not in route.facets:
            raise Refusal(
                400, f"Invalid facet '{name}' provided. The only valid facets are {_either(tuple(route.facets))}."
            )
    return MappingProxyType({name: frozenset(map(str, _items(chosen))) for name, chosen in value.items()})


def _bound(sent: Mapping[str, Any], name: str) -> int | None:
    value = sent.get(name)
    if value is None or value == "":
        return None
    try:
        return parse_hour(str(value))
    except ValueError:
        raise Refusal(400, f"Invalid {name} '{value}' provided. The format is YYYY-MM-DD\"T\"HH24.") from None


def _count(sent: Mapping[str, Any], name: str, *, default: int) -> int:
    value = sent.get(name)
    if value is None or value == "":
        return default
    if not re.fullmatch(r"\d{1,12}", str(value), re.ASCII):
        raise Refusal(400, f"Invalid {name} '{value}' provided. A whole number is expected.")
    return int(value)


def _sort(route: Route, value: Any) -> tuple[Sort, ...]:
    if not value:
        return ()
    if isinstance(value, str):
        raise Refusal(400, f"Invalid sort '{value}' provided. Sorts are sent as sort[0][column].")
    return tuple(_sort_by(route, item) for item in _items(value))


def _sort_by(route: Route, item: Any) -> Sort:
    column = item.get("column") if isinstance(item, Mapping) else None
    if column not in columns(route):
        raise Refusal(400, f"Invalid sort column '{column}' provided.")
    direction = str(item.get("direction", "asc")).lower()
    if direction not in ("asc", "desc"):
        raise Refusal(400, f"Invalid sort direction '{direction}' provided. Use 'asc' or 'desc'.")
    return Sort(column=column, descending=direction == "desc")
