# SPDX-License-Identifier: Apache-2.0
"""One pace for a key, whatever the number of programs that ask with it.

    QUOTA/<hash of server and key>/…    when the last request of any of them starts, and how long all of them pause

Whoever wants to ask moves the last start on, in one step that only one of many can win, and starts at that moment. So
starts keep their distance over all programs, and one that is killed leaves nothing to clear up.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from eia930.errors import StorageError, UsageError
from eia930.program.reading import from_json
from eia930.sources.api.http import LOOPBACK
from eia930.sources.rate import PER_HOUR, PER_SECOND, SLACK
from eia930.store.storage import Storage
from eia930.store.swapped import Swapped

HOST, NONE = "host", "none"
"""Places by word: the user's folder of state on whatever host asks; and no sharing."""
_LATE = 0.09
"""Seconds after its moment at which a start is given up for another: less than the slack between two."""
_AHEAD = 0.5
"""Seconds ahead that a start in a bucket is booked: the booking itself takes time there, on a disk next to none."""
_LONGEST_HOLD = 3600.0
_LOOKED_AT = "reached"
"""An object that says nothing: whether one can be written is asked before anything is sent."""
_MEND = "mend its rights, or name another; then run the same command again: what is stored is kept"
_REMEDY = "name a folder or bucket that all of them reach with --quota"
_LONGEST_AHEAD = 3600.0


class Booked(msgspec.Struct, frozen=True):
    """Unix seconds: of the last start booked, and until when nothing may start. `by`: whose words these are."""

    last: float = 0.0
    hold: float = 0.0
    by: str = ""


def shared_place(place: str) -> Storage:
    """Where programs meet: a folder or bucket by name, or HOST, this user's own folder on this host.

    StorageError where this user has no folder.
    """
    if place != HOST:
        return Storage.at(place, flag="--quota")
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    try:
        return Storage.at(f"{state}/eia930/quota")
    except UsageError:
        raise StorageError("this user has no home, so no folder of state") from None


def told(place: str) -> str:
    """With whom a pace is shared, in words; looks nowhere."""
    if place == NONE:
        return "this program's own (--quota=none)"
    try:
        return f"shared with every program that asks with the same key and meets it at {shared_place(place).place}"
    except StorageError as error:
        return f"this program's own: {error.what}"


def unshared(place: str, *, elsewhere: bool) -> str:
    """Why programs on this host do not share a pace by HOST, in a line; empty where they do, or nobody wants it.

    `elsewhere`: whether another host asks. StorageError where a place that was named cannot be written.
    """
    if place == NONE:
        return ""
    if place == HOST and elsewhere:
        return f"the pace is shared on the host of the worker that asks alone, not with programs here; {_REMEDY}"
    try:
        shared_place(place).put(_LOOKED_AT, b"")
    except StorageError as error:
        if place != HOST:
            raise StorageError(f"--quota {place}: {error.what}", remedy=_MEND) from None
        return f"no other program with this key shares the pace of this one ({error.what}); {_REMEDY}"
    return ""


def usual_place(url: str) -> str:
    """Where programs meet that name no place: on this host, but for a server on it, which is somebody's own."""
    return NONE if urlsplit(url).hostname in LOOPBACK else HOST


def quota_name(url: str, key: str) -> str:
    """Names a key's quota at a server without telling the key."""
    return hashlib.sha256(f"{url} {key}".encode()).hexdigest()[:20]


@dataclass(slots=True)
class SharedPace:
    """A limiter whose starts keep apart from those of every other program with the same `booking`.

    At most `per_hour` in any rolling hour and `per_second` in any rolling second, over all programs that allow
    themselves no more. `clock` tells Unix seconds: hosts that share a bucket need clocks that agree to a tenth.
    """

    booking: Swapped
    per_hour: int
    per_second: int
    min_delay: float = 0.0
    clock: Callable[[], float] = time.time
    _mine: float | None = field(default=None, init=False)
    """When our next request starts; None while nothing is booked."""

    @property
    def spacing(self) -> float:
        """Seconds between two starts, at least: the limits hold with a slack for how late a server books them."""
        by_second = 1 / self.per_second + SLACK / max(2, self.per_second)
        return max(self.min_delay, by_second, (3600 + 2 * SLACK) / self.per_hour)

    def wait(self) -> float:
        """Seconds until a request may start; 0 if now, and then it must."""
        now = self.clock()
        if self._mine is not None and now > self._mine + _LATE:
            self._mine = None
        if self._mine is None:
            due = self._due(_read(self.booking.read()), now)
            if due > now and self._on_disk:
                return due - now
            self._book()
        return max(0.0, (self._mine or now) - self.clock())

    def start(self) -> None:
        """A request starts now: what was booked is used."""
        self._mine = None

    def hold(self, seconds: float) -> None:
        """The server asked for a pause: nothing of any program starts for so long."""
        until = self.clock() + min(seconds, _LONGEST_HOLD)
        self._mine = None

        def held(old: bytes | None) -> bytes:
            booked = _read(old)
            return _written(booked.last, max(booked.hold, until))

        self.booking.change(held)

    def _due(self, booked: Booked, now: float) -> float:
        """The earliest moment that is left. A clock that was once far ahead is not waited for."""
        last = booked.last if booked.last < now + _LONGEST_AHEAD else 0.0
        hold = booked.hold if booked.hold <= now + _LONGEST_HOLD else 0.0
        ahead = 0.0 if self._on_disk else _AHEAD
        return max(now + ahead, last + self.spacing, hold)

    def _book(self) -> None:
        """Take the next moment that is left; what another took meanwhile is seen, for only one can move it on."""

        def booked(old: bytes | None) -> bytes:
            before = _read(old)
            self._mine = self._due(before, self.clock())
            return _written(self._mine, before.hold)

        self.booking.change(booked)

    @property
    def _on_disk(self) -> bool:
        return self.booking.storage.path is not None


def shared_pace(
    place: str,
    url: str,
    key: str,
    *,
    per_hour: int = PER_HOUR,
    per_second: int = PER_SECOND,
    min_delay: float = 0.0,
    clock: Callable[[], float] = time.time,
) -> SharedPace | None:
    """The pace of a key at a server, where it is shared; None where it is not, or this host can keep nothing.

    StorageError where a place that was named cannot be written.
    """
    if place == NONE:
        return None
    try:
        pace = SharedPace(Swapped(shared_place(place), quota_name(url, key)), per_hour, per_second, min_delay, clock)
        pace.hold(0.0)
    except StorageError:
        if place != HOST:
            raise
        # A container without a home: its programs cannot meet; `unshared` tells.
        return None
    return pace


def _written(last: float, hold: float) -> bytes:
    return msgspec.json.encode(Booked(last, hold, uuid.uuid4().hex))


def _read(data: bytes | None) -> Booked:
    try:
        return from_json(data or b"{}", Booked)
    except msgspec.MsgspecError:
        return Booked()
