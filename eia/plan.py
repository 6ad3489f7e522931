# SPDX-License-Identifier: Apache-2.0
"""A question → its plan: one span a (route, respondent), checked against the tables before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil

from eia.errors import UsageError
from eia.lanes import Span
from eia.respondents import expected_kinds, fuels, respondents, served
from eia.routes import FUEL_NAMES, PAGE, REGION, ROUTES, SUBREGION, Route

ALL = "all"
_LONGEST = 160
"""Letters that the kinds of a question may have: they stand in the names of stored responses."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a user asks for: hours `first`..`last` (inclusive) of regions × routes × types."""

    routes: tuple[str, ...]
    regions: tuple[str, ...]
    types: tuple[str, ...]
    first: int
    last: int


def plan(question: Question) -> tuple[Span, ...]:
    """The spans of a question, in a fixed order. UsageError names what does not exist, and what is near it."""
    routes = _routes(question.routes)
    known = sorted({code for route in ROUTES.values() for code in served(route)})
    _all_known("region", question.regions, known)
    _all_known("type", question.types, sorted({kind for route in routes for kind in _kinds(route)}))
    spans = tuple(span for route in routes for span in _spans(route, question))
    if not spans:
        raise UsageError(
            f"--routes {','.join(question.routes)} has no hours for --regions {','.join(question.regions)}"
        )
    return spans


def passed_over(question: Question) -> tuple[str, ...]:
    """Route/region pairs of the question that the tables say do not exist (sub-regions of most authorities)."""
    if question.regions == (ALL,):
        return ()
    return tuple(
        f"{route.id}/{code}"
        for route in _routes(question.routes)
        for code in question.regions
        if code not in served(route)
    )


def requests(spans: Iterable[Span], hours: Sequence[int], *, hours_per_request: int | None = None) -> int:
    """About how many requests `hours` (one count a span) take: each span with hours takes one at least."""
    return sum(
        ceil(count / (hours_per_request or PAGE / span.density)) for span, count in zip(spans, hours, strict=True)
    )


def _spans(route: Route, question: Question) -> list[Span]:
    codes = served(route) if question.regions == (ALL,) else [c for c in question.regions if c in served(route)]
    kinds = _filter(route, question.types)
    named = question.regions != (ALL,)
    return [
        Span(route.id, code, question.first, question.last, kinds, _density(route, code, kinds), named=named)
        for code in codes
    ]


def _filter(route: Route, types: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds to name in requests; empty where the question takes all that the route has."""
    kinds = tuple(sorted(set(types) & set(_kinds(route))))
    if types and not kinds:
        raise UsageError(f"--types {','.join(types)}: route {route.id} has none of them")
    if len("-".join(kinds)) > _LONGEST:
        raise UsageError(f"--types: {len(kinds)} names of {route.id} are too many for one question; leave --types out")
    return () if set(kinds) == set(route.types) else kinds


def _density(route: Route, code: str, kinds: tuple[str, ...]) -> float:
    expected = expected_kinds(route, code)
    return float(max(1, len(set(expected) & set(kinds)) if kinds else len(expected)))


def _kinds(route: Route) -> tuple[str, ...]:
    """Every kind that may be named in --types."""
    if route is REGION:
        return route.types
    if "fueltype" in route.keys:
        return tuple(sorted({*FUEL_NAMES, *(fuel for some in fuels().values() for fuel in some)}))
    if route is SUBREGION:
        return tuple(sorted({kind for code in served(route) for kind in expected_kinds(route, code)}))
    return tuple(sorted(respondents()))


def _routes(names: tuple[str, ...]) -> tuple[Route, ...]:
    if names == (ALL,):
        return tuple(ROUTES.values())
    _all_known("route", names, list(ROUTES))
    return tuple(ROUTES[name] for name in ROUTES if name in names)


def _all_known(what: str, given: tuple[str, ...], known: list[str]) -> None:
    for name in given:
        if name in known or (given == (ALL,) and what != "type"):
            continue
        near = get_close_matches(name.upper() if what != "route" else name, known, 3, 0.5)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"there are {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"
        )
        raise UsageError(f"--{what}s: no {what} {name!r}; {hint}")
