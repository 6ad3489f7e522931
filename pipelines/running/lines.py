# SPDX-License-Identifier: Apache-2.0
"""What is told on the terminal by one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from eia930.question.span import Span
from eia930.reference.hours import stamp
from pipelines.options.settings import Settings

_FEW = 5
"""Lines of one kind: the account has the rest."""


def few(label: str, told: Sequence[str], *, account: str) -> list[str]:
    """The first lines of one kind, and how many more the account names."""
    lines = [f"{label:<9} {one}" for one in told[:_FEW]]
    return [*lines, f"{label:<9} and {len(told) - _FEW:,} more ({account})"] if len(told) > _FEW else lines


def say_begun(todo: Settings, spans: Sequence[Span]) -> None:
    """The first line of a run, within its first second: what is asked, of whom, into where."""
    whom = "the embedded emulator" if todo.embedded else ", ".join(todo.source.origins)
    first, last = (stamp(hour) for hour in (todo.question.first, todo.question.last))
    asked = f"{len(spans):,} respondents × routes, {first} to {last}"
    print(f"fetch     {asked}, from {whom} into {todo.storage.place}", file=sys.stderr, flush=True)
