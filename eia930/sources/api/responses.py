# SPDX-License-Identifier: Apache-2.0
"""Stored responses: a stored response is a finished request, so the store is checkpoint, cache and shuffle.

    raw/eia/<route>/<respondent>/<first hour>_<last hour>[.<types>][.<retrieved>].json.zst
    raw/eia/<route>/counts/<respondent>/…    short answers, which settle no hours (`eia930.sources.api.counts.shorts`)

The name alone says which hours it settles, so that a plan needs a listing and no reading. The plain name is for
hours that were settled when they were retrieved; provisional ones, and answers to a repeated question, carry the
moment of retrieval. Inside: the body as served, less the echo of the request (it repeats the key), plus `asked`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import numpy as np
import zstandard

from eia930.errors import Garbled, Refused, Unordered
from eia930.question.window import Short, Window
from eia930.reference.hours import hour_of, parse_hour, stamp
from eia930.reference.routes import PAGE, ROUTES
from eia930.sources.api.folds.held import STAMP, Held
from eia930.sources.api.folds.shelf import Shelf, packed_bytes, packed_each
from eia930.sources.api.rows import columns_of, parse_rows, row_type
from eia930.sources.columns import Columns, Row, Stored
from eia930.store.storage import Storage

ROOT = "raw/eia"
LARGEST = 64 * 2**20
"""Bytes that one answer may have, unpacked; an honest page of 5,000 rows has about 1 MB."""
Wrote = Callable[[Window, str, bytes], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a window: `total` rows match, `columns` hold those served; `first`..`last` are settled."""

    window: Window
    first: int
    last: int
    total: int
    columns: Columns
    body: bytes
    retrieved_at: datetime
    together: str = ""
    """The request that others shared, where it is a part of one: its rows are verbatim, `total` counts them."""

    @property
    def rows(self) -> int:
        """How many rows were received."""
        return self.columns.received

    @property
    def stored(self) -> int:
        """How many stored responses it makes."""
        return 1


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    request: str
    first: str
    last: str
    settled: tuple[str, str]
    retrieved_at: str
    together: str = ""


class _Body(msgspec.Struct):
    total: int | str
    data: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Body:
    """A body of status 200: its `data` are rows in JSON, of `total`; `members` has it all."""

    members: dict[str, msgspec.Raw]
    total: int
    data: bytes


def read_body(body: bytes, window: Window) -> Body:
    """Garbled where it is no JSON, has an error inside, or lacks what every answer has."""
    members = _members(body, window)
    if "error" in members:
        said = bytes(members["error"])[:200].decode("utf-8", "replace")
        raise Garbled(f"{window.id}: status 200, but the body is an error: {said}")
    try:
        response = msgspec.json.decode(members["response"], type=_Body)
        return Body(members, int(response.total), bytes(response.data))
    except (KeyError, ValueError, msgspec.DecodeError) as error:
        raise Garbled(f"{window.id}: the body is no answer of EIA v2 ({error})") from None


def part_of(whole: Body, rows: Sequence[msgspec.Raw]) -> bytes:
    """The same body with some of its rows, byte for byte, and as its total how many those are."""
    response = msgspec.json.decode(whole.members["response"], type=dict[str, msgspec.Raw])
    data = b"[" + b",".join(bytes(row) for row in rows) + b"]"
    parts = {name: bytes(raw) for name, raw in response.items() if name != "warnings"}
    parts |= {"total": msgspec.json.encode(str(len(rows))), "data": data}
    return _joined((name, _joined(parts.items()) if name == "response" else raw) for name, raw in whole.members.items())


def read_answer(body: bytes, window: Window, retrieved_at: datetime, *, together: str = "") -> Answer:
    """A body of status 200 → an answer that agrees with itself.

    Garbled where it does not: no JSON, an error inside, `total` that contradicts the rows, a full page out of order.
    """
    whole = read_body(body, window)
    columns = parse_rows(whole.data, window)
    first, last = _settled(window, whole.total, columns)
    return Answer(window, first, last, whole.total, columns, body, retrieved_at, together)


