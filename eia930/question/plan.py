# SPDX-License-Identifier: Apache-2.0
"""A question → its plan: one span a (route, respondent), checked against the tables before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from eia930.errors import UsageError
from eia930.question.listed import UNLISTED, Listed
from eia930.question.span import Span
from eia930.reference.hours import stamp
from eia930.reference.life import Life
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES, Route

ALL = "all"
_ALONE = "the six-month files hold authorities alone; regions are the API's, from 2019 on (--source=api, or hybrid)"
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
    anyway: bool = False
    """Whether regions asked for by name are asked for in all hours and routes, whatever the tables say."""
    listed: Listed = UNLISTED
    """What the server lists, where it was asked."""
    authorities: bool = False
    """Whether the source has balancing authorities alone, no regions."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Hours `first`..`last` (inclusive) of a question that its plan does not ask for, and why."""

    route: str
    respondent: str
    first: int
    last: int
    reason: str

    def __str__(self) -> str:
        return f"{self.route}/{self.respondent} {stamp(self.first)}_{stamp(self.last)}: {self.reason}"


def plan(question: Question) -> tuple[Span, ...]:
    """The spans of a question, in a fixed order, each within the life of its respondent.

    UsageError names what does not exist, and what is near it.
    """
    routes = _routes(question.routes)
    _all_known("region", question.regions, _regions(question))
    _all_known("type", question.types, sorted({kind for route in routes for kind in _kinds(route, question)}))
    spans = tuple(span for route in routes for span in _spans(route, question))
    if not spans and len(out := outlived(question)) == len(question.regions):
        raise UsageError("; ".join(out))
    if not spans:
        raise UsageError(
            f"--routes {','.join(question.routes)} has no hours for --regions {','.join(question.regions)}"
        )
    return spans


def routes_of(question: Question) -> tuple[str, ...]:
    """The ids of its routes."""
    return tuple(route.id for route in _routes(question.routes))


def too_many(question: Question, route: str) -> tuple[str, ...]:
    """New types of a route that the server lists and no request has room to name; empty where all are asked for."""
    one = ROUTES[route]
    listed = question.listed.types(one)
    return tuple(sorted(set(listed) - set(one.types))) if not question.types and _too_long(listed) else ()


def unknown(question: Question) -> tuple[str, ...]:
    """Codes of the question that no table of ours, nor a list at hand, has in any spelling: they may be newer."""
    known = {code.upper() for code in _regions(question)} | {ALL.upper()}
    kinds = {kind.upper() for route in ROUTES.values() for kind in _kinds(route, question)} | known
    new = [code for code in question.regions if code.upper() not in known]
    return tuple(code for code in (*new, *(one for one in question.types if one.upper() not in kinds)))


def passed_over(question: Question) -> tuple[PassedOver, ...]:
    """What the tables say does not exist: sub-regions of most authorities, hours before or after a respondent's life.

    Of `all` regions, series that nobody named are not listed.
    """
    return tuple(
        one
        for route in _routes(question.routes)
        for code in (_codes(route, question) if question.regions == (ALL,) else question.regions)
        for one in _passed_over(route, code, question)
    )


def outlived(question: Question) -> tuple[str, ...]:
    """A line for each region asked for by name that does not live in any of the hours asked for."""
    hours = f"from {stamp(question.first)} to {stamp(question.last)}"
    return tuple(
        f"--regions {code}: {_ALONE}"
        if _is_beyond(code, question)
        else f"--regions {code}: {life_of(code)}, so there are no hours {hours}"
        for code in question.regions
        if code in respondents()
        and (_is_beyond(code, question) or (not question.anyway and lived(code, question.first, question.last) is None))
    )


def _is_beyond(code: str, question: Question) -> bool:
    """Whether the source has no hours of such a respondent."""
    return question.authorities and code in respondents() and respondents()[code].kind != "authority"


