# SPDX-License-Identifier: Apache-2.0
"""What the server knows beyond our tables: its lists of codes are asked for by every load from the API, once a day.

Whatever keeps them away, the lists of an earlier day serve, or the tables alone; a line says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from eia930.errors import UsageError
from eia930.question.plan import Question, plan, routes_of, too_many, unknown
from eia930.reference.routes import ROUTES
from eia930.sources.source import ListsCodes
from eia930.store.run import Run, heed_stop
from pipelines.options.settings import Settings

S = TypeVar("S", bound=Settings)
_NAMED = 8
"""Codes named in a line."""


def wanted(todo: Settings) -> bool:
    """Whether the server has lists and can be asked for them: the emulator in this program has ours."""
    return isinstance(todo.source, ListsCodes) and not todo.embedded


def with_held(todo: S) -> S:
    """With the lists that an earlier run left in the output; nothing is sent."""
    if not wanted(todo) or not isinstance(todo.source, ListsCodes):
        return todo
    listed = todo.source.lists_held(todo.storage, routes_of(todo.question))
    return replace(todo, question=replace(todo.question, listed=listed))


def with_lists(todo: S, run: Run) -> tuple[S, str]:
    """With the server's lists where they are wanted; where they cannot be had, a line on stderr says why.

    The text is that line where it is to wait: for a run that ends by the same trouble, it is told once.

    UsageError for a code of which neither the tables nor the server know, or the server cannot be asked.
    """
    if not wanted(todo) or not isinstance(todo.source, ListsCodes):
        return todo, ""
    told = todo.source.lists(todo.storage, routes_of(todo.question), run)
    heed_stop(todo.storage, run)
    question, later = replace(todo.question, listed=told.listed), ""
    if told.trouble:
        _without(question, told.trouble)
        who = "those that are stored and the tables say" if told.listed.routes else "the tables alone say"
        later = f"the server's lists of codes could not be had, so {who} who there is: {told.trouble}"
        if not told.ended:
            say(later)
            later = ""
    for name in routes_of(question):
        if odd := told.listed.odd(ROUTES[name]):
            say(f"{name} lists codes that no file can be named by, and they are not asked for: {_few(odd)}")
        if new := too_many(question, name):
            say(f"{name} lists more types than a request names; ask for some by --types, else not for {_few(new)}")
    return replace(todo, source=todo.source.having_asked(told), question=question), later


def _without(question: Question, trouble: str) -> None:
    """UsageError where neither the tables nor a list at hand have a code, and nobody else can be asked about it."""
    if unknown(question):
        try:
            plan(question)
        except UsageError as error:
            raise UsageError(f"{error.what}; and the server's lists of codes could not be had ({trouble})") from None


def _few(codes: Sequence[str]) -> str:
    """The first of them, whatever a server put into them; how many more."""
    more = f" and {len(codes) - _NAMED:,} more" if len(codes) > _NAMED else ""
    return ", ".join(ascii(code[:40]) for code in codes[:_NAMED]) + more


def say(what: str) -> None:
    """A warning on stderr."""
    print(f"warning: {what}", file=sys.stderr, flush=True)
