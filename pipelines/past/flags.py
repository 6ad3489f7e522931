# SPDX-License-Identifier: Apache-2.0
"""`--as_of` and `--raw` → the settings of a load that asks nobody: what was stored then, in the words of then."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from eia930.errors import UsageError
from eia930.question.plan import Question
from eia930.reference.hours import hour_of, stamp
from eia930.sources.members import SOURCES
from eia930.sources.past.source import PastSource
from eia930.sources.source import Terms
from eia930.store.origin import EMULATED, require_origin
from eia930.store.storage import Storage
from pipelines.options.what import question
from pipelines.options.where import existing, output
from pipelines.options.words import given_in, hour
from pipelines.past.memory import Asked

_EMULATOR = "emulator"
WORDS = ("--routes", "--regions", "--types", "--start", "--end")
NARROWING = (*WORDS, "--coverage", "--ask_anyway")
"""Flags by which other spans are meant than those that are remembered."""


def add_past_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of a past state."""
    past = parser.add_argument_group("as it was")
    past.add_argument("--as_of", default="", help="write what a load had written at this hour, UTC; ask nobody")
    past.add_argument("--raw", default="", help="with --as_of: the output whose answers are read (default: data)")


def as_of(flags: argparse.Namespace, now: datetime) -> datetime | None:
    """The moment of `--as_of`; None where it is not given. UsageError for one of the future, or `--raw` without it."""
    if not flags.as_of:
        if flags.raw:
            raise UsageError("--raw goes with --as_of: without it a load reads what is stored in its own --output")
        return None
    then = hour("--as_of", flags.as_of)
    if then * 3600 > now.timestamp():
        raise UsageError(f"--as_of {flags.as_of} is in the future (it is {stamp(hour_of(now))} UTC)")
    return datetime.fromtimestamp(then * 3600, UTC)


def places(flags: argparse.Namespace) -> tuple[Storage, Storage]:
    """Whose answers are read, and where the past state is written. UsageError where the two are one."""
    if not flags.output:
        raise UsageError("--as_of needs an --output of its own, such as --output=data/as_of/2026-10-01T00")
    raw, to = existing(flags.raw or "data", flag="--raw"), output(flags.output)
    one, other = (place.path.resolve() if place.path else place.url.rstrip("/") for place in (raw, to))
    if one == other:
        raise UsageError(f"--output {to.place}: a past state needs a place of its own; that one is --raw")
    return raw, to


def past_source(raw: Storage, then: datetime, remembered: Asked | None, named: str) -> PastSource:
    """The source as it was: that of the load of then, or the one that is named.

    UsageError where nothing says whose the stored answers are, or where synthetic ones would pass for real ones.
    """
    origin = require_origin(raw, flag="--raw")
    made = _EMULATOR if origin == EMULATED else remembered.source if remembered else "api"
    name = made if named == "auto" else named
    if (name == _EMULATOR) != (origin == EMULATED):
        raise UsageError(f"--source {name}: --raw {raw.place} holds hours of {origin}; leave --source out")
    # No address but its own is needed: it is never asked.
    return PastSource(SOURCES[name].on(Terms(name)), raw, int(then.timestamp()), (origin,))


def question_then(argv: Sequence[str], flags: argparse.Namespace, then: datetime, remembered: Asked | None) -> Question:
    """What was asked then, save where a flag says otherwise."""
    said = question(flags, then)
    if remembered is None:
        return said
    given = given_in(argv)
    routes, regions, types, start, end = (name in given for name in WORDS)
    was = remembered.question
    return Question(
        said.routes if routes else was.routes,
        said.regions if regions else was.regions,
        said.types if types else was.types,
        said.first if start else was.first,
        said.last if end else was.last,
        anyway=said.anyway,
        authorities=said.authorities or was.authorities,
    )
