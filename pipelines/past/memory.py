# SPDX-License-Identifier: Apache-2.0
"""What each load asked for, in raw/asked/ beside the answers: so that a past state is asked for in the same words."""

from __future__ import annotations

from datetime import datetime

import msgspec
import zstandard

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
        return Question(self.routes, self.regions, self.types, self.first, self.last)


def remember(storage: Storage, asked: Asked) -> None:
    """Keep it beside the answers: a few kilobytes a load."""
    data = zstandard.ZstdCompressor(write_checksum=True).compress(msgspec.json.encode(asked))
    storage.put(f"{ROOT}/{asked.began:{_STAMP}}.json.zst", data)


def asked_then(storage: Storage, until: datetime) -> Asked | None:
    """The last load that had begun by then; None where none is remembered."""
    for entry in reversed(storage.list(ROOT)):
        if entry.key.rsplit("/", 1)[-1] > f"{until:{_STAMP}}.json.zst":
            continue
        try:
            return msgspec.json.decode(unpack(storage.get(entry.key)), type=Asked)
        except (KeyError, msgspec.MsgspecError, zstandard.ZstdError):
            # Damaged, or of another version: the flags say what was asked.
            continue
    return None
