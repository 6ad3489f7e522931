# SPDX-License-Identifier: Apache-2.0
"""Who is asked together: spans of one route and of the same kinds that want the same hours, and are not too long.

Hours before a span begins and after it ends are none of its respondent's life, so they hold no rows: stretches that
begin and end with their spans share the hours of all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from eia930.question.pieces import Flags, stretches
from eia930.question.span import Span
from eia930.reference.routes import PAGE
from eia930.sources.api.lanes import Lane
from eia930.sources.api.together.tape import Stretch, Tape

LONGEST = 30
"""Pages from which on a span's own windows are full enough; a tape would pass over as many rows."""
LONGEST_TAPE = 200
"""Pages."""
Hours = tuple[int, int]
Wanted = tuple[Span, Flags]


def shared(wants: Iterable[Wanted]) -> list[Lane | Tape]:
    """A lane for each span with hours that are `wanted`, bool[hours], or a tape for several of them."""
    lanes: list[Lane | Tape] = []
    alike: dict[tuple[str, tuple[str, ...]], list[Wanted]] = defaultdict(list)
    for span, wanted in wants:
        hours = int(wanted.sum())
        if hours * span.density > LONGEST * PAGE:
            lanes.append(Lane(span, wanted))
        elif hours:
            alike[span.route, span.kinds].append((span, wanted))
    for some in alike.values():
        lanes += _shared(some)
    return lanes


def _shared(some: Sequence[Wanted]) -> Iterator[Lane | Tape]:
    parts = [Stretch(span, *hours) for span, wanted in some for hours in stretches(wanted, span.first)]
    together: dict[Hours, list[Stretch]] = defaultdict(list)
    ranked = _ranked(parts)
    for one in parts:
        together[next(hours for hours in ranked if _fits(one, hours))].append(one)
    alone: dict[str, Flags] = {}
    for hours, several in together.items():
        if len(several) > 1:
            yield from _in_parts(Tape(several, *hours))
            continue
        (one,) = several
        wanted = alone.setdefault(one.span.id, np.zeros(one.span.hours, bool))
        wanted[one.first - one.span.first : one.last - one.span.first + 1] = True
    yield from (Lane(span, alone[span.id]) for span, _ in some if span.id in alone)


def _in_parts(tape: Tape) -> Iterator[Tape]:
    """A long one in several, so that as many requests are under way to the end."""
    if tape.pages <= LONGEST_TAPE or not tape.divisible:
        yield tape
        return
    for half in tape.halves():
        yield from _in_parts(half)


def _ranked(parts: Sequence[Stretch]) -> list[Hours]:
    """The hours to ask for, those that most stretches share first."""
    free = [one for one in parts if one.first == one.span.first and one.last == one.span.last]
    counts = Counter((one.first, one.last) for one in parts)
    if free:
        counts[min(one.first for one in free), max(one.last for one in free)] += len(free)
    return sorted(counts, key=lambda hours: (-counts[hours], hours))


def _fits(one: Stretch, hours: Hours) -> bool:
    """Whether these hours hold the stretch, and else none of its span."""
    first, last = hours
    early = first == one.first or (first < one.first == one.span.first)
    return early and (last == one.last or (last > one.last == one.span.last))
