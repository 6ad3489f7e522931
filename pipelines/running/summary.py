# SPDX-License-Identifier: Apache-2.0
"""What a user reads at the start and at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence

from eia930.account.model import Account, Comparison, Newest, Rate, Requests
from eia930.account.published import published_series
from eia930.account.stored import INDEX, REPORT, read_account
from eia930.report.telling import silence
from eia930.report.telling.nothing import nothing
from eia930.report.telling.words import percent
from eia930.sources.api.drift import CHANGED
from eia930.store.storage import Storage
from pipelines.options.settings import LoadSettings
from pipelines.options.where import SYNTHETIC
from pipelines.running.lines import few
from transforms.block_plan import told

STANDS = "note      the earlier load in this output stands as it was, with its account and its page"
"""Said where a run ended before it changed anything."""
_DAYS_FROM = 72
"""Hours from which an age is told in days."""


def banner() -> str:
    """Says, so that nobody misses it, that what follows are no real data."""
    lines = [
        "SYNTHETIC DATA: the embedded emulator answers (no API key is set, or --source=emulator).",
        "Nothing in this output is a measurement. The real record needs no key by EIA's files:",
        "    python -m pipelines.historical --source=files",
        "For its newest hours, and sums over regions, get a free key",
        "at https://www.eia.gov/opendata/register.php and run:",
        "    EIA_API_KEY=<your key> python -m pipelines.historical",
    ]
    width = max(map(len, lines))
    rule = "!" * (width + 6)
    return "\n".join([rule, *(f"!! {line:<{width}} !!" for line in lines), rule])


def summary(todo: LoadSettings, account: Account, output: Storage) -> str:
    """The account in a few lines, ending with what to do next; `output` is that of the load, once it is over."""
    if account.stopped:
        return f"stopped: {account.stopped}"
    rows, hours, asked = account.rows, account.hours, account.requests
    lines = [
        *_silent(account),
        f"requests  {asked.planned:,} windows: {asked.reused:,} stored before, {asked.sent:,} sent, "
        f"{asked.retried:,} retried, {asked.failed:,} failed{_lists(asked)}{_speed(account.rate)}",
        f"rows      {rows.received:,} received = {rows.kept:,} kept + {rows.duplicate:,} duplicate "
        f"+ {rows.rejected:,} rejected",
        f"hours     {hours.asked:,} asked = {hours.present:,} present + {hours.null:,} null "
        f"+ {hours.missing:,} missing  ({percent(hours.present / max(1, hours.asked))} present)",
        *few("FAILED", [f"{one.reason}; {one.remedy}" for one in account.failures], account=REPORT),
        *few("UNBALANCED", account.imbalances, account=REPORT),
        *_compared(account.comparison),
        *few("WARNING", list(account.warnings), account=REPORT),
        *(f"newest    {line}" for line in _ages(account.newest)),
        *few("TOO OLD", _too_old(account), account=REPORT),
        *_gate(account),
        *(told(published_series(output)[0], todo.blocks) if _published(output, account) else ()),
        *_unknown(account, todo),
        f"output    {todo.storage.place}",
        f"report    {todo.storage.place}/{INDEX}",
        f"next      {_next(todo, account)}",
    ]
    return "\n".join(lines)


def _compared(told: Comparison) -> list[str]:
    """What two sources say of the same hours, and the months in which too many differ."""
    lines = [
        f"compared  {one.route}: {one.compared:,} hours of {one.here} and {one.there}: {one.equal:,} equal, "
        f"{one.differing:,} differ; {one.only_here:,} in {one.here} alone, {one.only_there:,} in {one.there} alone"
        for one in told.routes
    ]
    found = [
        f"{one.series_id} {one.month}: {one.differing:,} of {one.compared:,} hours, by {one.largest:,.15g} MW at most"
        for one in told.findings
    ]
    return [*lines, *few("DIFFERS", found, account=REPORT)]


def _published(output: Storage, account: Account) -> bool:
    """Whether the files of the output are those of this run."""
    return read_account(output).run == account.run


def _silent(account: Account) -> list[str]:
    """Who was expected and sent nothing, before all else."""
    whole, single = silence.respondents(account), silence.series(account)
    if not whole and not single:
        return []
    return [
        *few("SILENT", whole, account=REPORT),
        *few("no row", single, account=REPORT),
        f"          {silence.REMEDY}",
    ]


def _unknown(account: Account, todo: LoadSettings) -> list[str]:
    """What came of codes that our tables lack."""
    found = silence.unknown(account)
    remedy = f"python -m pipelines.reference --check --output={todo.storage.place} says what to add"
    return [*few("new", found, account=REPORT), f"          our tables lack these codes: {remedy}"] if found else []


def _gate(account: Account) -> list[str]:
    """Which series hold the load back; nothing where each has the share that was asked for."""
    least, short = account.completeness.minimum, account.completeness.short
    if not short:
        return []
    return [
        f"GATE      failed, so there is no _SUCCESS: of {len(account.series):,} series {len(short):,} "
        f"{'has' if len(short) == 1 else 'have'} less than {percent(least)} of the hours (--min_completeness)",
        *few("SHORT", [f"{one.series_id}: {percent(one.share)} present" for one in short], account=REPORT),
    ]


def _ages(told: Sequence[Newest]) -> list[str]:
    """`region-data 2024-01-31T23, 2 hours old`, a line a route."""
    return [
        f"{one.route}: no hour" if one.age_hours is None else f"{one.route} {one.hour}, {_age(one.age_hours)} old"
        for one in told
    ]


def _too_old(account: Account) -> list[str]:
    return [f"{line} (--max_age_hours={account.max_age_hours})" for line in _ages(account.too_old)]


def _age(hours: int) -> str:
    return f"{hours // 24:,} days" if hours >= _DAYS_FROM else f"{hours:,} hour{'' if hours == 1 else 's'}"


def _lists(asked: Requests) -> str:
    return f"; {asked.lists:,} for the server's lists of codes" if asked.lists else ""


def _speed(rate: Rate) -> str:
    if not rate.records_per_second:
        return ""
    fill = "" if rate.page_fill is None else f", page fill {rate.page_fill:.3f}"
    return f"; {rate.records_per_second:,.0f} records/s{fill}"


def _next(todo: LoadSettings, account: Account) -> str:
    if any(CHANGED in one.reason for one in account.failures):
        return f"{CHANGED}: look for a newer version of eia930, then run the same command again"
    if account.failures and not account.hours.present:
        return "nothing came: look at the reasons above, and at where it was asked; then run the same command again"
    if account.failures:
        return "run the same command again: it asks only for the hours that are not stored yet"
    if account.imbalances:
        return "do not use these files: sums over them do not agree; report this as a defect"
    if account.completeness.short:
        return (
            f"see in {todo.storage.place}/{INDEX} which hours are missing; then run again with --refresh if they may "
            "have come since, without those series, or with a smaller --min_completeness"
        )
    if account.too_old:
        return "look whether EIA publishes at all (https://www.eia.gov/electricity/gridmonitor); then run it again"
    if found := nothing(account):
        return f"no hour is present, for {found.why}: {found.remedy}"
    if todo.embedded:
        elsewhere = ", with another --output" if todo.storage != Storage.at(SYNTHETIC) else ""
        return f"for real data run it with --source=files, or with a key and without --source=emulator{elsewhere}"
    if account.rows.rejected:
        return f"look at rejects/: {account.rows.rejected:,} rows were refused, each with its reason"
    routes = dict.fromkeys(span.route for span in account.spans)
    lines = (f"read it: pyarrow.parquet.read_table('{todo.storage.place}/tidy/{route}')" for route in routes)
    return "\n          ".join(lines)
