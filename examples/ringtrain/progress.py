# SPDX-License-Identifier: Apache-2.0
"""How far a training is: all that it needs to go on, and all that is drawn of it."""

from dataclasses import dataclass, field

from ringtrain.learning import State


@dataclass(slots=True)
class Progress:
    """How far a training is: after `step` steps, with the loss of each and what validation was at some."""

    state: State
    losses: list[float] = field(default_factory=list)
    seen: list[tuple[int, float]] = field(default_factory=list)

    @property
    def step(self) -> int:
        """Steps taken."""
        return len(self.losses)
