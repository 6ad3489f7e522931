# SPDX-License-Identifier: Apache-2.0
"""What each load asked for, in raw/asked/ beside the answers: so that a past state is asked for in the same words."""

from __future__ import annotations

from datetime import datetime

import msgspec
import zstandard

from eia930.errors import UsageError
from eia930.program.reading import from_json
from eia930.question.plan import Question
from eia930.question.span import Span
from eia930.sources.api.responses import unpack
from eia930.store.storage import Storage
from transforms.block_memory import Memory

ROOT = "raw/asked"
_STAMP = "%Y%m%dT%H%M%SZ"


class Asked(msgspec.Struct, frozen=True):
    """A load: when it began, what it asked of which source, and the cuts and slots with which it went.

    `first`..`last` (inclusive) are hours since 1970 UTC.
    """

    began: datetime
    source: str
    routes: tuple[str, ...]
    regions: tuple[str, ...]
    types: tuple[str, ...]
    first: int
    last: int
    formats: tuple[str, ...]
    against: tuple[str, ...]
    blocks: Memory
    spans: tuple[Span, ...]

    @property
    def question(self) -> Question:
        """What it asked."""
        alone = self.source == "files"
        return Question(self.routes, self.regions, self.types, self.first, self.last, authorities=alone)


def remember(storage: Storage, asked: Asked) -> None:
    """Keep it beside the answers: a few kilobytes a load."""
    data = zstandard.ZstdCompressor(write_checksum=True).compress(msgspec.json.encode(asked))
    storage.put(f"{ROOT}/{asked.began:{_STAMP}}.json.zst", data)


def asked_then(storage: Storage, until: datetime) -> Asked | None:
    """The last load that had begun by then, or else the first of all; None where none is remembered.

    The first: a server's clock may be behind ours, so that answers are older than the load that asked for them.
    UsageError where what is remembered of it is damaged: in other words it would be another past.
    """
    every = storage.list(ROOT)
    begun = [one for one in every if one.key.rsplit("/", 1)[-1] <= f"{until:{_STAMP}}.json.zst"]
    for entry in reversed(begun) if begun else every:
        try:
            return from_json(unpack(storage.get(entry.key)), Asked)
        except KeyError:
            continue  # removed since it was listed
        except (ValueError, zstandard.ZstdError) as wrong:
            raise UsageError(
                f"--raw {storage.place}: {entry.key} does not say what was asked then ({wrong})",
                remedy="put it back as it was; or remove it, and the load before it says what was asked, save where "
                "flags do",
            ) from None
    return None
