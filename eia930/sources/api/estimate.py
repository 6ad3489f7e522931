# SPDX-License-Identifier: Apache-2.0
"""What a load would ask of the API, without asking: requests in all and still to ask, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from eia930.question.pieces import wanted_hours
from eia930.question.span import Span, known
from eia930.reference.routes import PAGE, ROUTES
from eia930.sources.api.again import Again
from eia930.sources.api.lanes import Lane, needed, serves
from eia930.sources.api.responses import held_in
from eia930.sources.api.together.sharing import Wanted, shared
from eia930.sources.api.together.tape import Tape
from eia930.sources.rate import PER_HOUR
from eia930.sources.source import Estimate
from eia930.store.storage import Storage

_A_SERIES, _A_SPAN = 2, 2
"""Short requests of a count for a series that is complete, and for a respondent's nulls."""
_NEVER = datetime.max.replace(tzinfo=UTC)
"""Nothing is of this run: no clock is asked, for a bucket's is not this host's."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a source asks, as far as it bears on how much and how long."""

    per_hour: int | None
    min_delay: float
    hours_per_request: int | None
    settle_hours: int
    max_in_flight: int
    refresh: bool
    revisit_days: int | None = None
    together: bool = True
    """Whether a request may be for several respondents."""

    def again(self, since: datetime, now: float) -> Again:
        """When stored hours are asked for once more, at a moment (Unix seconds) of a run that stores `since` then."""
        return Again(self.settle_hours, since, now, self.refresh, self.revisit_days)


def asked_in(wants: Sequence[Wanted], manner: Manner) -> list[Lane | Tape]:
    """The lanes and tapes in which the hours wanted of spans are asked for."""
    if manner.together and manner.hours_per_request is None:
        return shared(wants)
    fixed = manner.hours_per_request
    return [Lane(span, wanted, hours_per_request=fixed) for span, wanted in wants if wanted.any()]


def plan_size(spans: Sequence[Span], manner: Manner) -> int:
    """About how many requests the spans take where nothing is stored."""
    return _requests([(span, wanted_hours(known(span), span.first, span.last)) for span in spans], manner)


def _requests(wants: Sequence[Wanted], manner: Manner) -> int:
    if fixed := manner.hours_per_request:
        return sum(ceil(int(wanted.sum()) / fixed) for _, wanted in wants)
    return sum(ceil(lane.pages) for lane in asked_in(wants, manner))


def estimate(storage: Storage, spans: Sequence[Span], manner: Manner, *, now: float) -> Estimate:
    """What is left to ask `now` (Unix seconds), given what is stored."""
    wants, stored, again = [], 0, manner.again(_NEVER, now)
    for span in spans:
        held = held_in(storage, span.route, span.respondent)
        wants.append((span, needed(span, held, again)))
        stored += sum(serves(one, span, again) for one in held)
    to_ask = _requests(wants, manner)
    each, lasting = f"of up to {PAGE:,} rows", _lasting(manner.per_hour, manner.min_delay, to_ask)
    return Estimate(plan_size(spans, manner), to_ask, stored, each, lasting)


def _lasting(per_hour: int | None, min_delay: float, count: int) -> str:
    """How long so many requests take at the pace; where the emulator is unhurried, at the API's."""
    if per_hour is None and not min_delay:
        return f"unhurried by the emulator; {_lasting(PER_HOUR, min_delay, count)}"
    minutes = count * max(3600 / per_hour if per_hour else 0.0, min_delay) / 60
    paces = [f"{per_hour:,} requests an hour"] if per_hour else []
    paces += [f"{min_delay:g} s apart"] if min_delay else []
    return f"{f'{minutes:,.0f} minutes' if minutes >= 1 else 'less than a minute'} at {', '.join(paces)}"


def short_ones(spans: Sequence[Span], per_hour: int | None) -> str:
    """What a count needs at least, in words: short answers, and their minutes."""
    series = sum(
        len(span.kinds or ROUTES[span.route].expected(span.respondent, (span.first, span.last))) for span in spans
    )
    least = series * _A_SERIES + len(spans) * _A_SPAN
    pace = f": {least / per_hour * 60:,.0f} minutes at {per_hour:,} an hour" if per_hour and least else ""
    return f"{least:,} short ones where nothing is missing{pace}; some ten more for a series with holes"
