# SPDX-License-Identifier: Apache-2.0
"""The facet lists of routes as work for a dispatcher: asked once a day, kept beside the answers.

raw/eia/<route>/facets/<facet>.<retrieved>.json.zst
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import zstandard

from eia930.program.reading import from_json
from eia930.question.listed import Listed, Lists
from eia930.reference.routes import ROUTES, Route
from eia930.sources.api.client import Api
from eia930.sources.api.codes.facets import facets
from eia930.sources.api.folds.held import STAMP
from eia930.sources.api.responses import ROOT, unpack
from eia930.store.storage import Storage

_FRESH = timedelta(days=1)
"""EIA adds codes a few times a year."""


@dataclass(frozen=True, slots=True)
class ListAsked:
    """One list: `respondent` is the facet's name. It has no hours."""

    route: str
    respondent: str
    first: int = 0
    last: int = 0

    @property
    def id(self) -> str:
        """`region-data/facet/respondent`."""
        return f"{self.route}/facet/{self.respondent}"


@dataclass(frozen=True, slots=True)
class Listing:
    """What came: code → name."""

    asked: ListAsked
    codes: dict[str, str]
    rows: int = 0
    stored: int = 1


class OneList:
    """A list that is still to be asked, as a dispatcher works through it."""

    pages = 1.0

    def __init__(self, asked: ListAsked) -> None:
        self._asked: ListAsked | None = asked
        self.found: Listing | None = None

    def next_window(self) -> ListAsked | None:
        """The list, once."""
        asked, self._asked = self._asked, None
        return asked

    def answered(self, answer: Listing) -> int:
        """Take it in; it settles no hours."""
        self.found = answer
        return 0

    def given_up(self, window: ListAsked) -> bool:
        """Nothing is known of it then."""
        return True

    def shrink(self, window: ListAsked) -> None:
        """A list comes whole or not at all."""


class _Stored(msgspec.Struct, frozen=True):
    asked: str
    retrieved_at: str
    codes: dict[str, str]


def ask_list(api: Api, storage: Storage, asked: ListAsked) -> Listing:
    """One attempt at a list; what came is stored. Errors as of `facets`."""
    codes = {one.code: one.name for one in facets(api, ROUTES[asked.route], asked.respondent)}
    now = datetime.now(UTC)
    body = msgspec.json.encode(_Stored(asked.id, now.isoformat(timespec="seconds"), codes))
    packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
    storage.put(f"{_folder(asked.route)}/{asked.respondent}.{now:{STAMP}}.json.zst", packer.compress(body))
    return Listing(asked, codes)


def held_lists(storage: Storage, routes: Iterable[str], *, now: datetime | None = None) -> list[Listing]:
    """The newest of each list that is whole, and at most a day old where it is said what is `now`."""
    return [one for name in routes for one in _held(storage, ROUTES[name], now)]


def missing_lists(held: Iterable[Listing], routes: Iterable[str]) -> list[ListAsked]:
    """Those of some routes that are not among the held."""
    have = {one.asked for one in held}
    wanted = [ListAsked(name, facet) for name in routes for facet in ROUTES[name].keys]
    return [one for one in wanted if one not in have]


def listed_by(found: Iterable[Listing]) -> Listed:
    """Lists → what a plan needs of them: of routes of which both came."""
    by = {(one.asked.route, one.asked.respondent): one.codes for one in found}
    both = {name: route for name, route in ROUTES.items() if all((name, facet) in by for facet in route.keys)}
    return Listed({name: Lists(by[name, route.respondent], by[name, route.kind]) for name, route in both.items()})


def _held(storage: Storage, route: Route, now: datetime | None) -> Iterator[Listing]:
    stored: dict[str, list[str]] = {}
    for entry in storage.list(_folder(route.id)):
        facet, _, at = entry.key.rsplit("/", 1)[-1].removesuffix(".json.zst").partition(".")
        if facet in route.keys and _counts(at, now):
            stored.setdefault(facet, []).append(entry.key)
    for facet, keys in sorted(stored.items()):
        whole = (found for key in sorted(keys, reverse=True) if (found := _read(storage, key)) is not None)
        if (newest := next(whole, None)) is not None:
            yield Listing(ListAsked(route.id, facet), newest.codes)


def _read(storage: Storage, key: str) -> _Stored | None:
    """A stored list; None where it is damaged: it is asked for again."""
    try:
        return from_json(unpack(storage.get(key)), _Stored)
    except (KeyError, ValueError, zstandard.ZstdError):
        return None


def _counts(at: str, now: datetime | None) -> bool:
    """Whether this is when a list was retrieved, and no more than a day before `now`."""
    try:
        then = datetime.strptime(at, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    return now is None or timedelta() <= now - then < _FRESH


def _folder(route: str) -> str:
    return f"{ROOT}/{route}/facets"
