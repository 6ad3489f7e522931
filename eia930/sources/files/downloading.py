# SPDX-License-Identifier: Apache-2.0
"""One file from the server into the store: whole or not at all, never a mix of two, gone on with where it was cut.

Socket → pieces (zstd) → read as a file, hashed → a version. In memory is one piece and what reading holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eia930.errors import Garbled, Refused
from eia930.sources.files.client import Answer, Client
from eia930.sources.files.names import FileName
from eia930.sources.files.versions import PIECE, Kept, Versions
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class Came:
    """What came of asking for a file: `kept` is the newest version now, `new` whether it was not there before."""

    kept: Kept
    new: bool
    sent: int
    """Bytes that came, unpacked."""


def download(client: Client, storage: Storage, file: FileName, *, heed: Callable[[], None] = lambda: None) -> Came:
    """Ask once. Raises Passing (ask again, going on where it was cut), Refused, or what `heed` raises.

    `heed` is called between pieces.
    """
    versions = Versions(storage, file)
    versions.mend(client.url_of(file.name))
    before = versions.kept()
    same, start = versions.begun()
    known = versions.known() if before else None
    # A part goes with the version that it is of, never with a condition on another.
    start = start if same else 0
    try:
        with client.get(file.name, known=None if start else known, start=start, same=same) as answer:
            if answer.unchanged:
                if not before:
                    raise Garbled(f"{file.name}: not changed, says the server, though nothing is here")
                versions.check(answer.at, answer.validators, before[-1].version)
                return Came(before[-1], new=False, sent=0)
            sent = _take(answer, versions, heed)
        return _finish(client, versions, file, answer, before, sent)
    except (Garbled, Refused):
        # What cannot be read is not gone on with.
        versions.forget()
        raise


def _take(answer: Answer, versions: Versions, heed: Callable[[], None]) -> int:
    """The body into pieces; how many bytes came. What came before a cut is kept."""
    if not answer.start:
        versions.begin(answer.same)
    at, buffer = answer.start, bytearray()
    try:
        for chunk in answer.body:
            buffer += chunk
            if len(buffer) >= PIECE:
                at = _keep(versions, at, buffer)
                heed()
    finally:
        at = _keep(versions, at, buffer)
    return at - answer.start


def _keep(versions: Versions, at: int, buffer: bytearray) -> int:
    """The buffer as a piece that begins `at`; where the next one does."""
    end = at + len(buffer)
    if buffer:
        versions.piece(at, bytes(buffer))
        buffer.clear()
    return end


def _finish(client: Client, versions: Versions, file: FileName, answer: Answer, before: list[Kept], sent: int) -> Came:
    size = answer.start + sent
    if answer.total is not None and size != answer.total:
        raise Garbled(f"{file.name}: {size:,} bytes came, of {answer.total:,}")
    kept = versions.add(answer.at, client.url_of(file.name), answer.validators, versions.whole())
    return Came(kept, new=all(one.key != kept.key for one in before), sent=sent)