def lived(code: str, first: int, last: int) -> tuple[int, int] | None:
    """The hours of `first`..`last` (inclusive) in which a respondent can have any; None if in none."""
    return life_of(code).hours(first, last)


def life_of(code: str) -> Life:
    """From when to when a respondent has hours; without bounds for one that the tables do not know."""
    return respondents()[code].life if code in respondents() else Life()


def _regions(question: Question) -> list[str]:
    """Every respondent of any route, by the tables and by the server."""
    return sorted({code for route in ROUTES.values() for code in _listed(route, question)})


def _codes(route: Route, question: Question) -> tuple[str, ...]:
    """The respondents of a route, by the tables and by the server, sorted; those that the source may have."""
    return tuple(code for code in sorted(_listed(route, question)) if not _is_beyond(code, question))


def _listed(route: Route, question: Question) -> set[str]:
    return {*route.served(), *question.listed.respondents(route)}


def _kinds(route: Route, question: Question) -> set[str]:
    """The kinds of a route, by the tables and by the server."""
    return {*route.kinds(), *question.listed.kinds(route)}


def _spans(route: Route, question: Question) -> list[Span]:
    served = _codes(route, question)
    anyway, whole = _anyway(question), (question.first, question.last)
    some = [code for code in question.regions if code in served or (anyway and not _is_beyond(code, question))]
    codes = served if question.regions == (ALL,) else some
    kinds = _filter(route, question)
    named, listed = question.regions != (ALL,), set(question.listed.respondents(route))
    newer = tuple(kind for kind in question.listed.kinds(route) if kind not in route.kinds())
    return [
        Span(
            route.id,
            code,
            *hours,
            kinds,
            _density(route, code, kinds, hours),
            named=named,
            listed=code in listed,
            typed=bool(question.types),
            newer=newer,
        )
        for code in codes
        if (hours := whole if anyway else lived(code, max(question.first, route.begins), question.last)) is not None
    ]


def _anyway(question: Question) -> bool:
    return question.anyway and question.regions != (ALL,)


def _passed_over(route: Route, code: str, question: Question) -> Iterator[PassedOver]:
    first, last = question.first, question.last
    if _is_beyond(code, question):
        yield PassedOver(route.id, code, first, last, _ALONE)
        return
    if _anyway(question):
        return
    if code not in _codes(route, question):
        yield PassedOver(route.id, code, first, last, "the reference tables know no such series")
        return
    if first < route.begins:
        begun = min(route.begins - 1, last)
        yield PassedOver(route.id, code, first, begun, f"the form has none before {stamp(route.begins)}")
        first = begun + 1
    lives = lived(code, first, last)
    if first > last:
        return
    if lives is None:
        yield PassedOver(route.id, code, first, last, str(life_of(code)))
    else:
        if first < lives[0]:
            yield PassedOver(route.id, code, first, lives[0] - 1, str(life_of(code)))
        if lives[1] < last:
            yield PassedOver(route.id, code, lives[1] + 1, last, str(life_of(code)))


def _filter(route: Route, question: Question) -> tuple[str, ...]:
    """Kinds to name in requests; empty where the question takes all that the tables know of the route."""
    types = question.types
    kinds = tuple(sorted(set(types or question.listed.types(route)) & _kinds(route, question)))
    if types and not kinds:
        raise UsageError(f"--types {','.join(types)}: route {route.id} has none of them")
    if not types and _too_long(kinds):
        return ()
    if _too_long(kinds):
        raise UsageError(f"--types: {len(kinds)} names of {route.id} are too many for one question; leave --types out")
    return () if set(kinds) == set(route.types) else kinds


def _too_long(kinds: Iterable[str]) -> bool:
    return len("-".join(kinds)) > _LONGEST


def _density(route: Route, code: str, kinds: tuple[str, ...], hours: tuple[int, int]) -> float:
    expected = route.expected(code, hours)
    return float(max(1, len(set(expected) & set(kinds)) if kinds else len(expected)))


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
