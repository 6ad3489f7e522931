# SPDX-License-Identifier: Apache-2.0
"""Folder → page: report/index.html, and beside it report/report.json with every figure on it."""

from __future__ import annotations

from eia930.account.model import Account
from eia930.account.stored import BESIDE, INDEX, REPORT, encoded, last_account, read_account
from eia930.errors import UsageError
from eia930.report.page import page
from eia930.report.reading.findings import examine
from eia930.report.reading.frame import frame_of
from eia930.report.telling.account import judged
from eia930.store.storage import Storage


def write_page(storage: Storage) -> int:
    """Read a finished run and write its page; the page's bytes. UsageError, one line, where there is no such run.

    The same folder gives the same bytes. The account at the root stays as the load wrote it.
    """
    account = finished(storage)
    found = examine(storage, account, frame_of(account))
    shown = judged(storage, account, found)
    html = page(shown, found).encode()
    storage.put(BESIDE, encoded(shown))
    storage.put(INDEX, html)
    return len(html)


def can_show(storage: Storage) -> bool:
    """Whether there is the account of a run that came to its end, with hours or without."""
    try:
        finished(storage)
    except UsageError:
        return False
    return True


def finished(storage: Storage) -> Account:
    """The account of a run that came to its end. UsageError where there is none."""
    account = last_account(storage) or read_account(storage)
    if account.stopped:
        raise _no(f"the load of {storage.place} was not finished: {account.stopped}")
    if not account.spans:
        raise _no(f"{storage.place}/{REPORT} is no account of a load: it asked for nothing")
    return account


def _no(what: str) -> UsageError:
    return UsageError(what, remedy="run python -m pipelines.historical with this --output first")
