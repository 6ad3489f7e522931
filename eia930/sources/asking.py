# SPDX-License-Identifier: Apache-2.0
"""What a dispatcher works through, whatever the source: lanes that name the next request and take its answer in."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Request(Protocol):
    """What is asked for: hours `first`..`last` (inclusive) of a respondent in a route, under a name of its own."""

    @property
    def id(self) -> str:
        """Its own name."""

    @property
    def route(self) -> str:
        """In which route."""

    @property
    def respondent(self) -> str:
        """Of whom."""

    @property
    def first(self) -> int:
        """From which hour on."""

    @property
    def last(self) -> int:
        """Up to which hour."""


class Received(Protocol):
    """What came back for a request."""

    @property
    def rows(self) -> int:
        """How many rows were received."""

    @property
    def stored(self) -> int:
        """How many stored answers it makes."""


Q = TypeVar("Q", bound=Request)
A = TypeVar("A", bound=Received)
A_contra = TypeVar("A_contra", bound=Received, contravariant=True)


class Asking(Protocol[Q, A_contra]):
    """What a dispatcher works through: hours to be had, rows to be counted, files to be fetched."""

    @property
    def pages(self) -> float:
        """About how many questions are left; the most go first."""

    def next_window(self) -> Q | None:
        """What to ask next; None while that depends on what is under way, or nothing is left."""

    def answered(self, answer: A_contra) -> int:
        """Take an answer in; how many hours it settles."""

    def given_up(self, window: Q) -> bool:
        """The window cannot be had; whether that loses what it asks for, which is else asked for in other windows."""

    def shrink(self, window: Q) -> None:
        """The window's page was full and out of order: ask for less."""
