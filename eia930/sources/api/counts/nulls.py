# SPDX-License-Identifier: Apache-2.0
"""Finding the rows without a value by short answers: sorted by value, they all come at one end.

At which end is not on record for EIA's server (databases differ), so both are looked at. That it sorts by value
at all is checked on every answer: the rows after the nulls must be in order, as numbers or as text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eia930.question.window import VALUE, Short
from eia930.reference.routes import PAGE
from eia930.sources.api.responses import Answer

PROBE = 100
"""Rows of the first answer at either end: enough for most series, and some ten kilobytes."""


class Unsorted(ValueError):
    """An answer that contradicts what was asked or answered before, so that counting by it would mislead."""


class NullRows:
    """The search: `question()` until None, `add` each answer; then `hours` by kind."""

    def __init__(self) -> None:
        self._down = True
        self._offset = 0
        self._done = False
        self._found: dict[str, list[NDArray[np.int64]]] = {}

    @property
    def hours(self) -> dict[str, NDArray[np.int64]]:
        """int64[n] hours whose row has no value, by kind."""
        return {kind: np.concatenate(parts) for kind, parts in self._found.items()}

    def question(self) -> tuple[Short, bool] | None:
        """What to ask next, and whether downwards; None when every null is found."""
        if self._done:
            return None
        return Short(VALUE, self._offset, PAGE if self._offset else PROBE), self._down

    def add(self, answer: Answer) -> None:
        """Take the nulls at the answer's start. Unsorted where its rows are not in order of value."""
        columns = answer.columns
        empty = np.isnan(columns.value)
        count = len(empty) if empty.all() else int(np.argmin(empty))
        if empty[count:].any() or not _in_order(columns.value[count:], down=self._down):
            raise Unsorted(f"{answer.window.id}: the rows are not in order of value, so nulls cannot be counted")
        for code, kind in enumerate(columns.kinds):
            mine = columns.hour[:count][columns.kind[:count] == code]
            if len(mine):
                self._found.setdefault(kind, []).append(mine)
        self._offset += columns.received
        if count == len(empty) and count and self._offset < answer.total:
            return
        self._done = bool(self._found) or not self._down
        self._down, self._offset = False, 0


def _in_order(values: NDArray[np.float64], *, down: bool) -> bool:
    """Whether values fall (or rise) as numbers, or as the text that the API serves them as."""
    steps = np.diff(values)
    if np.all(steps <= 0) if down else np.all(steps >= 0):
        return True
    texts = [f"{value:.15g}" for value in values.tolist()]
    return texts == sorted(texts, reverse=down)
