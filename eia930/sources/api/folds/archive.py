# SPDX-License-Identifier: Apache-2.0
"""The bytes of an archive of stored responses: a zip without compression, so that any `unzip` gives the same files.

Each member is a response as it was stored, under its own name. The directory at the end has sha256 and moment of
writing of each, as the member's comment, and as the archive's comment the sha256 of all that it says. Where the
directory is damaged, members are found by what stands before each of them.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_BEFORE, _MEMBER, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_SUM = 64
"""Digits of a sha256."""
Part = Callable[[int, int], bytes]
"""(first byte, how many) → bytes of an archive."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A response as it was stored, packed, and when that was."""

    data: bytes
    modified: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A response in an archive: its `size` bytes lie there from `begin` on."""

    name: str
    size: int
    begin: int
    sha256: str
    modified: datetime


def archive(answers: Mapping[str, Packed]) -> bytes:
    """Responses by name, to be put into one object; the same ones give the same bytes."""
    told, members = io.BytesIO(), []
    with zipfile.ZipFile(told, "w", zipfile.ZIP_STORED) as packer:
        for name, one in sorted(answers.items()):
            info = zipfile.ZipInfo(name, one.modified.astimezone(UTC).timetuple()[:6])
            sha256 = sha256_of(one.data)
            info.comment = f"{sha256} {one.modified.isoformat()}".encode()
            packer.writestr(info, one.data)
            begin = info.header_offset + _BEFORE.size + len(name)
            members.append(Member(name, len(one.data), begin, sha256, one.modified))
        packer.comment = _sum(members).encode()
    return told.getvalue()


def directory(part: Part, size: int) -> tuple[Member, ...] | None:
    """What lies in an archive of `size` bytes, by its directory; None where that is damaged."""
    try:
        end = part(size - _END.size - _SUM, _END.size + _SUM)
        _, _, _, _, count, length, begin, _ = _END.unpack_from(end)
        if begin + length + len(end) != size:
            return None
        members = tuple(_members(part(begin, length), count))
    except (ValueError, struct.error):
        return None
    return members if _sum(members).encode() == end[_END.size :] else None


def salvaged(data: bytes) -> tuple[Member, ...]:
    """What is whole in an archive whose directory is damaged, as far as it can be found."""
    found, place = [], 0
    while (place := data.find(b"PK\x03\x04", place)) >= 0:
        one = _at(data, place)
        place = place + 4 if one is None else one.begin + one.size
        found += [one] if one else []
    return tuple(found)


def contents(data: bytes, members: Sequence[Member]) -> dict[str, Packed]:
    """Those of the members that are as they were written, by name."""
    pieces = ((one, data[one.begin : one.begin + one.size]) for one in members)
    return {one.name: Packed(piece, one.modified) for one, piece in pieces if sha256_of(piece) == one.sha256}


def _members(told: bytes, count: int) -> Iterator[Member]:
    """ValueError or struct.error where it is no directory of ours."""
    place = 0
    for _ in range(count):
        _, _, _, _, _, _, _, _, _, size, named, extra, noted, _, _, _, begin = _MEMBER.unpack_from(told, place)
        place += _MEMBER.size
        name = told[place : place + named].decode("ascii")
        comment = told[place + named + extra : place + named + extra + noted].decode("ascii")
        place += named + extra + noted
        sha256, _, modified = comment.partition(" ")
        yield Member(name, size, begin + _BEFORE.size + named, sha256, datetime.fromisoformat(modified))


def _at(data: bytes, place: int) -> Member | None:
    """The member whose bytes begin after what stands here, where they are whole; its moment to two seconds."""
    try:
        _, _, _, _, time, date, crc, size, _, named, extra = _BEFORE.unpack_from(data, place)
        name = data[place + _BEFORE.size : place + _BEFORE.size + named].decode("ascii")
        year, month, day = 1980 + (date >> 9), date >> 5 & 15, date & 31
        modified = datetime(year, month, day, time >> 11, time >> 5 & 63, 2 * (time & 31), tzinfo=UTC)
    except (ValueError, struct.error):
        return None
    begin = place + _BEFORE.size + named + extra
    piece = data[begin : begin + size]
    whole = len(piece) == size and zlib.crc32(piece) == crc
    return Member(name, size, begin, sha256_of(piece), modified) if whole else None


def _sum(members: Sequence[Member]) -> str:
    lines = (f"{m.name} {m.size} {m.begin} {m.sha256} {m.modified.isoformat()}\n" for m in members)
    return sha256_of("".join(lines).encode())


def sha256_of(data: bytes) -> str:
    """As an archive's directory has it."""
    return hashlib.sha256(data).hexdigest()
