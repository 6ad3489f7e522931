# SPDX-License-Identifier: Apache-2.0
"""Stored short answers: a question asked before, and settled or of this run, is not asked again.

raw/eia/<route>/counts/<respondent>/<first hour>_<last hour>[.<types>].<sort>.<retrieved>.json.zst
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import zstandard

from eia930.errors import Garbled
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import hour_of
from eia930.sources.api.folds.held import STAMP
from eia930.sources.api.responses import Answer, read_answer, short_name, shorts_folder, unpack
from eia930.store.storage import Storage

_NAME = re.compile(r"(?P<asked>.+)\.(?P<at>\d{8}T\d{6}Z)\.json\.zst", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Held:
    key: str
    at: datetime
    modified: datetime


class Shorts:
    """The short answers that are stored for a span, the latest to each question. One listing, at the start."""

    def __init__(self, storage: Storage, span: Span, *, settle_hours: int, since: datetime, refresh: bool) -> None:
        self._storage = storage
        self._settle_hours = settle_hours
        self._since = since
        self._refresh = refresh
        self._held: dict[str, _Held] = {}
        for entry in storage.list(shorts_folder(span.route, span.respondent)):
            if found := _NAME.fullmatch(entry.key.rsplit("/", 1)[-1]):
                at = datetime.strptime(found["at"], STAMP).replace(tzinfo=UTC)
                # By name, so that the last of several is the latest.
                self._held[found["asked"]] = _Held(entry.key, at, entry.modified)

    def find(self, window: Window) -> Answer | None:
        """The stored answer, None where there is none, it may have changed since, or it is damaged."""
        held = self._held.get(short_name(window))
        if held is None or not self._good(held, window):
            return None
        try:
            return read_answer(unpack(self._storage.get(held.key)), window, held.at)
        except (KeyError, zstandard.ZstdError, Garbled):
            return None

    def _good(self, held: _Held, window: Window) -> bool:
        settled = window.last <= hour_of(held.at) - self._settle_hours
        return held.modified >= self._since or (settled and not self._refresh)
