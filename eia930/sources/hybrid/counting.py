# SPDX-License-Identifier: Apache-2.0
"""How many hours files and API have together, exactly: by their counts where these tell, else by their hours.

Two counts of a month tell what is in both or either only where one of them has nothing, or all. Other months are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eia930.question.pieces import Piece
from eia930.question.span import Span
from eia930.reference.months import first_hour, hours_in, month_of, months_of
from eia930.reference.routes import ROUTES
from eia930.sources.columns import Stored
from eia930.sources.matrix import Counted, Counts, Matrix

_NULL, _VALUE = 1, 2
"""What the API's last word of an hour is; 0: that there is no row."""
States = dict[str, NDArray[np.uint8]]


def unsure(part: Span, files: Matrix | None, api: Matrix | None) -> Span | None:
    """The months of the API's `part` of a span that are to be read, as its pieces; None where the counts tell."""
    zero = month_of(part.first)
    hours = np.array([hours_in(month, part.first, part.last) for month in range(zero, month_of(part.last) + 1)])
    nothing = np.zeros(len(hours), np.int64)
    ours = {one.kind: one.rows[-len(hours) :] for one in files.series} if files else {}
    doubt = np.zeros(len(hours), bool)
    for one in api.series if api else ():
        mine, rows = ours.get(one.kind, nothing), one.rows
        doubt |= (mine > 0) & (rows > 0) & (mine < hours) & (rows - one.null < hours)
    if part.first > first_hour(zero):
        # The files' count of this month may be of hours before.
        doubt[0] |= any(rows[0] for rows in ours.values())
    pieces = tuple(
        Piece(max(first_hour(month), part.first), min(first_hour(month + 1) - 1, part.last))
        for month in (np.flatnonzero(doubt) + zero).tolist()
    )
    return replace(part, pieces=pieces) if pieces else None


def read(counted: Matrix, part: Span, files: Iterable[Stored], api: Iterable[Stored]) -> Matrix:
    """The `counted` months of a span, those of the pieces of `part` counted anew by what is stored of their hours."""
    span, kinds = counted.span, [one.kind for one in counted.series]
    ours, theirs = _last_said(span, kinds, files), _last_said(span, kinds, api)
    month = months_of(np.arange(span.first, span.last + 1)) - month_of(span.first)
    anew = [month_of(piece.first) - month_of(span.first) for piece in part.pieces or ()]

    def of(one: Counted) -> Counted:
        mine, other = ours[one.kind] == _VALUE, theirs[one.kind]
        rows = _replaced(one.rows, anew, month[mine | (other > 0)])
        return replace(one, rows=rows, null=_replaced(one.null, anew, month[~mine & (other == _NULL)]))

    return Matrix(span, tuple(of(one) for one in counted.series))


def _replaced(counts: Counts, places: list[int], month: NDArray[np.int64]) -> Counts:
    found = counts.copy()
    found[places] = np.bincount(month, minlength=len(counts))[places]
    return found


def _last_said(span: Span, kinds: Iterable[str], answers: Iterable[Stored]) -> States:
    """What was last said of each hour of the span, by kind."""
    states = {kind: np.zeros(span.hours, np.uint8) for kind in kinds}
    for answer in sorted(answers, key=lambda one: (one.at, one.name)):
        asked = answer.kinds or ROUTES[span.route].types
        whole = slice(max(0, answer.first - span.first), max(0, answer.last + 1 - span.first))
        columns = answer.columns
        inside = (columns.hour >= span.first) & (columns.hour <= span.last)
        for kind, state in states.items():
            if not asked or kind in asked:
                state[whole] = 0
            if kind in columns.kinds:
                mine = inside & (columns.kind == columns.kinds.index(kind))
                place, empty = columns.hour[mine] - span.first, np.isnan(columns.value[mine])
                # Of a row that came twice, the one with a value stands.
                state[place[empty]] = _NULL
                state[place[~empty]] = _VALUE
    return states
