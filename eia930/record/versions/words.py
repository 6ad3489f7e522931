# SPDX-License-Identifier: Apache-2.0
"""Every word on an hour of which several answers speak: which of them was replaced, when, and by what.

An hour of which one answer speaks costs nothing here. Answers of the same second count in the order in which they come,
which a source fixes; other than that any order gives the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = NDArray[np.uint32]
Moments = NDArray[np.uint32]


class Covering(Protocol):
    """A stored answer: it is the whole word on hours `first`..`last` of its `kinds` (empty: all), at `moment`."""

    @property
    def number(self) -> int:
        """Names it, from 1 on."""

    @property
    def first(self) -> int:
        """Hours since 1970 UTC."""

    @property
    def last(self) -> int:
        """Inclusive."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Empty: all."""

    @property
    def moment(self) -> int:
        """When it was retrieved, Unix seconds."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Values of one series that another word replaced, sorted by hour and moment; one place in each array a value.

    `hour` int64 since 1970 UTC; `before` and `value` float64, MW (NaN: reported empty, or withdrawn where `withdrawn`
    is true); `at_before` and `at` int64, Unix seconds.
    """

    kind: str
    hour: Places
    before: Floats
    at_before: Places
    value: Floats
    at: Places
    withdrawn: NDArray[np.bool_]
    source: str = ""
    """Whose words these are, where a source brings several."""


@dataclass(slots=True)
class Words:
    """The words on one series, as they come: `several` bool[hours] says of which hours there is more than one."""

    several: NDArray[np.bool_]
    _place: list[Places] = field(default_factory=list)
    _value: list[Floats] = field(default_factory=list)
    _number: list[Numbers] = field(default_factory=list)

    def add(self, place: Places, old: tuple[Floats, Numbers], new: tuple[Floats, int]) -> None:
        """A further word of answer `new[1]` on places that hold one already, `old`: values and numbers of answers."""
        first = ~self.several[place]
        self._note(place[first], old[0][first], old[1][first])
        self._note(place, new[0], np.full(len(place), new[1], np.uint32))
        self.several[place] = True

    def _note(self, place: Places, value: Floats, number: Numbers) -> None:
        if len(place):
            self._place.append(place)
            self._value.append(value)
            self._number.append(number)

    def replaced(
        self,
        kind: str,
        standing: tuple[Floats, Numbers],
        answers: Sequence[Covering],
        *,
        moments: Moments,
        first: int,
    ) -> Replaced:
        """What was replaced; `standing`: value and answer of every hour, before what is gone is taken out of it.

        `moments` are those of the answers, by number; `first` is the hour of place 0.
        """
        said = self._said(standing)
        gone = self._absent(kind, said, answers, moments=moments, first=first)
        place = np.concatenate([said.place, *(one for one, _ in gone)])
        number = np.concatenate([said.number, *(np.full(len(one), told, np.uint32) for one, told in gone)])
        there = np.arange(len(place)) < len(said.place)
        value = np.concatenate([said.value, np.full(len(place) - len(said.place), np.nan)])
        at = moments[number].astype(np.int64)
        # Of the words of one second the last stands, and one that says nothing says less than any other.
        order = np.lexsort((number, there, at, place))
        place, value, at, there = place[order], value[order], at[order], there[order]
        last = np.append((np.diff(place) != 0) | (np.diff(at) != 0), True)[: len(place)]
        place, value, at, there = place[last], value[last], at[last], there[last]
        return _pairs(kind, place + first, value, at, there)

    def _said(self, standing: tuple[Floats, Numbers]) -> _Said:
        """All words, each once: those noted, and the only ones."""
        value, number = standing
        only = np.flatnonzero((number != 0) & ~self.several)
        return _Said(
            np.concatenate([*self._place, only]).astype(np.int64),
            np.concatenate([*self._value, value[only]]),
            np.concatenate([*self._number, number[only]]).astype(np.uint32),
        )

    def _absent(
        self, kind: str, said: _Said, answers: Sequence[Covering], *, moments: Moments, first: int
    ) -> list[tuple[Places, int]]:
        """Places of which an answer says that there is no row, though there was one before; and its number."""
        hours = len(self.several)
        since = np.full(hours, np.iinfo(np.uint32).max, np.uint32)
        np.minimum.at(since, said.place, moments[said.number])
        order = np.argsort(said.number, kind="stable")
        sorted_numbers = said.number[order]
        found = []
        for one in answers:
            if one.kinds and kind not in one.kinds:
                continue
            begin, end = max(0, one.first - first), max(0, min(hours, one.last + 1 - first))
            held = since[begin:end] < one.moment
            if not held.any():
                continue
            low, high = np.searchsorted(sorted_numbers, [one.number, one.number + 1])
            mine = said.place[order[low:high]]
            held[mine[(mine >= begin) & (mine < end)] - begin] = False
            if held.any():
                found.append((np.flatnonzero(held) + begin, one.number))
        return found


@dataclass(frozen=True, slots=True)
class _Said:
    place: Places
    value: Floats
    number: Numbers


def _pairs(kind: str, hour: Places, value: Floats, at: Places, there: NDArray[np.bool_]) -> Replaced:
    """Of words in order: each that the next one of the same hour replaces."""
    same_hour = hour[1:] == hour[:-1]
    equal = (value[1:] == value[:-1]) | (np.isnan(value[1:]) & np.isnan(value[:-1]))
    changed = np.flatnonzero(same_hour & there[:-1] & ~(equal & there[1:]))
    after = changed + 1
    return Replaced(kind, hour[changed], value[changed], at[changed], value[after], at[after], ~there[after])
