# SPDX-License-Identifier: Apache-2.0
"""Hours as integers: hours since 1970-01-01T00 UTC, each the stamp of the hour's end.

The API's `period` is the hour-ending UTC stamp, `2023-01-01T00`; as an integer it is a key and an index.
"""

import re
from datetime import UTC, datetime

HOURLY = "%Y-%m-%dT%H"
_STAMP = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_hour(text: str) -> int:
    """`YYYY-MM-DD` (its first stamp, T00) or `YYYY-MM-DDTHH` → hours since 1970 UTC; ValueError otherwise."""
    found = _STAMP.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no hour: YYYY-MM-DD or YYYY-MM-DDTHH")
    year, month, day, hour = (int(part or 0) for part in found.groups())
    try:
        return hour_of(datetime(year, month, day, hour, tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"{text!r} is no hour: {error}") from None


def hour_of(moment: datetime) -> int:
    """The hour in which an aware `moment` lies, cut down, in hours since 1970 UTC."""
    return int((moment - _EPOCH).total_seconds() // 3600)


def stamp(hour: int) -> str:
    """Hours since 1970 UTC → `YYYY-MM-DDTHH`, the API's own form."""
    moment = moment_of(hour)
    # strftime does not pad years before 1000.
    return f"{moment.year:04}{moment:-%m-%dT%H}"


def moment_of(hour: int) -> datetime:
    """Hours since 1970 UTC → an aware datetime."""
    return datetime.fromtimestamp(hour * 3600, tz=UTC)
