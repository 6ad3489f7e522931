# SPDX-License-Identifier: Apache-2.0
"""The stored responses of a span, as columns: from the pack what is in it, by parsing what is not."""

from __future__ import annotations

from collections.abc import Iterator

from zstandard import ZstdError

from eia930.errors import Stop
from eia930.question.span import Span
from eia930.sources.api.folds.held import Held
from eia930.sources.api.folds.shelf import Shelf
from eia930.sources.api.packs.pack import read_pack, write_pack
from eia930.sources.api.responses import load, shelf_of
from eia930.sources.api.stock.checked import Checked, forget
from eia930.sources.api.stock.looking import usable
from eia930.sources.columns import AnswerName, Stored
from eia930.store.storage import Storage

_UNPACKED = 8
"""Responses beside a pack from which on it is written anew: fewer are parsed sooner than that."""
_AGAIN = "run the same command again: its hours are asked for once more"


def named(storage: Storage, span: Span) -> list[tuple[Held, AnswerName | None]]:
    """The stored responses that speak of hours of a span, in order; without a name where no checksum is known."""
    return _named(shelf_of(storage, span.route, span.respondent), storage, span)


def columns(storage: Storage, span: Span, *, keep: bool) -> Iterator[Stored]:
    """Each of them, one after the other. Stop where one is damaged.

    With `keep` they come from the pack, and what was parsed is packed: for who has held them against their checksums.
    """
    shelf = shelf_of(storage, span.route, span.respondent)
    _require_whole(storage, shelf)
    told, pack = _named(shelf, storage, span), read_pack(storage, span) if keep else {}
    parsed: dict[AnswerName, Stored] = {}
    for held, name in told:
        stored = pack.get(name) if name else None
        if stored is None:
            stored = _parsed(storage, held, span)
            if name:
                parsed[name] = stored
        yield stored
    if keep and len(parsed) > (_UNPACKED if pack else 0):
        write_pack(storage, span, {name: pack[name] for _, name in told if name in pack} | parsed)


def _named(shelf: Shelf, storage: Storage, span: Span) -> list[tuple[Held, AnswerName | None]]:
    checked = Checked(storage, span)
    return [(one, _name(one, checked)) for one in shelf.held() if usable(one, span)]


def _require_whole(storage: Storage, shelf: Shelf) -> None:
    """Stop where an archive has lost answers: the others would be taken for all."""
    for fold in shelf.folds:
        if fold.lost or not fold.whole:
            raise Stop(f"{storage.place}/{fold.entry.key} is damaged: {fold.lost} of its answers are lost", _AGAIN)


def _name(held: Held, checked: Checked) -> AnswerName | None:
    checksum = checked.checksum(held)
    return AnswerName(held.key, held.size, checksum) if checksum else None


def _parsed(storage: Storage, held: Held, span: Span) -> Stored:
    try:
        return load(storage, held, span.route, span.respondent)
    except (ZstdError, ValueError, RecursionError) as error:
        # What is known of them was wrong: the next run opens each, and asks for what is damaged.
        forget(storage, span)
        raise Stop(f"{storage.place}/{held.key} is damaged ({error})", _AGAIN) from None
