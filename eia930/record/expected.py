# SPDX-License-Identifier: Apache-2.0
"""Which series count although nobody sent them, in which hours, and who says so: one rule for every route.

A series is expected by the first of these that names it: the user (asked), the coverage file, the tables, the server's
lists, an earlier load of the output; what came all the same is merely seen. docs/quality.md tells it in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eia930.question.pieces import Flags, wanted_hours
from eia930.question.span import Span, known
from eia930.record.several.ranked import Ranked
from eia930.reference.respondents import respondents
from eia930.reference.routes import ROUTES

ASKED, COVERAGE, TABLES, LISTS, EARLIER, SEEN = "asked", "coverage", "tables", "lists", "earlier", "seen"


@dataclass(frozen=True, slots=True)
class Expectation:
    """Who expects a series, and in which hours of the span (bool[hours])."""

    by: str
    hours: Flags


def expect(grid: Ranked, span: Span) -> dict[str, Expectation]:
    """Give every expected kind a series in the grid, so that its hours are named as missing; kind → who expects it.

    To be called when all answers are in, before `finish`.
    """
    by = _expected(span)
    unanswered = {kind: wanted_hours(known(span), span.first, span.last) & grid.unanswered(kind) for kind in span.kinds}
    # What was asked of everybody is expected of those who are known to have it; a hole in what was asked, of all.
    by |= {kind: ASKED for kind, hours in unanswered.items() if kind not in by and hours.any()}
    refused = {kind for kind in grid.refused_kinds if _there_is(span, kind)}
    by |= dict.fromkeys({*grid.kinds(), *refused} - set(by), SEEN)
    came = set(grid.kinds())
    found = {}
    for kind in sorted(by):
        hours = _hours(span, kind, by[kind], came=kind in came)
        if by[kind] == ASKED and not (_named(span) or kind in came):
            hours &= unanswered[kind]
        hours &= ~grid.ahead(kind)
        if hours.any() or kind in came:
            grid.expect(kind, hours)
            found[kind] = Expectation(by[kind], hours)
    return found


def respondent_by(span: Span) -> str:
    """Who says that a respondent has hours in a route at all; empty where nobody does."""
    if span.named:
        return ASKED
    if any(
        ROUTES[span.route].life(span.respondent, kind).hours(span.first, span.last, slack=0) for kind in _expected(span)
    ):
        return TABLES if span.respondent in respondents() else LISTS
    there = respondents().get(span.respondent)
    alive = there is None or there.life.hours(span.first, span.last, slack=0) is not None
    # Whoever asks all for reactors asks nobody for one that is not known.
    return LISTS if span.listed and alive and not span.kinds else ""


def _there_is(span: Span, kind: str) -> bool:
    """Whether the tables or the server's lists have such a series: a damaged row may name any."""
    route = ROUTES[span.route]
    if route.knows(span.respondent, kind):
        return True
    if span.respondent in respondents():
        return kind in span.newer
    return span.listed and (kind in span.newer or kind in route.kinds())


def decisive(span: Span) -> Span:
    """The same, without what an earlier load had of kinds that somebody else names before it: it decides nothing."""
    by = _expected(span)
    return replace(span, earlier=tuple(one for one in span.earlier if by.get(one.kind) == EARLIER))


def _expected(span: Span) -> dict[str, str]:
    """Kind → by whom; of those that the question leaves out, none."""
    route, there = ROUTES[span.route], respondents().get(span.respondent)
    by = {one.kind: EARLIER for one in span.earlier}
    lives = route.expected(span.respondent) if there or span.listed else ()
    by |= dict.fromkeys(lives, TABLES if there else LISTS)
    if span.existing is not None:
        by = dict.fromkeys((one.kind for one in span.existing), COVERAGE)
    if span.kinds:
        by = {kind: name for kind, name in by.items() if kind in span.kinds}
        # Of what the server lists nobody says who has it.
        by |= dict.fromkeys(span.kinds, ASKED) if _named(span) else {}
    return by


def _named(span: Span) -> bool:
    """Whether these very series were asked for: the respondent by name, and the kinds too."""
    return span.named and span.typed


def _hours(span: Span, kind: str, by: str, *, came: bool) -> Flags:
    """bool[hours]: all of the span, within the life that the tables know; a coverage file knows better."""
    whole: Flags = np.ones(span.hours, bool)
    if span.existing is not None or (by == ASKED and _named(span)):
        return whole
    if by == EARLIER and not came:
        pieces = next(one.pieces for one in span.earlier if one.kind == kind)
        whole = wanted_hours(pieces, span.first, span.last)
    alive = ROUTES[span.route].life(span.respondent, kind).hours(span.first, span.last, slack=0)
    within: Flags = np.zeros(span.hours, bool)
    if alive:
        within[alive[0] - span.first : alive[1] - span.first + 1] = True
    return whole & within
