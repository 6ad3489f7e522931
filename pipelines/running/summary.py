# SPDX-License-Identifier: Apache-2.0
"""What a user reads at the start and at the end of a run."""

from __future__ import annotations

from typing import Any

from eia930.account.publication import REPORT, published_series
from eia930.report.build import INDEX
from eia930.report.telling.nothing import nothing
from eia930.report.telling.words import percent
from eia930.sources.api.drift import CHANGED
from eia930.store.storage import Storage
from pipelines.options import SYNTHETIC, LoadSettings
from pipelines.running.lines import few
from transforms.block_plan import told


def banner() -> str:
    """Says, so that nobody misses it, that what follows are no real data."""
    lines = [
        "SYNTHETIC DATA: the embedded emulator answers (no API key is set, or --source=emulator).",
        "Nothing in this output is a measurement. For the real record get a free key",
        "at https://www.eia.gov/opendata/register.php and run:",
        "    EIA_API_KEY=<your key> python -m pipelines.historical",
    ]
    width = max(map(len, lines))
    rule = "!" * (width + 6)
    return "\n".join([rule, *(f"!! {line:<{width}} !!" for line in lines), rule])


def summary(todo: LoadSettings, report: dict[str, Any]) -> str:
    """The account in a few lines, ending with what to do next."""
    if report["stopped"]:
        return f"stopped: {report['stopped']}"
    rows, hours, asked, rate = (report[name] for name in ("rows", "hours", "requests", "rate"))
    lines = [
        f"requests  {asked['planned']:,} windows: {asked['reused']:,} stored before, {asked['sent']:,} sent, "
        f"{asked['retried']:,} retried, {asked['failed']:,} failed{_speed(rate)}",
        f"rows      {rows['received']:,} received = {rows['kept']:,} kept + {rows['duplicate']:,} duplicate "
        f"+ {rows['rejected']:,} rejected",
        f"hours     {hours['asked']:,} asked = {hours['present']:,} present + {hours['null']:,} null "
        f"+ {hours['missing']:,} missing  ({percent(hours['present'] / max(1, hours['asked']))} present)",
        *few("FAILED", [f"{one['reason']}; {one['remedy']}" for one in report["failures"]], account=REPORT),
        *few("UNBALANCED", report["imbalances"], account=REPORT),
        *_gate(report),
        *told(published_series(todo.storage)[0], todo.blocks),
        f"output    {todo.storage.place}",
        f"next      {_next(todo, report)}",
    ]
    return "\n".join(lines)


def _gate(report: dict[str, Any]) -> list[str]:
    """Which series hold the load back; nothing where each has the share that was asked for."""
    least, short = report["completeness"]["minimum"], report["completeness"]["short"]
    if not short:
        return []
    return [
        f"GATE      failed, so there is no _SUCCESS: of {len(report['series']):,} series {len(short):,} "
        f"{'has' if len(short) == 1 else 'have'} less than {percent(least)} of the hours (--min_completeness)",
        *few("SHORT", [f"{one['series_id']}: {percent(one['share'])} present" for one in short], account=REPORT),
    ]


def _speed(rate: dict[str, Any]) -> str:
    if not rate["records_per_second"]:
        return ""
    return f"; {rate['records_per_second']:,.0f} records/s, page fill {rate['page_fill']:.3f}"


def _next(todo: LoadSettings, report: dict[str, Any]) -> str:
    if any(CHANGED in one["reason"] for one in report["failures"]):
        return f"{CHANGED}: look for a newer version of eia930, then run the same command again"
    if report["failures"]:
        return "run the same command again: it asks only for the hours that are not stored yet"
    if report["imbalances"]:
        return "do not use these files: sums over them do not agree; report this as a defect"
    if report["completeness"]["short"]:
        return (
            f"see in {todo.storage.place}/{INDEX} which hours are missing; then run again with --refresh if they may "
            "have come since, without those series, or with a smaller --min_completeness"
        )
    if found := nothing(report):
        return f"no hour is present, for {found.why}: {found.remedy}"
    if todo.embedded:
        elsewhere = ", with another --output" if todo.storage != Storage.at(SYNTHETIC) else ""
        return f"set EIA_API_KEY and run again for real data{elsewhere}"
    if report["rows"]["rejected"]:
        return f"look at rejects/: {report['rows']['rejected']:,} rows were refused, each with its reason"
    return f"read it: pyarrow.dataset.dataset('{todo.storage.place}/tidy')"
