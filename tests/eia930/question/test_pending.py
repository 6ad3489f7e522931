# SPDX-License-Identifier: Apache-2.0
"""The laws of what is pending: each transition keeps every hour in exactly one place."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from eia930.question.pending import Cut, Pending, cut
from eia930.question.pieces import Flags, Piece, bounds, mend, wanted_hours

HOURS = st.integers(1, 120)


@st.composite
def known(draw: st.DrawFn) -> tuple[Piece, ...]:
    """Pieces one after the other, with and without hours between."""
    found, at = [], 0
    for _ in range(draw(st.integers(1, 6))):
        at += draw(st.sampled_from([0, 0, 1, 9]))
        length = draw(st.integers(1, 40))
        found.append(Piece(at, at + length - 1, draw(st.integers(1, length + 3))))
        at += length
    return tuple(found)


def laid(pieces: tuple[Piece, ...]) -> tuple[Flags, Flags]:
    """What is wanted, and where it may be cut."""
    last = pieces[-1].last
    wanted, cuts = wanted_hours(pieces, 0, last), bounds(pieces, 0, last)
    mend(cuts, wanted)
    return wanted, cuts


@given(known(), HOURS, st.booleans())
def test_a_cut_is_of_what_is_wanted_and_begins_at_an_end(pieces: tuple[Piece, ...], hours: int, back: bool) -> None:  # noqa: FBT001
    wanted, cuts = laid(pieces)
    found = cut(wanted, cuts, hours, back=back)
    assert found is not None
    assert wanted[found.first : found.last + 1].all()
    places = np.flatnonzero(wanted)
    assert (found.last if back else found.first) == (places[-1] if back else places[0])
    # The other side is a cut, or the wanted end there.
    edge = found.first if back else found.last + 1
    beyond = found.first - 1 if back else found.last + 1
    assert cuts[edge] or not 0 <= beyond < len(wanted) or not wanted[beyond]
    assert cut(wanted, cuts, hours, back=back, least=found.hours) is not None
    assert cut(wanted, cuts, hours, back=back, least=len(wanted) + 1) is None
    assert cut(np.zeros_like(wanted), cuts, hours, back=back) is None


@given(known(), HOURS, st.lists(st.booleans(), min_size=1, max_size=9))
def test_windows_tile_what_is_wanted_and_none_is_empty_where_rows_are_sure(
    pieces: tuple[Piece, ...], hours: int, ends: list[bool]
) -> None:
    """Wherever rows lie that `sure` allows for: a window of a whole piece, or of `sure` of its hours, holds one."""
    wanted, cuts = laid(pieces)
    windows: list[Cut] = []
    left = wanted.copy()
    while left.any():
        found = cut(left, cuts, hours, back=ends[len(windows) % len(ends)])
        assert found is not None
        left[found.first : found.last + 1] = False
        windows.append(found)
    tiles = np.zeros(len(wanted), int)
    for one in windows:
        tiles[one.first : one.last + 1] += 1
    np.testing.assert_array_equal(tiles, wanted)
    for one in windows:
        inside = [min(one.last, p.last) - max(one.first, p.first) + 1 for p in pieces]
        assert any(
            length >= min(piece.sure, piece.last - piece.first + 1)
            for length, piece in zip(inside, pieces, strict=True)
            if length > 0
        )


@dataclass
class Model:
    """Where each hour is: the truth that a pending value is held against."""

    wanted: set[int]
    flying: dict[bool, Cut] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)


class Transitions(RuleBasedStateMachine):
    """Whatever is answered, given up or shrunk, in any order: no hour is lost, none is in two places."""

    @initialize(pieces=known(), fixed=st.one_of(st.none(), HOURS), density=st.floats(0, 5000))
    def begin(self, pieces: tuple[Piece, ...], fixed: int | None, density: float) -> None:
        wanted, cuts = laid(pieces)
        self.pending = Pending.of(wanted, cuts, density, fixed=fixed)
        self.all = {int(place) for place in np.flatnonzero(wanted)}
        self.model = Model(set(self.all))

    @rule()
    def ask(self) -> None:
        found = self.pending.next()
        if found is None:
            # Both ends are busy, or nothing is left, or one under way may give back what one page can hold.
            assert self.model.flying or not self.model.wanted
            return
        before, (asked, self.pending) = self.pending, found
        assert before.left - self.pending.left == asked.hours > 0
        assert asked.back not in self.model.flying
        self.model.flying[asked.back] = asked
        self.model.wanted -= set(range(asked.first, asked.last + 1))

    def _land(self, data: st.DataObject) -> Cut:
        return self.model.flying.pop(data.draw(st.sampled_from(sorted(self.model.flying))))

    @precondition(lambda self: self.model.flying)
    @rule(data=st.data())
    def answered(self, data: st.DataObject) -> None:
        asked = self._land(data)
        hours = data.draw(st.integers(1, asked.hours))
        settled = (asked.last - hours + 1, asked.last) if asked.back else (asked.first, asked.first + hours - 1)
        total = data.draw(st.integers(0, 9000))
        received = total if hours == asked.hours else min(total, 5000)
        self.pending = self.pending.answered(asked, settled, total=total, received=received)
        mine = set(range(settled[0], settled[1] + 1))
        self.model.done |= mine
        self.model.wanted |= set(range(asked.first, asked.last + 1)) - mine

    @precondition(lambda self: self.model.flying)
    @rule(data=st.data())
    def given_up(self, data: st.DataObject) -> None:
        asked = self._land(data)
        self.pending = self.pending.given_up(asked)
        self.model.done |= set(range(asked.first, asked.last + 1))

    @precondition(lambda self: self.model.flying)
    @rule(data=st.data())
    def shrunk(self, data: st.DataObject) -> None:
        asked, fill = self._land(data), self.pending.fill
        self.pending = self.pending.shrunk(asked)
        assert self.pending.fill == fill / 2
        self.model.wanted |= set(range(asked.first, asked.last + 1))

    @invariant()
    def every_hour_is_in_one_place(self) -> None:
        if not hasattr(self, "model"):
            return
        flying = [set(range(one.first, one.last + 1)) for one in self.model.flying.values()]
        places = [self.model.wanted, self.model.done, *flying]
        assert sum(map(len, places)) == len(set().union(*places)) == len(self.all)
        assert {int(place) for place in np.flatnonzero(self.pending.wanted)} == self.model.wanted
        assert self.pending.left == len(self.model.wanted)
        assert self.pending.busy == (False in self.model.flying, True in self.model.flying)


TestTransitions = Transitions.TestCase


@given(known(), HOURS)
def test_a_transition_leaves_the_value_before_it_as_it_was(pieces: tuple[Piece, ...], fixed: int) -> None:
    wanted, cuts = laid(pieces)
    before = Pending.of(wanted, cuts, 4.0, fixed=fixed)
    found = before.next()
    assert found is not None
    asked, after = found
    after.shrunk(asked), after.given_up(asked)
    after.answered(asked, (asked.first, asked.first), total=9, received=5)
    np.testing.assert_array_equal(before.wanted, laid(pieces)[0])
    assert not after.wanted[asked.first : asked.last + 1].any()


@given(known())
def test_halves_are_the_whole(pieces: tuple[Piece, ...]) -> None:
    wanted, cuts = laid(pieces)
    early, late = Pending.of(wanted, cuts, 4.0).halves()
    np.testing.assert_array_equal(early.wanted ^ late.wanted, wanted)
    assert early.left + late.left == int(wanted.sum())


@pytest.mark.parametrize(("total", "received", "dense"), [(100, 100, 10.0), (9000, 5000, 5000 / 10.5)])
def test_the_density_is_learned_at_the_end_where_it_was_seen(total: int, received: int, dense: float) -> None:
    some = Pending.of(np.ones(100, bool), np.ones(101, bool), 4.0, fixed=10)
    found = some.next()
    assert found is not None
    asked, after = found
    assert after.answered(asked, (0, 9), total=total, received=received).density == (dense, 4.0)