def _settled(window: Window, total: int, columns: Columns) -> tuple[int, int]:
    """Which hours the answer settles: all where it is whole, up to the last hour served where the page was full."""
    if window.short is not None:
        _check_short(window.id, window.short, total, columns.received)
        return window.first, window.last
    if total == columns.received:
        return window.first, window.last
    if total < columns.received or columns.received < PAGE:
        raise Garbled(f"{window.id}: total says {total} rows, {columns.received} came")
    hours = -columns.hour if window.descending else columns.hour
    if len(hours) == 0 or np.any(np.diff(hours) < 0):
        raise Unordered(f"{window.id}: a full page out of order, so its end says nothing")
    # The last hour served may be cut: it is asked again, whole.
    edge = int(columns.hour[-1])
    first, last = (edge + 1, window.last) if window.descending else (window.first, edge - 1)
    if first > last:
        raise Refused(f"{window.id}: one hour holds more than a page of {PAGE} rows")
    return first, last


def _check_short(asked: str, short: Short, total: int, received: int) -> None:
    expected = min(short.length, max(0, total - short.offset))
    if received != expected:
        raise Garbled(f"{asked}: total says {total} rows, so {expected} should have come, and {received} came")


def _members(body: bytes, window: Window) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        begins = body[:60].decode("utf-8", "replace")
        raise Garbled(f"{window.id}: the body is no JSON object; it begins {begins!r}") from None


class ResponseStore:
    """The stored responses of a folder or bucket. `wrote(window, key, bytes)` is told of each that is written.

    Two answers never have one name, also where the first lies in an archive.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        settle_hours: int,
        wrote: Wrote = lambda *_: None,
    ) -> None:
        self._storage = storage
        self._archived: dict[str, frozenset[str]] = {}
        self._wrote = wrote
        self._settle_hours = settle_hours

    def put(self, answer: Answer) -> str:
        """Store an answer whole, without the echo of its request; the name that it got."""
        key = self._key(answer)
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        data = packer.compress(_stored(answer))
        self._storage.put(key, data)
        self._wrote(answer.window, key, data)
        return key

    def _key(self, answer: Answer) -> str:
        window = answer.window
        if window.short is not None:
            # In a folder of its own, where no load looks for hours.
            return f"{shorts_folder(window.route, window.respondent)}/{short_name(window)}.{_at(answer)}.json.zst"
        folder = _folder(window.route, window.respondent)
        plain = f"{folder}/{stamp(answer.first)}_{stamp(answer.last)}"
        if window.kinds:
            plain += "." + "-".join(window.kinds)
        settled = answer.last <= hour_of(answer.retrieved_at) - self._settle_hours
        name = f"{plain}.json.zst"
        if settled and not self._storage.exists(name) and name not in self._in_archives(folder):
            return name
        return f"{plain}.{_at(answer)}.json.zst"

    def _in_archives(self, folder: str) -> frozenset[str]:
        """Keys of the responses that lie in archives of a folder: nobody makes any while answers are written."""
        if folder not in self._archived:
            folds = Shelf.of(self._storage, folder).folds
            self._archived[folder] = frozenset(f"{folder}/{one.name}" for fold in folds for one in fold.members)
        return self._archived[folder]


def opens(data: bytes, held: Held) -> bool:
    """Whether what is stored can be read as it was written, and settles the hours that its name says, of whom it says.

    In another's folder, by a slip of who copies, it would be believed that there is no row.
    """
    try:
        asked, _ = _opened(unpack(data))
    except (zstandard.ZstdError, KeyError, ValueError, RecursionError):
        return False
    _, _, route, respondent, *_ = held.key.split("/")
    return asked.settled == (stamp(held.first), stamp(held.last)) and _is_of(asked, route, respondent)


def _is_of(asked: _Asked, route: str, respondent: str) -> bool:
    return asked.request.startswith(f"{route}/{respondent}/")


def held_in(storage: Storage, route: str, respondent: str) -> list[Held]:
    """What is stored for a respondent, in order; objects that are no responses are passed over.

    Answers to the same question come in the order of retrieval: the plain name, where there is one, was the first.
    """
    return shelf_of(storage, route, respondent).held()


def shelf_of(storage: Storage, route: str, respondent: str) -> Shelf:
    """The folder of a respondent, as it is now."""
    return Shelf.of(storage, _folder(route, respondent))


def load(storage: Storage, held: Held, route: str, respondent: str) -> Stored:
    """A stored response as columns. KeyError if gone; ValueError where it answers for another."""
    data = unpack(packed_bytes(storage, held))
    asked, columns = _at_once(data, held, route, respondent) or _in_steps(data, held, route, respondent)
    if not _is_of(asked, route, respondent):
        raise ValueError(f"it answers {asked.request}")
    at = datetime.fromisoformat(asked.retrieved_at)
    return Stored(held.key, held.first, held.last, held.kinds, columns, at)


def _at_once(data: bytes, held: Held, route: str, respondent: str) -> tuple[_Asked, Columns] | None:
    """Read in one pass; None where a row is not as it should be."""
    try:
        whole = _decoder(route, respondent).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    columns = columns_of(whole.response.data, _window(whole.asked, held, route, respondent))
    return None if columns is None else (whole.asked, columns)


@cache
def _decoder(route: str, respondent: str) -> msgspec.json.Decoder[Any]:
    row: Any = row_type(ROUTES[route], respondent)
    response = msgspec.defstruct("Response", [("total", int | str), ("data", list[row])])
    return msgspec.json.Decoder(msgspec.defstruct("Stored", [("asked", _Asked), ("response", response)]))


def _in_steps(data: bytes, held: Held, route: str, respondent: str) -> tuple[_Asked, Columns]:
    asked, body = _opened(data)
    return asked, parse_rows(bytes(body.data), _window(asked, held, route, respondent))


def load_verbatim(
    storage: Storage, keys: Sequence[str], route: str, respondent: str
) -> Iterator[tuple[str, Columns, list[Row]]]:
    """Of stored responses the rows that `parse_rows` keeps, as columns and as they were served.

    In any order; a response that is gone or damaged is passed over.
    """
    for held, packed in packed_each(storage, f"{ROOT}/{route}/{respondent}", set(keys)):
        try:
            asked, body = _opened(unpack(packed))
            if not _is_of(asked, route, respondent):
                continue
            data = bytes(body.data)
            columns = parse_rows(data, _window(asked, held, route, respondent))
            rows = msgspec.json.decode(data, type=list[msgspec.Raw])
        except (ValueError, KeyError, msgspec.DecodeError, zstandard.ZstdError):
            continue
        refused = {one.index for one in columns.refused}
        yield held.key, columns, [row for index, row in enumerate(rows) if index not in refused]


def _window(asked: _Asked, held: Held, route: str, respondent: str) -> Window:
    return Window(route, respondent, parse_hour(asked.first), parse_hour(asked.last), held.kinds)


def _opened(data: bytes) -> tuple[_Asked, _Body]:
    members = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return msgspec.json.decode(members["asked"], type=_Asked), msgspec.json.decode(members["response"], type=_Body)


def shorts_folder(route: str, respondent: str) -> str:
    """Where the short answers lie: `raw/eia/region-data/counts/PACW`."""
    return f"{ROOT}/{route}/counts/{respondent}"


def short_name(window: Window) -> str:
    """The part of a short answer's name that says what was asked."""
    return window.id.rsplit("/", 1)[-1]


