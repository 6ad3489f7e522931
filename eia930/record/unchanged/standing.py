# SPDX-License-Identifier: Apache-2.0
"""Lines of rejects/ that stand, told once more: a row that did not stand before either is not read again.

    raw/assembled/lost/<route>/<respondent>   which row each line of a group's file is of, under the file's sha256

May be deleted at any time: then the answers are read. A record that is kept up for years has a line for each value
that was ever revised; without this every update would read the answers of all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from eia930.question.span import Span
from eia930.record.rejects import Key, Lost, is_remade, rejects_path
from eia930.record.unchanged.kept import keep, newest
from eia930.sources.columns import Row
from eia930.store.keys import object_key
from eia930.store.manifest import File
from eia930.store.storage import Storage

_ROOT = "raw/assembled/lost"
Place = tuple[str, Key]
"""The name of a stored answer, and what to find a row by in it."""


class _Line(msgspec.Struct, frozen=True):
    row: msgspec.Raw


class _Told(msgspec.Struct, frozen=True):
    """Lines `before` and on are of these rows: `request` is an index into `requests`, a value in MW or None."""

    before: int
    requests: tuple[str, ...]
    request: tuple[int, ...]
    hour: tuple[int, ...]
    kind: tuple[str, ...]
    value: tuple[float | None, ...]

    def places(self) -> list[Place]:
        """One a line."""
        keys = zip(self.hour, self.kind, self.value, strict=True)
        return [(self.requests[one], key) for one, key in zip(self.request, keys, strict=True)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows as they were served, by their places; several of one place in the order of their lines."""

    rows: dict[Place, list[Row]]

    def of(self, lost: Sequence[Lost]) -> list[Row] | None:
        """The rows of one answer that do not stand now; None where any of them has no line that stands."""
        told: dict[Place, list[Row]] = {}
        for one in lost:
            told.setdefault((one.request, one.key), []).append("")
        if any(len(self.rows.get(place, ())) != len(some) for place, some in told.items()):
            return None
        turns = {place: iter(self.rows[place]) for place in told}
        return [next(turns[one.request, one.key]) for one in lost]


def standing(storage: Storage, span: Span) -> Standing:
    """What the group's file of rejects holds, where it is as it was written; else nothing."""
    rows: dict[Place, list[Row]] = {}
    if memory := newest(storage, _path(span), _Told):
        sha256, told = memory
        lines = _lines(storage, rejects_path(span.route, span.respondent), sha256)[told.before :]
        for place, line in zip(told.places(), lines, strict=False):
            row = _row(line)
            if not is_remade(row, span, place[1]):
                rows.setdefault(place, []).append(row)
    return Standing(rows)


def remember(storage: Storage, span: Span, lost: Sequence[Lost], *, files: Sequence[File], before: int) -> None:
    """For the next run: the group's file of rejects, if it has one, tells from line `before` on of these rows."""
    path = rejects_path(span.route, span.respondent)
    file = next((one for one in files if one.path == path), None)
    if file is None or not lost:
        return
    requests = tuple(dict.fromkeys(one.request for one in lost))
    numbers = {name: number for number, name in enumerate(requests)}
    hour, kind, value = zip(*(one.key for one in lost), strict=True)
    told = _Told(before, requests, tuple(numbers[one.request] for one in lost), hour, kind, value)
    keep(storage, _path(span), file.sha256, told)


def _lines(storage: Storage, path: str, sha256: str) -> list[bytes]:
    """Those of the file with this checksum, where it stands or is staged; none where it is gone."""
    for key in (path, object_key(path, sha256)):
        try:
            data = bytes(storage.get(key))
        except KeyError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data.splitlines()
    return []


def _row(line: bytes) -> Row:
    """Text where it was no JSON, as of a file's line."""
    raw = msgspec.json.decode(line, type=_Line).row
    return msgspec.json.decode(raw, type=str) if bytes(raw)[:1] == b'"' else raw.copy()


def _path(span: Span) -> str:
    return f"{_ROOT}/{span.route}/{span.respondent}"
