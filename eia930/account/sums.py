# SPDX-License-Identifier: Apache-2.0
"""The account of a run: every row received and every hour asked, added up, and whether the sums agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from eia930 import __version__
from eia930.account.comparing import comparison
from eia930.account.model import (
    Account,
    CheckResult,
    Completeness,
    Failed,
    Hours,
    NotAsked,
    Program,
    Rate,
    Requests,
    Rows,
    Short,
    Silent,
    SpanAsked,
    WorstHour,
)
from eia930.account.newest import newest, too_old
from eia930.checks.outcome import Check
from eia930.question.plan import PassedOver
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.record.rejects import DUPLICATE, FAILURES, REJECTED
from eia930.reference.hours import stamp
from eia930.reference.routes import PAGE
from eia930.sources.fetched import Fetched
from eia930.store.run import Run


def account(
    groups: Sequence[GroupReport],
    fetched: Fetched,
    run: Run,
    *,
    checks: Iterable[Check] = (),
    not_asked: Iterable[PassedOver] = (),
    min_completeness: float = 0.0,
    now: int = 0,
    max_age_hours: int | None = None,
) -> Account:
    """All that a run says of itself, with the exit code that follows from it.

    `now` is when the run began, in hours since 1970 UTC.
    """
    ages = newest((one for group in groups for one in group.series), now)
    series = sorted((one for group in groups for one in group.series), key=lambda one: one.series_id)
    passed = sorted((one for group in groups for one in group.passed_over), key=lambda one: one.series_id)
    silent = _silent(groups)
    told = Account(
        rows=_rows(groups),
        rejects=_rejects(groups),
        hours=_hours(series),
        requests=requests(fetched),
        rate=_rate(fetched),
        failures=failures(fetched),
        stopped=fetched.stopped,
        stopped_by=fetched.stopped_by,
        spans=tuple(SpanAsked(one.route, one.respondent, one.kinds, one.first, one.last) for one in groups),
        series=tuple(series),
        passed_over=tuple(passed),
        not_asked=tuple(_not_asked(one) for one in not_asked),
        checks=tuple(_check(check) for check in checks),
        imbalances=tuple(imbalances(groups)),
        warnings=fetched.warnings,
        comparison=comparison(groups),
        completeness=_completeness(series, silent, min_completeness),
        newest=ages,
        max_age_hours=max_age_hours,
        too_old=too_old(ages, max_age_hours),
        revised=tuple(one.revised for one in groups if one.revised is not None),
        exit=0,
        silent=silent,
        program=program_of(run),
        run=run.id,
    )
    return msgspec.structs.replace(told, exit=exit_code(told))


def program_of(run: Run) -> Program:
    """What started a run, and so has written all that comes of it."""
    return Program(__version__, run.program)


def exit_code(told: Account) -> int:
    """0 done; 1 finished, but hours could not be had; else why the run was stopped."""
    if told.stopped:
        return stop_code(told.stopped_by)
    return 1 if told.failures or told.imbalances or told.completeness.short or told.too_old else 0


def stop_code(stopped_by: str) -> int:
    """Exit code by the kind of error that stopped a run: 130 asked to, 2 wrong usage, 1 not readable, else 3."""
    return {"Interrupted": 130, "UsageError": 2, "Drifted": 1}.get(stopped_by, 3)


def imbalances(groups: Sequence[GroupReport]) -> list[str]:
    """Sums that do not agree, in words; none is the only acceptable answer."""
    found = [
        f"{group.route}/{group.respondent}: received {group.received} rows, but kept {group.kept}, "
        f"duplicate {group.duplicate} and rejected {group.rejected}"
        for group in groups
        if group.received != group.kept + group.duplicate + group.rejected
    ]
    found += [
        f"{group.route}/{group.respondent}: wrote {group.kept} rows, but its series hold {held}"
        for group in groups
        if group.kept != (held := sum(one.present + one.null for one in group.series))
    ]
    found += [
        f"{group.route}/{group.respondent}: rejected {group.rejected} rows, but named {named} in rejects/"
        for group in groups
        if group.rejected != (named := sum(group.rejects.get(REJECTED, {}).values()))
    ]
    found += [
        f"{one.series_id}: asked {one.hours} hours, but present {one.present}, null {one.null} "
        f"and missing {one.missing}"
        for group in groups
        for one in group.series
        if one.hours != one.present + one.null + one.missing
    ]
    return found


def requests(fetched: Fetched) -> Requests:
    """Requests planned, reused, sent, retried, failed; stored responses that were damaged."""
    tally = fetched.tally
    return Requests(
        planned=fetched.reused + tally.answered + tally.failed,
        reused=fetched.reused,
        sent=tally.sent,
        retried=tally.retried,
        failed=tally.failed,
        damaged=fetched.damaged,
        lists=fetched.lists,
    )


def failures(fetched: Fetched) -> tuple[Failed, ...]:
    """What could not be had, with its remedy."""
    return tuple(Failed(one.request, one.reason, one.remedy) for one in fetched.failures)


def _rows(groups: Sequence[GroupReport]) -> Rows:
    return Rows(
        received=sum(group.received for group in groups),
        kept=sum(group.kept for group in groups),
        duplicate=sum(group.duplicate for group in groups),
        rejected=sum(group.rejected for group in groups),
    )


def _rejects(groups: Sequence[GroupReport]) -> dict[str, dict[str, int]]:
    """Lines of all rejects files, by the count that they belong to and by reason."""
    told = {name: Counter[str]() for name in (REJECTED, DUPLICATE, FAILURES)}
    for group in groups:
        for counter, reasons in group.rejects.items():
            told[counter].update(reasons)
    return {counter: dict(sorted(reasons.items())) for counter, reasons in told.items()}


def _hours(series: Sequence[SeriesReport]) -> Hours:
    return Hours(
        asked=sum(one.hours for one in series),
        present=sum(one.present for one in series),
        null=sum(one.null for one in series),
        missing=sum(one.missing for one in series),
    )


def _silent(groups: Sequence[GroupReport]) -> tuple[Silent, ...]:
    """Who answered nothing at all in a route, or nothing that could be kept, sorted."""
    return tuple(
        Silent(one.route, one.respondent, one.expected_by, one.rejected)
        for one in sorted(groups, key=lambda one: (one.route, one.respondent))
        if not one.kept and one.expected_by and not _known_rowless(one)
    )


def _known_rowless(group: GroupReport) -> bool:
    """Whether a coverage file says that there are no rows in these hours."""
    return bool(group.passed_over) and not group.series


def _completeness(series: Sequence[SeriesReport], silent: Sequence[Silent], least: float) -> Completeness:
    """Which series have a smaller share of their hours present than asked for; none where nothing was asked for."""
    short = [
        Short(one.series_id, round(one.present / one.hours, 6)) for one in series if one.present < least * one.hours
    ]
    counted = {(one.route, one.respondent) for one in series}
    nameless = [one for one in silent if (one.route, one.respondent) not in counted] if least else []
    short += [Short(f"{one.route}/{one.respondent}", 0.0) for one in nameless]
    return Completeness(least, tuple(sorted(short, key=lambda one: (one.share, one.series_id))))


def _not_asked(one: PassedOver) -> NotAsked:
    return NotAsked(one.route, one.respondent, stamp(one.first), stamp(one.last), one.reason)


def _check(check: Check) -> CheckResult:
    """Hours as stamps, missing figures as null."""
    worst = [
        WorstHour(one.series_id, stamp(one.hour), _figure(one.expected), _figure(one.found), one.hours)
        for one in check.worst
    ]
    return CheckResult(
        name=check.name,
        what=check.what,
        tolerance=check.tolerance,
        hours_checked=check.hours_checked,
        hours_broken=check.hours_broken,
        worst=tuple(worst),
        columns=check.columns,
        left_out=check.left_out,
    )


def _figure(value: float) -> float | None:
    return None if value != value else round(float(value), 3)


def _rate(fetched: Fetched) -> Rate:
    """Records and requests a second from the first start to the last answer; fill of the answered pages."""
    tally = fetched.tally
    seconds = (tally.last_answer or 0.0) - (tally.first_start or 0.0)
    starts = (tally.last_start or 0.0) - (tally.first_start or 0.0)
    return Rate(
        records_per_second=round(tally.rows / seconds, 1) if seconds > 0 else None,
        requests_per_second=round((tally.sent - 1) / starts, 4) if starts > 0 else None,
        page_fill=round(tally.rows / (tally.answered * PAGE), 4) if tally.answered and fetched.paged else None,
        success_rate=round(tally.answered / tally.sent, 4) if tally.sent else None,
        seconds=round(seconds, 1) if seconds > 0 else 0.0,
        limit_per_hour=fetched.limit_per_hour,
        faults=dict(sorted(tally.faults.items())),
        per_minute={key: tally.per_minute[key] for key in sorted(tally.per_minute, key=int)},
    )
