# SPDX-License-Identifier: Apache-2.0
"""An assumption, and what a server said to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eia930.doctor.server import Server, Unanswered


class Differs(Exception):
    """What was found instead of what was expected, in a few words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: `found` is what the server did; where it has not `answered`, why nothing is known."""

    name: str
    expected: str
    holds: bool
    found: str
    answered: bool = True

    def __str__(self) -> str:
        if self.holds:
            return f"holds    {self.name}: {self.found}"
        if not self.answered:
            return f"UNHEARD  {self.name}: {self.found}"
        return f"DIFFERS  {self.name}: expected {self.expected}; found {self.found}"


@dataclass(frozen=True, slots=True)
class Assumption:
    """What we rest on. `look` asks the server and says what it found; Differs where that is something else."""

    name: str
    expected: str
    look: Callable[[Server], str]

    def hold(self, server: Server) -> Finding:
        """The finding. A server that answers nonsense differs too; of one that does not answer nothing is known."""
        try:
            return Finding(self.name, self.expected, True, self.look(server))
        except Differs as reason:
            return Finding(self.name, self.expected, False, str(reason))
        except Unanswered as reason:
            return Finding(self.name, self.expected, False, str(reason), answered=False)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as reason:
            said = f"an answer of another shape ({type(reason).__name__}: {reason})"
            return Finding(self.name, self.expected, False, server.without_key(said)[:300])


def expect(true: object, found: str) -> None:
    """Differs, with what was found, unless `true`."""
    if not true:
        raise Differs(found)
