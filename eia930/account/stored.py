# SPDX-License-Identifier: Apache-2.0
"""Where an account lies in an output, and the one way to read and to write it."""

from __future__ import annotations

import msgspec

from eia930.account.model import Account, NotAsked, SpanAsked
from eia930.errors import UsageError
from eia930.program.reading import from_json
from eia930.reference.hours import parse_hour
from eia930.store.manifest import ANEW, SUCCESS, read_whole
from eia930.store.storage import Storage

REPORT = "report.json"
"""The account of the load whose files stand in the output."""
STOPPED = "report/stopped.json"
"""The account of a later run that changed none of them: it was stopped before."""
INDEX = "report/index.html"
"""The page."""
BESIDE = f"report/{REPORT}"
"""The account at the root, with what the page adds: for whoever takes the page's folder away."""
_REMEDY = "run python -m pipelines.historical with this --output first"


def read_account(storage: Storage, *, key: str = REPORT) -> Account:
    """The account of an output. UsageError, in one line, where there is none, or what is there is no account."""
    try:
        return _read(storage, key)
    except KeyError:
        raise UsageError(f"{storage.place} has no {key}: no load has finished there", remedy=_REMEDY) from None


def _read(storage: Storage, key: str) -> Account:
    """KeyError where there is none, UsageError where what is there is no account."""
    data = storage.get(key)
    try:
        account = from_json(data, Account)
    except msgspec.ValidationError as error:
        raise UsageError(f"{storage.place}/{key} is no account of a load: {error}", remedy=_REMEDY) from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{storage.place}/{key} is cut or no account of a load: {error}", remedy=_REMEDY) from None
    try:
        asked_hours(account)
    except ValueError as error:
        raise UsageError(f"{storage.place}/{key} is no account of a load: {error}", remedy=_REMEDY) from None
    return account


def last_account(storage: Storage) -> Account | None:
    """The account of the last load that came to an end; None where none has.

    UsageError where it is damaged, or missing in a finished output: what it lets us expect would be forgotten.
    """
    try:
        return _read(storage, REPORT)
    except KeyError:
        if storage.exists(SUCCESS):
            raise UsageError(f"{storage.place}/{REPORT} is missing, though {SUCCESS} is there", remedy=ANEW) from None
        return None
    except UsageError as error:
        raise UsageError(error.what, remedy=ANEW) from None


def require_whole(storage: Storage) -> None:
    """UsageError where what an output says of itself is damaged, or a part of it is missing in a finished one."""
    read_whole(storage)
    last_account(storage)


def write_account(storage: Storage, account: Account, *, key: str = REPORT) -> None:
    """Store the account whole."""
    storage.put(key, encoded(account))


def encoded(value: msgspec.Struct) -> bytes:
    """JSON that people can read too, in the order of the members."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def asked_hours(account: Account) -> tuple[int, ...]:
    """First and last hour (since 1970 UTC) of each span of the question. ValueError for what is no hour."""
    spans: tuple[SpanAsked | NotAsked, ...] = (*account.spans, *account.not_asked)
    return tuple(parse_hour(text) for span in spans for text in (span.first, span.last))
