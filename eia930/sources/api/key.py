# SPDX-License-Identifier: Apache-2.0
"""The API key, by reference: looked up where it is used, never shown, never sent along."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from eia930.errors import UsageError
from eia930.store.storage import Storage

_LIKE_A_KEY = re.compile(r"[A-Za-z0-9]{32,}", re.ASCII)


def resolve_key(reference: str) -> str:
    """`env:NAME` or `file:PATH` → the key, on whatever host this is. UsageError where there is none."""
    kind, _, where = reference.partition(":")
    if kind == "env":
        key = os.environ.get(where, "").strip()
    elif kind == "file":
        key = _read_key(where)
    elif kind == "none":
        return "emulator"
    else:
        raise UsageError("--api_key takes a reference, env:NAME or file:PATH-OR-URL, never the key itself")
    if not key or not key.isascii() or not key.isprintable():
        raise UsageError(
            f"--api_key {_shown(reference)}: no key there; get one at https://www.eia.gov/opendata/register.php"
        )
    return key


def worker_key(reference: str) -> str:
    """The same on a worker, for a run whose start has found it: that may be elsewhere, or have another environment."""
    try:
        return resolve_key(reference)
    except UsageError as error:
        raise UsageError(
            f"the worker on {socket.gethostname()}: {error}; whoever asks looks the key up there: "
            "file:PATH names a file that every worker has, file:s3://BUCKET/KEY an object"
        ) from None


def anywhere(reference: str) -> str:
    """The same reference for a process that works in another folder: a relative path becomes absolute."""
    kind, _, where = reference.partition(":")
    if kind != "file" or "://" in where or not where:
        return reference
    try:
        return f"file:{Path(where).expanduser().absolute()}"
    except RuntimeError:
        # There is no such user: whoever looks it up says so.
        return reference


def _shown(reference: str) -> str:
    """A reference for a message; not where the key itself was put in the place of its name."""
    kind, _, where = reference.partition(":")
    return f"{kind}:…" if _LIKE_A_KEY.fullmatch(where.rpartition("/")[2]) else reference


def _read_key(where: str) -> str:
    """From a file, or from an object in a bucket, which workers reach wherever they are."""
    try:
        if "://" in where:
            folder, _, name = where.rpartition("/")
            return Storage.at(folder, flag="--api_key").get(name).decode("utf-8").strip()
        return Path(where).expanduser().read_text("utf-8").strip()
    except KeyError:
        raise UsageError(f"--api_key {_shown(f'file:{where}')}: there is no such object") from None
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"--api_key {_shown(f'file:{where}')}: {said}") from None
