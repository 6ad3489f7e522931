# SPDX-License-Identifier: Apache-2.0
"""What came of an update, by the output's account before and after it: a line for people, or one of JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from eia930.account.model import Account, Newest
from eia930.account.stored import STOPPED, read_account
from eia930.errors import UsageError
from eia930.reference.hours import hour_of, parse_hour
from eia930.report.telling.words import percent
from eia930.store.storage import Storage
from pipelines.following.process import Ended

_FINISHED = 1
"""The exit code of a load that could not have all, or less than was asked for."""


class Update(msgspec.Struct, frozen=True):
    """One update. `new_hours` have a value now and had none before; `revised` values were replaced.

    `fetch_seconds` are those from the first request to the last answer. Where `exit` is not 0, `said` has why.
    """

    at: datetime
    exit: int
    seconds: float
    new_hours: int
    revised: int
    requests: int
    retried: int
    failed: int
    rows: int
    fetch_seconds: float
    rate_share: float | None
    newest: tuple[Newest, ...]
    said: str = ""

    @property
    def published(self) -> bool:
        """Whether the output is that of this update."""
        return self.exit == 0


def account_of(storage: Storage) -> Account | None:
    """The account of the output as it stands; None where there is none."""
    try:
        return read_account(storage)
    except UsageError:
        return None


def update_of(storage: Storage, before: Account | None, ended: Ended, *, at: datetime, seconds: float) -> Update:
    """What an update did, now that it ended."""
    stands = account_of(storage)
    mine = stands if stands and (before is None or stands.run != before.run) else _stopped(storage, before)
    new = (mine.hours.present - (before.hours.present if before else 0)) if mine and mine is stands else 0
    told = mine.requests if mine else None
    return Update(
        at=at,
        exit=ended.code,
        seconds=round(seconds, 1),
        new_hours=max(0, new),
        revised=max(0, _replaced(mine) - _replaced(before)) if mine and mine is stands else 0,
        requests=told.sent if told else 0,
        retried=told.retried if told else 0,
        failed=told.failed if told else 0,
        rows=mine.rows.kept if mine and mine is stands else 0,
        fetch_seconds=mine.rate.seconds if mine else 0.0,
        rate_share=_rate_share(mine) if mine else None,
        newest=_newest(stands, at),
        said=_why(ended, mine),
    )


def _why(ended: Ended, account: Account | None) -> str:
    """Nothing where it ended well; by its account where it finished all the same, else in its own last words."""
    if ended.code == 0:
        return ""
    reasons = _reasons(account) if account and ended.code == _FINISHED else ()
    if not reasons:
        return ended.said.removeprefix("error: ")
    return reasons[0] + (f", and {len(reasons) - 1:,} more (report.json)" if len(reasons) > 1 else "")


def _reasons(account: Account) -> tuple[str, ...]:
    """What a load that finished lacks, the most pressing first."""
    return (
        *(one.reason for one in account.failures),
        *account.imbalances,
        *(
            f"{one.series_id} has {percent(one.share)} of its hours (--min_completeness)"
            for one in account.completeness.short
        ),
        *(f"{one.route} to {one.hour} (--max_age_hours)" for one in account.too_old),
    )


def _stopped(storage: Storage, before: Account | None) -> Account | None:
    """The account of a load that changed nothing, where it is of this update."""
    try:
        told = read_account(storage, key=STOPPED)
    except UsageError:
        return None
    return None if before and told.run == before.run else told


def _newest(stands: Account | None, at: datetime) -> tuple[Newest, ...]:
    """How new the output is; older by the hours that passed where it stands as it was."""
    if stands is None:
        return ()
    hour = hour_of(at)
    return tuple(
        Newest(one.route, one.hour, None if one.hour is None else hour - parse_hour(one.hour)) for one in stands.newest
    )


def _replaced(account: Account | None) -> int:
    return sum(one.replaced for one in account.revised) if account else 0


def _rate_share(account: Account) -> float | None:
    limit, speed = account.rate.limit_per_hour, account.rate.requests_per_second
    return round(min(1.0, speed * 3600 / limit), 4) if limit and speed else None


def line(update: Update) -> str:
    """`2026-10-01T05:15:41Z  412 new hours, 37 revised, 3 requests, 41.2 s; region-data to 2026-10-01T04, 1 h late`."""
    ages = (f"{one.route} to {one.hour}, {one.age_hours:,} h late" for one in update.newest if one.hour)
    did = (
        f"{update.new_hours:,} new hours, {update.revised:,} revised, {update.requests:,} requests, "
        f"{update.seconds:,.1f} s; {'; '.join(ages) or 'no hour yet'}"
    )
    failed = f"exit {update.exit}: {update.said}; " if update.exit else ""
    return f"{update.at:%Y-%m-%dT%H:%M:%SZ}  {failed}{did}"


def json_line(update: Update) -> str:
    """The same as JSON."""
    return msgspec.json.encode(update).decode()
