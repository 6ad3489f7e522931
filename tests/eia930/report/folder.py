# SPDX-License-Identifier: Apache-2.0
"""Folders as a load leaves them, small: two regions, some of the defects of the real record, flagged."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eia930.question.span import Span
from eia930.record.tidy import no_estimates, tidy_parquet, tidy_path, tidy_schema
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import ROUTES
from eia930.reference.runs import longest_gap
from eia930.reference.series import SeriesKey
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.store.manifest import put_file
from eia930.store.storage import Storage

FIRST = parse_hour("2019-03-01T00")
HOURS = 24 * 400
SPIKE = 24 * 200 + 5
FLAT = slice(24 * 300 + 3, 24 * 300 + 33)
GAP = slice(24 * 100, 24 * 100 + 50)
NULL = 24 * 50
ZERO = 24 * 250

Values = NDArray[np.float64]


def wave(middle: float, hours: int = HOURS) -> Values:
    """Whole MW with a day, a year and a little noise."""
    at = np.arange(hours)
    noise = np.random.default_rng(7).normal(0, 0.01, hours)
    return np.rint(middle * (1 + 0.2 * np.sin(at / 24 * 2 * np.pi) + 0.1 * np.sin(at / 8766 * 2 * np.pi) + noise))


def broken(middle: float) -> Values:
    """A wave with a spike, a flat run, a zero and a gap."""
    values = wave(middle)
    values[SPIKE] = 1000 * middle
    values[FLAT] = values[FLAT.start]
    values[ZERO] = 0.0
    values[GAP] = np.nan
    return values


def two_regions() -> dict[tuple[str, str, str], Values]:
    """(route, respondent, kind) → MW, NaN for no row."""
    return {
        ("region-data", "PACW", "D"): broken(2000),
        ("region-data", "PACW", "NG"): wave(1500),
        ("region-data", "ERCO", "D"): wave(40000),
        ("region-data", "SEPA", "D"): np.full(HOURS, np.nan),
    }


def write_folder(
    path: Path,
    series: Mapping[tuple[str, str, str], Values] | None = None,
    *,
    source: str = "api",
    change: Callable[[dict[str, Any]], None] = lambda report: None,
    name: Callable[[str, str, str], str] = lambda route, code, kind: SeriesKey(ROUTES[route], code, kind).id,
) -> Path:
    """Write tidy files, manifest and report.json; `change` may alter the account before it is written."""
    storage = Storage.at(str(path))
    accounts, tables, files = [], dict[tuple[str, str], list[pa.Table]](), []
    for (route, code, kind), values in (two_regions() if series is None else series).items():
        series_id = name(route, code, kind)
        found = screen_series(SeriesKey(ROUTES[route], code, kind).id, values).code
        row = ~np.isnan(values)
        row[NULL] = True  # a row without a value
        table = _table(route, code, kind, series_id, values=values, row=row, flags=found, source=source)
        tables.setdefault((route, code), []).append(table)
        accounts.append(_account(route, code, kind, series_id, values=values, row=row, flags=found))
    for (route, code), some in sorted(tables.items()):
        data, rows = tidy_parquet(Span(route, code, FIRST, FIRST + HOURS - 1), iter(some))
        files.append(put_file(storage, tidy_path(route, code), data, rows=rows))
    storage.put("manifest.json", msgspec.json.encode({"files": [msgspec.to_builtins(file) for file in files]}))
    report = _report(sorted(accounts, key=lambda one: one["series_id"]), sum(file.rows for file in files))
    change(report)
    storage.put("report.json", msgspec.json.encode(report))
    return path


def _table(
    route: str, code: str, kind: str, series_id: str, *, values: Values, row: Any, flags: Any, source: str
) -> pa.Table:
    at = np.flatnonzero(row)
    flag = [FLAGS[c] or None for c in flags[at].tolist()]
    columns = [
        pa.array([series_id] * len(at)),
        pa.array((at + FIRST) * 3600, pa.timestamp("s", tz="UTC")),
        pa.array([code] * len(at), pa.dictionary(pa.int32(), pa.string())),
        pa.array([kind] * len(at)),
        pa.array(values[at], mask=np.isnan(values[at])),
        pa.array(flag, pa.dictionary(pa.int32(), pa.string())),
        pa.nulls(len(at), pa.float64()),
        *no_estimates(len(at)),
        pa.array(np.full(len(at), (FIRST + HOURS) * 3600), pa.timestamp("s", tz="UTC")),
        pa.array([source] * len(at), pa.dictionary(pa.int32(), pa.string())),
    ]
    return pa.table(columns, schema=tidy_schema(ROUTES[route]))


def _account(
    route: str, code: str, kind: str, series_id: str, *, values: Values, row: Any, flags: Any
) -> dict[str, Any]:
    present = ~np.isnan(values)
    places = np.flatnonzero(present)
    gap, where = longest_gap(present)
    counts = {FLAGS[c]: int(n) for c, n in enumerate(np.bincount(flags[present])) if c and n}
    return {
        "series_id": series_id,
        "route": route,
        "respondent": code,
        "kind": kind,
        "hours": len(values),
        "present": len(places),
        "null": int(row.sum()) - len(places),
        "missing": len(values) - int(row.sum()),
        "flagged": sum(counts.values()),
        "flags": counts,
        "first": stamp(FIRST + int(places[0])) if len(places) else None,
        "last": stamp(FIRST + int(places[-1])) if len(places) else None,
        "longest_gap": gap,
        "longest_gap_from": stamp(FIRST + where) if gap else None,
    }


def _report(series: list[dict[str, Any]], rows: int) -> dict[str, Any]:
    total = {name: sum(one[name] for one in series) for name in ("hours", "present", "null", "missing")}
    return {
        "rows": {"received": rows + 12, "kept": rows, "duplicate": 12, "rejected": 0},
        "hours": {"asked": total.pop("hours"), **total},
        "requests": {"planned": 40, "reused": 3, "sent": 41, "retried": 2, "failed": 1, "damaged": 0},
        "rate": {
            "records_per_second": 8123.4,
            "requests_per_second": 1.7489,
            "page_fill": 0.9871,
            "success_rate": 0.9512,
            "seconds": 185.2,
            "faults": {"Throttled": 2},
            "per_minute": {"0": 14, "1": 105, "3": 21},
        },
        "failures": [
            {
                "request": "region-data/PACW 2019-06-09",
                "reason": "500 ten times",
                "remedy": "run the same command again",
            }
        ],
        "stopped": "",
        "stopped_by": "",
        "imbalances": [],
        "checks": [_check()],
        "exit": 1,
        "spans": [
            {
                "route": one["route"],
                "respondent": one["respondent"],
                "kinds": [],
                "first": stamp(FIRST),
                "last": stamp(FIRST + one["hours"] - 1),
            }
            for one in series
        ],
        "series": series,
    }


def _check() -> dict[str, Any]:
    worst = {"series_id": "EBA.PACW-ALL.D.H", "hour": "2019-09-17T05", "expected": 2011.0, "found": None, "hours": 31}
    return {
        "name": "demand_balance",
        "what": "demand = net generation − total interchange",
        "tolerance": "3 MW or 0.1%",
        "hours_checked": 9550,
        "hours_broken": 31,
        "worst": [worst],
        "columns": ["Sum of the parts", "Reported"],
        "left_out": 0,
    }
