# SPDX-License-Identifier: Apache-2.0
"""From an analyst's clock to hours since 1970 UTC, and back: days of 23 and 25 hours are what they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import ceil
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eia930.errors import UsageError
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.respondents import respondents

LOCAL = "local"
Moment = str | date | datetime | None


def zone(tz: str, region: str) -> str:
    """The name of the zone in which a region's hours are told. UsageError for a name that is none."""
    name = respondents()[region].time_zone or "UTC" if tz == LOCAL else tz
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        raise UsageError(f"tz: no zone {tz!r}; give local, UTC, or a name such as America/Chicago") from None


def hour_in(flag: str, moment: Moment, tz: str) -> int | None:
    """The first whole hour from a moment on, since 1970 UTC; what has no zone of its own is on the clock of `tz`."""
    if moment is None:
        return None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if not isinstance(moment, str | datetime):
        raise UsageError(f"{flag}: {moment!r} is no hour: give YYYY-MM-DD, YYYY-MM-DDTHH, a date or a datetime")
    if isinstance(moment, str):
        try:
            # The calendar is checked as everywhere; the clock is another.
            moment = datetime.strptime(stamp(parse_hour(moment)), "%Y-%m-%dT%H")
        except ValueError as error:
            raise UsageError(f"{flag}: {error}") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(tz))
    return ceil(aware.astimezone(UTC).timestamp() / 3600)
