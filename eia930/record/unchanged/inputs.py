# SPDX-License-Identifier: Apache-2.0
"""Whether anything changed: one name for all that decides the files and the account of a group.

The stored answers (name, size, checksum), the question, the program and its libraries, the screening.
Where any of it cannot be named, there is no name, and the group is assembled.
"""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import msgspec

from eia930.program.code import fingerprint
from eia930.question.span import Span
from eia930.record.assembly import Screening
from eia930.record.expected import decisive
from eia930.sources.source import NamesAnswers, Reading
from eia930.store.storage import Storage

_LIBRARIES = ("bottleneck", "msgspec", "numpy", "pyarrow", "zstandard")
"""Those that values pass through, or that write files: a file says which version wrote it."""


def inputs_of(storage: Storage, source: Reading, span: Span, *, screening: Screening) -> str | None:
    """Names all that decides what `assemble` gives where nothing failed; None where that cannot be told."""
    how, answers = name_of(screening), None
    if how and isinstance(source, NamesAnswers):
        answers = source.answers(storage, span)
    if answers is None:
        return None
    return named(type(source).__qualname__, source.name, decisive(span), how, answers)


def named(*told: object) -> str:
    """One name for what is told (what msgspec can write, and no sets: they have no order), by this program."""
    return hashlib.sha256(msgspec.msgpack.encode((fingerprint(), _libraries(), told))).hexdigest()


def name_of(screening: Screening) -> str:
    """Where the screening stands in the program; empty for one made while it ran, whose code that name lacks."""
    found = _name_of(screening.find)
    return found and f"{found}({','.join(screening.names)})"


def _name_of(find: object) -> str:
    module, name = getattr(find, "__module__", ""), getattr(find, "__qualname__", "<")
    return "" if "<" in name or not module else f"{module}.{name}"


@cache
def _libraries() -> tuple[str, ...]:
    return (platform.python_version(), *(f"{name} {_version(name)}" for name in _LIBRARIES))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
