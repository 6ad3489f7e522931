# SPDX-License-Identifier: Apache-2.0
"""What a load would ask of the API, without asking: requests in all and still to ask, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from eia930.question.pieces import wanted_hours
from eia930.question.plan import requests
from eia930.question.span import Span, known
from eia930.reference.routes import PAGE
from eia930.sources.api.again import Again
from eia930.sources.api.lanes import needed, serves
from eia930.sources.api.responses import held_in
from eia930.sources.rate import PER_HOUR
from eia930.sources.source import Estimate
from eia930.store.storage import Storage

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

    def again(self, since: datetime, now: float) -> Again:
        """When stored hours are asked for once more, at a moment (Unix seconds) of a run that stores `since` then."""
        return Again(self.settle_hours, since, now, self.refresh, self.revisit_days)


def plan_size(spans: Sequence[Span], manner: Manner) -> int:
    """About how many requests the spans take where nothing is stored."""
    hours = [int(wanted_hours(known(span), span.first, span.last).sum()) for span in spans]
    return requests(spans, hours, hours_per_request=manner.hours_per_request)


def estimate(storage: Storage, spans: Sequence[Span], manner: Manner, *, now: float) -> Estimate:
    """What is left to ask `now` (Unix seconds), given what is stored."""
    left, stored, again = [], 0, manner.again(_NEVER, now)
    for span in spans:
        held = held_in(storage, span.route, span.respondent)
        left.append(int(needed(span, held, again).sum()))
        stored += sum(serves(one, span, again) for one in held)
    to_ask = requests(spans, left, hours_per_request=manner.hours_per_request)
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
