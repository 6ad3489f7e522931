# SPDX-License-Identifier: Apache-2.0
"""What stands at the root of an output: series.parquet, report.json, manifest.json, `_SUCCESS` last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import pyarrow as pa

from eia930.account.series_table import catalogue, write_catalogue
from eia930.account.sums import account, imbalances, stop_code
from eia930.checks.outcome import Check
from eia930.errors import UsageError
from eia930.question.plan import PassedOver
from eia930.record.assembly import GroupReport, SeriesReport
from eia930.record.tidy_file import AGAIN, read_columns
from eia930.record.tidy_series import READ, SeriesRef, series_ref
from eia930.reference.hours import parse_hour, stamp
from eia930.sources.api.source import Fetched
from eia930.store.manifest import MANIFEST, SUCCESS, File, read_manifest
from eia930.store.storage import Storage

REPORT = "report.json"


def publish(
    storage: Storage,
    groups: Sequence[GroupReport],
    fetched: Fetched,
    *,
    checks: Sequence[Check] = (),
    blocks: Sequence[File],
    statistics: pa.Table,
    spans: int,
    not_asked: Sequence[PassedOver] = (),
    min_completeness: float = 0.0,
) -> dict[str, Any]:
    """Write the account of a run; `finish` comes after it, once the page stands too."""
    groups = sorted(groups, key=lambda group: (group.route, group.respondent))
    report = account(groups, fetched)
    report["not_asked"] = [_not_asked(one) for one in not_asked]
    report["checks"] = [_check(check) for check in checks]
    report["imbalances"] = imbalances(report, groups)
    report["completeness"] = _completeness(report, min_completeness)
    report["exit"] = exit_code(report)
    if not fetched.stopped:
        if len(groups) != spans:
            raise AssertionError(f"{spans} spans were planned, {len(groups)} were assembled")
        files = [file for group in groups for file in group.files]
        files += [*blocks, write_catalogue(storage, catalogue(_series(groups)), statistics)]
        _drop_old_blocks(storage, blocks)
        _manifest(storage, files)
    storage.put(REPORT, _json(report))
    return report


def _series(groups: Sequence[GroupReport]) -> Iterator[SeriesReport]:
    return (one for group in groups for one in group.series)


def _completeness(report: dict[str, Any], least: float) -> dict[str, Any]:
    """Which series have a smaller share of their hours present than asked for; none where nothing was asked for."""
    short = [
        {"series_id": one["series_id"], "share": round(one["present"] / one["hours"], 6)}
        for one in report["series"]
        if one["present"] < least * one["hours"]
    ]
    return {"minimum": least, "short": sorted(short, key=lambda one: (one["share"], one["series_id"]))}


def _not_asked(one: PassedOver) -> dict[str, Any]:
    return asdict(one) | {"first": stamp(one.first), "last": stamp(one.last)}


def _check(check: Check) -> dict[str, Any]:
    """A check as plain data: hours as stamps, missing figures as null."""
    worst = [
        asdict(one) | {"hour": stamp(one.hour), "expected": _figure(one.expected), "found": _figure(one.found)}
        for one in check.worst
    ]
    return asdict(check) | {"worst": worst}


def _figure(value: float) -> float | None:
    return None if value != value else round(float(value), 3)


def finish(storage: Storage, release: Callable[[Storage], None]) -> None:
    """`_SUCCESS`, last of all, and only where every hour asked was answered and every sum and share is as asked.

    `release` is what lets others read what stands, just before it.
    """
    if msgspec.json.decode(storage.get(REPORT), type=dict[str, Any])["exit"] == 0:
        release(storage)
        storage.put(SUCCESS, b"")


def publish_blocks(storage: Storage, blocks: Sequence[File], statistics: pa.Table) -> str:
    """New blocks beside what an output holds already: the manifest with both; `finish` comes after it.

    Returns the output's URL.
    """
    _drop_old_blocks(storage, blocks)
    report = msgspec.json.decode(storage.get(REPORT), type=dict[str, Any])
    series = write_catalogue(storage, catalogue(_series_of(report)), statistics)
    renewed = ("blocks/", "tfds/", series.path, *(file.path for file in blocks))
    kept = [file for file in read_manifest(storage) if not file.path.startswith(renewed)]
    _write_manifest(storage, [*kept, *blocks, series])
    return storage.url


def unfinished(storage: Storage) -> str:
    """Why the tidy files of an output are no whole load, and what to do; empty where they are.

    A load that only falls short of the completeness asked for has no `_SUCCESS`, but whole files.
    """
    if storage.exists(SUCCESS):
        return ""
    try:
        report = msgspec.json.decode(storage.get(REPORT), type=dict[str, Any])
        stopped, failures, imbalances = (report[name] for name in ("stopped", "failures", "imbalances"))
    except (KeyError, msgspec.DecodeError):
        return f"never loaded, or half-written (no {SUCCESS}, no {REPORT}); run python -m pipelines.historical there"
    if stopped:
        return f"its load was not finished ({stopped}); run it again"
    if failures:
        requests = f"{len(failures):,} request{'s' if len(failures) > 1 else ''}"
        return f"its load ended without {requests} that could not be had ({failures[0]['request']}); run it again"
    return f"the account of its load does not balance ({imbalances[0]}); report this as a defect" if imbalances else ""


def check_files(storage: Storage, refs: Sequence[SeriesRef]) -> None:
    """UsageError names what a load wrote of its series that is gone, or cannot be read."""
    listed = {file.path for file in read_manifest(storage)}
    if not listed:
        raise UsageError(f"{storage.place}/{MANIFEST} is missing or damaged", remedy=AGAIN)
    for path in sorted({ref.path for ref in refs}):
        read_columns(storage, path, READ)


def published_series(storage: Storage) -> tuple[list[SeriesRef], tuple[int, int]]:
    """The series of a published output that hold a value, and the first and last hour of its load's question."""
    try:
        report = msgspec.json.decode(storage.get(REPORT), type=dict[str, Any])
        told = _series_of(report)
        asked = [*report["spans"], *report.get("not_asked", ())]
        hours = [parse_hour(span[end]) for span in asked for end in ("first", "last")]
    except (KeyError, ValueError, msgspec.MsgspecError):
        raise UsageError(f"{storage.url}/{REPORT} is missing or not ours: run pipelines.historical first") from None
    refs = [ref for one in told if (ref := series_ref(one)) is not None]
    return sorted(refs, key=lambda ref: ref.series_id), (min(hours), max(hours))


