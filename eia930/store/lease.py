# SPDX-License-Identifier: Apache-2.0
"""Who may work on a folder: one run, and in it one dispatcher; on a disk and in a bucket alike.

    raw/run/<name>/000007.owner   created only if absent: whoever creates it has epoch 7
    raw/run/<name>/000007.beat    rewritten every second by the owner, with its news
    raw/run/<name>/000007.done    the owner has let go

A later epoch ends an earlier one: its owner sees it at its next beat and stops. An owner that was killed beats no
more; on the same host its process is gone, which is known at once, so that a stale lease is no obstacle.
"""

from __future__ import annotations

import os
import re
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from eia930.errors import StorageError, Superseded
from eia930.program.process import started
from eia930.program.reading import from_json
from eia930.store.storage import Storage

ROOT = "raw/run"
BEAT = 1.0
"""Seconds between two beats."""
SILENCE = 20.0
"""Seconds without a beat after which an owner on another host counts as gone."""
News = TypeVar("News", bound=msgspec.Struct)
_NAME = re.compile(r"(\d{6,})\.(owner|beat|done)", re.ASCII)


class Owner(msgspec.Struct, frozen=True):
    """A process: enough to tell whether it still lives, if it is on this host."""

    run: str
    host: str
    pid: int
    born: str

    @property
    def alive(self) -> bool | None:
        """Whether the process lives; None if it is on another host."""
        if self.host != _host():
            return None
        return _born(self.pid) == self.born

    @classmethod
    def here(cls, run: str) -> Owner:
        """This process."""
        return cls(run, _host(), os.getpid(), _born(os.getpid()))


@dataclass(slots=True)
class Lease:
    """An epoch of ours. `beat` it every second; let go with `release`."""

    storage: Storage
    name: str
    epoch: int

    def beat(self, news: msgspec.Struct | None = None) -> None:
        """Say that we live, with the news. Superseded if another has taken over since: it made its epoch first."""
        if _latest(self.storage, self.name) > self.epoch:
            raise Superseded(f"another {self.name} has taken over this folder")
        beat = {"at": time.time(), "news": news}
        self.storage.put(_key(self.name, self.epoch, "beat"), msgspec.json.encode(beat))

    def release(self) -> None:
        """Let go. Where the storage is away, our silence says it."""
        with suppress(StorageError):
            self.storage.put(_key(self.name, self.epoch, "done"), b"{}")


def acquire(
    storage: Storage,
    name: str,
    owner: Owner,
    *,
    take_over: bool,
    pause: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
) -> Lease:
    """The next epoch of `name`.

    With `take_over` a living owner is told to stop, and waited for; without it, Superseded says who works here.
    `pause(seconds)` is called while waiting; `clock` tells seconds that never go back.
    """
    while True:
        epoch = _latest(storage, name)
        if epoch and not take_over and _holds(storage, name, epoch, pause, clock):
            raise Superseded(f"another run works on {storage.url} ({_who(storage, name, epoch)})")
        if storage.create(_key(name, epoch + 1, "owner"), _claim(owner)):
            break
    while epoch and take_over and _holds(storage, name, epoch, pause, clock):
        pause(BEAT)
    _forget(storage, name, epoch)
    return Lease(storage, name, epoch + 1)


def at_rest(storage: Storage, name: str) -> int | None:
    """The latest epoch of `name`, 0 where there was none; None where its owner may still be at work."""
    epoch = _latest(storage, name)
    if not epoch or storage.exists(_key(name, epoch, "done")) or _owner(storage, name, epoch).alive is False:
        return epoch
    return None


def require_latest(storage: Storage, name: str, run: str) -> None:
    """Superseded where `name` was last taken by another run than this one."""
    epoch = _latest(storage, name)
    if epoch and _owner(storage, name, epoch).run != run:
        raise Superseded(f"another run has followed this one on {storage.url} ({_who(storage, name, epoch)})")


def _claim(owner: Owner) -> bytes:
    """What only this attempt of this owner writes."""
    return msgspec.json.encode(msgspec.structs.asdict(owner) | {"claim": uuid.uuid4().hex})


def news_of(storage: Storage, name: str, kind: type[News]) -> News | None:
    """The latest news of whoever holds `name`; None where there are none, or of another kind."""
    try:
        members = from_json(last_beat(storage, name), dict[str, msgspec.Raw])
        return from_json(members["news"], kind)
    except (KeyError, msgspec.DecodeError):
        return None


def last_beat(storage: Storage, name: str) -> bytes:
    """The latest beat of whoever holds `name`, as it lies there: another one is another text."""
    return _beat(storage, name, _latest(storage, name))


def _holds(storage: Storage, name: str, epoch: int, pause: Callable[[float], None], clock: Callable[[], float]) -> bool:
    """Whether an epoch's owner still works: not let go, its process lives, or (elsewhere) its beat goes on."""
    if storage.exists(_key(name, epoch, "done")):
        return False
    alive = _owner(storage, name, epoch).alive
    if alive is not None:
        return alive
    before, until = _beat(storage, name, epoch), clock() + SILENCE
    while clock() < until:
        pause(BEAT)
        if _beat(storage, name, epoch) != before:
            return not storage.exists(_key(name, epoch, "done"))
    return False


def _latest(storage: Storage, name: str) -> int:
    return max((epoch for epoch, what, _ in _entries(storage, name) if what == "owner"), default=0)


def _entries(storage: Storage, name: str) -> list[tuple[int, str, str]]:
    """(epoch, what, key) of each of our objects; others (a file manager's, say) are passed over."""
    found = ((_NAME.fullmatch(entry.key.rsplit("/", 1)[-1]), entry.key) for entry in storage.list(f"{ROOT}/{name}"))
    return [(int(match[1]), match[2], key) for match, key in found if match]


def _forget(storage: Storage, name: str, epoch: int) -> None:
    """Remove what epochs before this one left; the epoch itself stays, so that numbers never come again."""
    storage.delete(*(key for old, _, key in _entries(storage, name) if old < epoch))


def _owner(storage: Storage, name: str, epoch: int) -> Owner:
    try:
        return from_json(storage.get(_key(name, epoch, "owner")), Owner)
    except (KeyError, msgspec.DecodeError):
        return Owner("unknown", "unknown", 0, "")


def _who(storage: Storage, name: str, epoch: int) -> str:
    owner = _owner(storage, name, epoch)
    return f"process {owner.pid} on {owner.host.split('/')[0]}"


def _beat(storage: Storage, name: str, epoch: int) -> bytes:
    try:
        return storage.get(_key(name, epoch, "beat"))
    except KeyError:
        return b""


def _key(name: str, epoch: int, what: str) -> str:
    return f"{ROOT}/{name}/{epoch:06d}.{what}"


def _host() -> str:
    """This host, this boot, this container, where the kernel names the last two: a pid means something only within."""
    return f"{socket.gethostname()}/{_read('/proc/sys/kernel/random/boot_id')}/{_link('/proc/self/ns/pid')}"


def _born(pid: int) -> str:
    """When a process started; empty if there is none. A recycled id differs."""
    since_boot = started(pid)
    return "" if since_boot is None else f"{since_boot:.2f}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