def _at(answer: Answer) -> str:
    return answer.retrieved_at.strftime(STAMP)


def _folder(route: str, respondent: str) -> str:
    return f"{ROOT}/{route}/{respondent}"


def _stored(answer: Answer) -> bytes:
    """`asked` first, then the body's members byte for byte, without `request` (it repeats the key)."""
    window = answer.window
    asked = _Asked(
        request=window.id,
        first=stamp(window.first),
        last=stamp(window.last),
        settled=(stamp(answer.first), stamp(answer.last)),
        retrieved_at=answer.retrieved_at.isoformat(timespec="seconds"),
        together=answer.together,
    )
    members = {name: raw for name, raw in _members(answer.body, window).items() if name not in ("request", "asked")}
    return _joined([("asked", msgspec.json.encode(asked)), *members.items()])


def _joined(members: Iterable[tuple[str, bytes | msgspec.Raw]]) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + bytes(raw) for name, raw in members) + b"}"


def unpack(data: bytes) -> bytes:
    """What `put` stored; ZstdError where it is damaged."""
    unpacker = zstandard.ZstdDecompressor()
    if zstandard.frame_content_size(data) > LARGEST:
        raise zstandard.ZstdError("larger than any answer")
    return unpacker.decompress(data, max_output_size=LARGEST)
