# SPDX-License-Identifier: Apache-2.0
"""What a place may be called, and where files lie that readers know who need nothing else of the storage."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from eia930.errors import UsageError

_SECRETS = re.compile(r"(s3|gs|az)://[^/]*@|\w+://[^/]*:[^/]*@|(?!file:)\w+://.*\?")
"""A URL that may hold what nobody should see, before its host or after a question mark: it is never repeated."""
_SCHEME = re.compile(r"(s3|gs|az|abfss?):(?!//[^/])/*([^/].*)")
"""The beginning of a bucket's URL with a slash too few or too many: as a folder's name it would hide the mistake."""
_LONGEST_NAME, _LONGEST_PATH = 255, 4095
"""Bytes that Linux takes: of a name between two slashes, and of a path."""
OBJECTS = "objects"
ORIGIN = "raw/origin"
"""Where it stands which server the stored answers are from."""


def object_key(path: str, sha256: str) -> str:
    """Where a file lies while it has no place: by path too, for two that hold the same go different ways."""
    return f"{OBJECTS}/{path}.{sha256[:32]}"


def says_of_itself(key: str) -> bool:
    """Whether an output says there what it is: its manifest, account, memory of its blocks, and origin."""
    return key == ORIGIN or ("/" not in key and key.endswith(".json"))


def url_of(place: str, flag: str) -> str:
    """What a user types after `flag` as a URL; a relative path becomes absolute. UsageError for an unknown scheme."""
    if _SECRETS.match(place):
        raise UsageError(f"{flag}: a URL holds no name, key or query: credentials come from the environment")
    if mistyped := _SCHEME.match(place):
        raise UsageError(f"{flag} {place!r}: did you mean {mistyped[1]}://{mistyped[2].lstrip('/')}?")
    if not _nameable(place):
        raise UsageError(f"{flag} {place[:80]!r}: no folder can be called that: its name is too long, or no UTF-8")
    if "://" not in place:
        try:
            return Path(place).expanduser().absolute().as_uri()
        except RuntimeError:
            raise UsageError(f"{flag} {place!r}: there is no such user") from None
    try:
        parts = urlsplit(place)
        named = not parts.netloc if parts.scheme == "file" else bool(parts.netloc)
    except ValueError:
        named = False
    if not named or parts.scheme not in ("file", "s3", "gs", "az", "abfs", "abfss"):
        raise UsageError(f"{flag} {place!r}: give a folder, or a URL that begins with s3://, gs:// or az://")
    return place.rstrip("/")


def _nameable(place: str) -> bool:
    """Whether the system takes it for a path: nobody can make one with a longer name, and no URL holds other bytes."""
    try:
        name = place.encode()
    except UnicodeEncodeError:
        return False
    return b"\0" not in name and len(name) <= _LONGEST_PATH and max(map(len, name.split(b"/"))) <= _LONGEST_NAME
