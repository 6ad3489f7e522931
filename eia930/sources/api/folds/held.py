# SPDX-License-Identifier: Apache-2.0
"""What the name of a stored response tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from eia930.reference.hours import hour_of, parse_hour
from eia930.store.storage import Entry

STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(
    r"(?P<first>[\d-]{10}T\d\d)_(?P<last>[\d-]{10}T\d\d)"
    r"(\.(?P<kinds>[A-Za-z0-9_-]+))??(\.(?P<at>\d{8}T\d{6}Z))?\.json\.zst",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a response lie in an archive."""

    archive: str
    begin: int


@dataclass(frozen=True, slots=True)
class Held:
    """A stored response, as its name tells it. `at` is None where its hours were settled when retrieved."""

    key: str
    first: int
    last: int
    kinds: tuple[str, ...]
    at: datetime | None
    modified: datetime
    size: int = 0
    place: Place | None = None
    """None where it is an object of its own."""

    @property
    def name(self) -> str:
        """Its name among those of its respondent."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def retrieved(self) -> datetime:
        """When it was retrieved; of a settled one, when it was written."""
        return self.at or self.modified

    @property
    def order(self) -> tuple[int, int, tuple[str, ...], float]:
        """Answers to the same question come in the order of retrieval: the plain name was the first."""
        return self.first, self.last, self.kinds, self.at.timestamp() if self.at else 0.0

    def settled(self, settle_hours: int) -> int:
        """The last hour that was so old when it was retrieved that it has settled; before `first` where none was."""
        return self.last if self.at is None else min(self.last, hour_of(self.at) - settle_hours)


def held_of(entry: Entry, place: Place | None = None) -> Held | None:
    """What an object is as a stored response; None where it is none."""
    found = _NAME.fullmatch(entry.key.rsplit("/", 1)[-1])
    if not found:
        return None
    try:
        first, last = parse_hour(found["first"]), parse_hour(found["last"])
        at = datetime.strptime(found["at"], STAMP).replace(tzinfo=UTC) if found["at"] else None
    except ValueError:
        return None
    kinds = tuple(found["kinds"].split("-")) if found["kinds"] else ()
    return Held(entry.key, first, last, kinds, at, entry.modified, entry.size, place)
