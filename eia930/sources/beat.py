# SPDX-License-Identifier: Apache-2.0
"""What a dispatcher says of itself once a second: read by whoever shows progress, and by who carries its work on."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import msgspec

from eia930.sources.fetched import Tally


class Beat(msgspec.Struct, frozen=True):
    """Whose run, how many hours it is to have, how many stored answers served beforehand, and what was done so far."""

    run: str
    hours_wanted: int
    reused: int
    tally: Tally

    def caught_up(self, reused: int) -> Beat:
        """What a lost dispatcher stored after its last beat (`reused` serve now) counts as asked and answered by it."""
        told = self.tally
        missed = max(0, reused - self.reused - told.stored)
        # Of requests that several shared nobody can count the answers: as many a request as before.
        answered = told.answered + ceil(missed * told.answered / told.stored if told.stored else missed)
        tally = replace(told, answered=answered, stored=told.stored + missed, sent=max(told.sent, answered))
        return msgspec.structs.replace(self, tally=tally)


def merged(old: Tally, new: Tally) -> Tally:
    """Two tallies of one run, added up: `old` of a dispatcher that was lost, `new` of the one that goes on."""
    return Tally(
        sent=old.sent + new.sent,
        answered=old.answered + new.answered,
        stored=old.stored + new.stored,
        retried=old.retried + new.retried,
        # What the lost one gave up is asked for again.
        failed=new.failed,
        rows=old.rows + new.rows,
        hours=old.hours + new.hours,
        started=old.started,
        first_start=old.first_start or new.first_start,
        last_start=new.last_start or old.last_start,
        last_answer=new.last_answer or old.last_answer,
        faults=_added(old.faults, new.faults, 0),
        per_minute=_added(old.per_minute, new.per_minute, int((new.started - old.started) // 60)),
        trouble=new.trouble,
    )


def _added(old: dict[str, int], new: dict[str, int], shift: int) -> dict[str, int]:
    total = dict(old)
    for key, count in new.items():
        place = str(int(key) + shift) if shift else key
        total[place] = total.get(place, 0) + count
    return total