def _series_of(report: dict[str, Any]) -> list[SeriesReport]:
    return msgspec.convert(report["series"], list[SeriesReport])


def exit_code(report: dict[str, Any]) -> int:
    """0 done; 1 finished, but hours could not be had; 3 cannot go on."""
    if report["stopped"]:
        return stop_code(report["stopped_by"])
    return 1 if report["failures"] or report["imbalances"] or report["completeness"]["short"] else 0


def _manifest(storage: Storage, files: Sequence[File]) -> None:
    """All files of the output: those of this run, and those of earlier questions that still stand."""
    mine = {file.path: file for file in files}
    present = {entry.key for folder in ("tidy", "avro", "rejects") for entry in storage.list(folder)}
    older = [file for file in read_manifest(storage) if file.path in present and file.path not in mine]
    _write_manifest(storage, [*mine.values(), *older])


def _write_manifest(storage: Storage, files: Sequence[File]) -> None:
    entries = sorted(files, key=lambda file: file.path)
    storage.put(MANIFEST, _json({"files": [msgspec.to_builtins(file) for file in entries]}))


def _drop_old_blocks(storage: Storage, blocks: Sequence[File]) -> None:
    """Shards of an earlier question would stand beside the new ones, with other counts in their names."""
    mine = {file.path for file in blocks}
    found = (entry.key for folder in ("blocks", "tfds") for entry in storage.list(folder))
    storage.delete(*(key for key in found if key not in mine))
    storage.drop_empty_folders("blocks", "tfds")


def _json(data: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"
