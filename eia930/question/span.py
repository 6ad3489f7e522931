# SPDX-License-Identifier: Apache-2.0
"""What a run wants of a respondent: a span of hours in one route."""

from __future__ import annotations

from dataclasses import dataclass

from eia930.question.pieces import Existing, Piece


@dataclass(frozen=True, slots=True)
class Span:
    """Hours `first`..`last` (inclusive) of one respondent in one route; `kinds` empty for all."""

    route: str
    respondent: str
    first: int
    last: int
    kinds: tuple[str, ...] = ()
    density: float = 4.0
    """Rows an hour, as the tables expect."""
    pieces: tuple[Piece, ...] | None = None
    """The only hours to ask for, where it is known which have rows; None: all."""
    named: bool = True
    """Whether the respondent was asked for by name, not as one of all."""
    existing: tuple[Existing, ...] | None = None
    """Of every kind that has rows, the hours that may hold one, where that is known; None: all of any kind."""

    listed: bool = False
    """Whether the server lists the respondent in this route."""
    typed: bool = True
    """Whether the kinds, where there are any, were asked for by name, not as all that the server lists."""
    newer: tuple[str, ...] = ()
    """Kinds that the server lists in this route and the tables lack, whoever's they are."""
    earlier: tuple[Existing, ...] = ()
    """Of every kind that an earlier load of this output had, the hours in which rows are to be expected again."""

    @property
    def id(self) -> str:
        """`region-data/PACW`."""
        return f"{self.route}/{self.respondent}"

    @property
    def hours(self) -> int:
        """How many hours."""
        return self.last - self.first + 1


def known(span: Span) -> tuple[Piece, ...]:
    """The pieces of a span to ask for; all of it where nothing is known."""
    return (Piece(span.first, span.last),) if span.pieces is None else span.pieces
