# SPDX-License-Identifier: Apache-2.0
"""Why a load came to its end without a single hour, as far as its account tells, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from eia930.account.model import Account
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import ROUTES
from eia930.report.telling.words import count

_OTHER_HOURS = (
    "ask for other hours (--start, --end), or a server that holds these (--api_url); "
    "python -m pipelines.coverage counts what there is"
)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Both in half a sentence."""

    why: str
    remedy: str


def nothing(account: Account) -> Nothing | None:
    """None where there are hours, or where the failures, each with its remedy, are the reason."""
    rows = account.rows
    if account.hours.present or account.failures:
        return None
    if rows.rejected:
        why = f"{count(rows.rejected)} of {count(rows.received)} rows received were refused"
        return Nothing(why, "look at rejects/, where each stands with its reason")
    if first := served_from(account):
        return Nothing(f"the API has no hour before {first}", _OTHER_HOURS)
    if rows.kept:
        return Nothing("the rows that came hold no value", _OTHER_HOURS)
    return Nothing("the server has no row of these series in these hours", _OTHER_HOURS)


def served_from(account: Account) -> str:
    """The first hour that the API serves, where all that was asked for is older; else empty."""
    served = [(ROUTES.get(span.route), parse_hour(span.last)) for span in account.spans]
    firsts = [route.first for route, last in served if route is not None and last < route.first]
    return stamp(min(firsts)) if firsts and len(firsts) == len(served) else ""
