# SPDX-License-Identifier: Apache-2.0
"""What a server lists of a route: the codes of its respondents and kinds, which may be newer than our tables."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from eia930.errors import Garbled, UsageError
from eia930.reference.routes import Route
from eia930.sources.api.client import Api


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that a facet can have, and what the server calls it."""

    code: str
    name: str


class _Value(msgspec.Struct, frozen=True):
    id: str
    name: str | None = None


class _Response(msgspec.Struct, frozen=True):
    facets: list[_Value]


class _Body(msgspec.Struct, frozen=True):
    response: _Response


def facets(api: Api, route: Route, name: str) -> tuple[Facet, ...]:
    """The values of a facet, sorted by code; none of a route without hours. Of those listed twice the first stands.

    One attempt. Throttled, Unavailable or Garbled: ask again; Refused, KeyRefused: do not. UsageError for a facet
    that the route does not have.
    """
    if name not in route.facets:
        raise UsageError(f"route {route.id} has no facet {name}; it has {', '.join(route.facets)}")
    what = f"{route.id}/facet/{name}"
    body, _ = api.get(f"{what}/", what=what)
    try:
        values = msgspec.json.decode(body, type=_Body).response.facets
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Garbled(f"{what}: the answer is no list of facet values") from None
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.id, value.name or value.id)
    return tuple(Facet(code, found[code]) for code in sorted(found))
