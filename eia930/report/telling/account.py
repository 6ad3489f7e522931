# SPDX-License-Identifier: Apache-2.0
"""What the page says in words and figures: the member `quality` of report.json."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from eia930.reference.hours import parse_hour
from eia930.report.reading.coverage import map_key, map_rank
from eia930.report.reading.events import Event
from eia930.report.reading.findings import Findings
from eia930.report.reading.frame import Frame
from eia930.report.reading.longest import Gap
from eia930.report.telling.verdict import next_steps, verdict
from eia930.report.telling.words import FLAG_WORDS, kind_name, respondent_name
from eia930.store.manifest import read_manifest
from eia930.store.origin import is_synthetic
from eia930.store.storage import Storage

SYNTHETIC = "emulator"
_SUMS = ("hours", "present", "null", "missing", "flagged")


def judged(storage: Storage, report: Mapping[str, Any], found: Findings) -> dict[str, Any]:
    """Everything on the page that the account of the run does not hold itself."""
    series, hours = report["series"], report["hours"]
    flagged = sum(one["flagged"] for one in series)
    told: dict[str, Any] = {
        "synthetic": SYNTHETIC in found.sources or is_synthetic(storage),
        "asked": {"first": found.frame.stamp(0), "last": found.frame.stamp(found.frame.hours - 1)},
        "regions": len({one["respondent"] for one in series}),
        "series": len(series),
        "present_share": _share(hours["present"], hours["asked"]),
        "lifetime_share": _share(hours["present"], sum(map(_lifetime, series))),
        "flagged": flagged,
        "flagged_share": _share(flagged, hours["present"]),
        "provisional": _provisional(found),
        "types": _types(series),
        "kinds": _kinds(series, hours["present"]),
        "furthest": _event(found.furthest, found.frame) if found.furthest else None,
        "worst": [_event(one, found.frame) for one in found.shown()],
        "checks": _checks(report),
        "coverage": found.coverage.told(),
        "gaps": [_gap(one, found.frame) for one in found.gaps],
        "lines": [_line(line.account, line.step) for line in found.lines],
        "passed_over": sum(one["hours"] for one in report.get("passed_over", ())),
        "without": sorted(one["series_id"] for one in series if not one["present"]),
        "rejects": [{"path": f.path, "rows": f.rows} for f in read_manifest(storage) if f.path.startswith("rejects/")],
        "provenance": _provenance(storage, found),
    }
    return told | {"verdict": verdict(report, told), "next": next_steps(report, told)}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _lifetime(one: Mapping[str, Any]) -> int:
    """Hours from the first to the last one present."""
    return parse_hour(one["last"]) - parse_hour(one["first"]) + 1 if one["first"] else 0


def _types(series: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The hours of each type or route, added up."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for one in series:
        key = map_key(one)
        line = lines.setdefault(key, {"name": kind_name(*key), "series": 0, **dict.fromkeys(_SUMS, 0)})
        line["series"] += 1
        for name in _SUMS:
            line[name] += one[name]
    for line in lines.values():
        line["present_share"] = _share(line["present"], line["hours"])
        line["balances"] = line["hours"] == line["present"] + line["null"] + line["missing"]
    return [lines[key] for key in sorted(lines, key=map_rank)]


def _kinds(series: Iterable[Mapping[str, Any]], present: int) -> list[dict[str, Any]]:
    """How many hours carry each flag, in how many series; the most frequent first."""
    hours, where = Counter[str](), Counter[str]()
    for one in series:
        hours.update(one["flags"])
        where.update(one["flags"].keys())
    return [
        {
            "flag": flag,
            "what": FLAG_WORDS.get(flag, ""),
            "hours": number,
            "share": _share(number, present),
            "series": where[flag],
        }
        for flag, number in sorted(hours.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _provisional(found: Findings) -> dict[str, Any]:
    """The newest hours, from which on flags may still change, and how many of their hours carry one."""
    frame = found.frame
    return {
        "from": frame.stamp(frame.provisional),
        "hours": frame.hours - frame.provisional,
        "flagged": found.provisional,
    }


def _gap(gap: Gap, frame: Frame) -> dict[str, Any]:
    last = frame.stamp(gap.first + gap.hours - 1)
    return {"series_id": gap.series_id, "first": frame.stamp(gap.first), "last": last, "hours": gap.hours}


def _event(event: Event, frame: Frame) -> dict[str, Any]:
    return {
        "series_id": event.series_id,
        "flag": event.flag,
        "first": frame.stamp(event.first),
        "hours": event.hours,
        "hour": frame.stamp(event.peak),
        "value": round(event.value, 3),
        "usual": round(event.usual, 1),
        "weight": round(event.weight, 1),
    }


def _checks(report: Mapping[str, Any]) -> dict[str, Any]:
    """How many checks had hours to hold against each other, how many found some that differ, and the worst ones.

    The worst of each check in turn, so that no single check fills the list.
    """
    ran = [one for one in report.get("checks", []) if one["hours_checked"]]
    most = max((len(one["worst"]) for one in ran), default=0)
    dealt = [
        {"check": one["name"], **one["worst"][place]}
        for place in range(most)
        for one in ran
        if place < len(one["worst"])
    ]
    return {"ran": len(ran), "broken": sum(1 for one in ran if one["hours_broken"]), "worst": dealt[:10]}


def _line(account: Mapping[str, Any], step: int) -> dict[str, Any]:
    kept = ("series_id", "respondent", "present", "flagged", "longest_gap", "longest_gap_from", "first", "last")
    return {
        **{name: account[name] for name in kept},
        "name": respondent_name(account["respondent"]),
        "what": kind_name(account["route"], account["kind"]),
        "present_share": _share(account["present"], account["hours"]),
        "hours_a_point": step,
    }


def _provenance(storage: Storage, found: Findings) -> dict[str, Any]:
    return {
        "source": ", ".join(sorted(found.sources)) or None,
        "retrieved_first": min(found.retrieved, default=None),
        "retrieved_last": max(found.retrieved, default=None),
        "tidy_files": found.files,
        "tidy_sha256": _fingerprint(storage),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pyarrow": pa.__version__,
    }


def _fingerprint(storage: Storage) -> str | None:
    """One hash over those of all tidy files, as `sha256sum` would list them; None without a manifest."""
    lines = [f"{file.sha256}  {file.path}\n" for file in read_manifest(storage) if file.path.startswith("tidy/")]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None
