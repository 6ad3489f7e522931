# SPDX-License-Identifier: Apache-2.0
"""Folder → page: report/index.html, and report.json with every figure on it, at the root and beside the page."""

from __future__ import annotations

from typing import Any

import msgspec

from eia930.account.publication import REPORT
from eia930.errors import UsageError
from eia930.report.page import page
from eia930.report.reading.findings import examine
from eia930.report.reading.frame import frame_of
from eia930.report.telling.account import judged
from eia930.store.storage import Storage

INDEX = "report/index.html"
BESIDE = f"report/{REPORT}"
"""The same account as at the root, for whoever takes the page's folder away."""
_NEEDED = ("rows", "hours", "requests", "rate", "failures", "stopped", "imbalances", "spans", "series")


def write_page(storage: Storage) -> int:
    """Read a finished run and write its page; the page's bytes. UsageError, one line, where there is no such run.

    The same folder gives the same bytes.
    """
    report = finished(storage)
    found = examine(storage, report, frame_of(report))
    report["quality"] = judged(storage, report, found)
    html = page(report, found).encode()
    account = msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
    storage.put(REPORT, account)
    storage.put(BESIDE, account)
    storage.put(INDEX, html)
    return len(html)


def can_show(storage: Storage) -> bool:
    """Whether there is the account of a run that came to its end, with hours or without."""
    try:
        finished(storage)
    except UsageError:
        return False
    return True


def finished(storage: Storage) -> dict[str, Any]:
    """The account of a run that came to its end. UsageError where there is none."""
    place = storage.place
    try:
        report: dict[str, Any] = msgspec.json.decode(storage.get(REPORT), type=dict[str, Any])
    except KeyError:
        raise _no(f"{place} has no {REPORT}: no load has finished there") from None
    except msgspec.DecodeError as error:
        raise _no(f"{place}/{REPORT} is cut or no account of a load: {error}") from None
    if absent := [name for name in _NEEDED if name not in report]:
        raise _no(f"{place}/{REPORT} is no account of a load: it has no {', '.join(absent)}")
    if report["stopped"]:
        raise _no(f"the load of {place} was not finished: {report['stopped']}")
    if not report["spans"]:
        raise _no(f"{place}/{REPORT} is no account of a load: it asked for nothing")
    return report


def _no(what: str) -> UsageError:
    return UsageError(what, remedy="run python -m pipelines.historical with this --output first")
