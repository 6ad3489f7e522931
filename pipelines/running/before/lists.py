# SPDX-License-Identifier: Apache-2.0
"""Whether the server knows more than our tables: its lists of codes are asked for, once a day, where they may matter.

They may where all regions are asked for, or a code that the tables lack. Whatever keeps them away, the tables serve.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TypeVar

from eia930.errors import UsageError
from eia930.question.plan import ALL, Question, plan, routes_of, unknown
from eia930.reference.routes import ROUTES
from eia930.sources.source import ListsCodes
from eia930.store.run import Run, heed_stop
from pipelines.options.settings import Settings

S = TypeVar("S", bound=Settings)


def wanted(todo: Settings) -> bool:
    """Whether the server's lists may change the plan, and can be asked for: the emulator in this program has ours."""
    question = todo.question
    return isinstance(todo.source, ListsCodes) and not todo.embedded and (_all(question) or bool(unknown(question)))


def with_held(todo: S) -> S:
    """With the lists that an earlier run of the day left in the output; nothing is sent."""
    if not wanted(todo) or not isinstance(todo.source, ListsCodes):
        return todo
    listed = todo.source.lists_held(todo.storage, routes_of(todo.question))
    return replace(todo, question=replace(todo.question, listed=listed))


def with_lists(todo: S, run: Run) -> S:
    """With the server's lists where they are wanted; where they cannot be had, a line on stderr says why.

    UsageError for a code of which neither the tables nor the server know, or the server cannot be asked.
    """
    if not wanted(todo) or not isinstance(todo.source, ListsCodes):
        return todo
    told = todo.source.lists(todo.storage, routes_of(todo.question), run)
    heed_stop(todo.storage, run)
    if told.trouble:
        _without(todo.question, told.trouble)
        _say(f"the server's lists of codes could not be had, so the tables alone say who there is: {told.trouble}")
    for name in routes_of(todo.question):
        if odd := told.listed.odd(ROUTES[name]):
            _say(f"{name} lists codes that no file can be named by, and they are not asked for: {', '.join(odd)}")
    return replace(todo, source=todo.source.having_sent(told.sent), question=replace(todo.question, listed=told.listed))


def _without(question: Question, trouble: str) -> None:
    """UsageError where a code is none of the tables', and nobody else can be asked about it."""
    if unknown(question):
        try:
            plan(question)
        except UsageError as error:
            raise UsageError(f"{error.what}; and the server's lists of codes could not be had ({trouble})") from None


def _all(question: Question) -> bool:
    return question.regions == (ALL,)


def _say(what: str) -> None:
    print(f"warning: {what}", file=sys.stderr, flush=True)
