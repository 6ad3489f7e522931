# SPDX-License-Identifier: Apache-2.0
"""What a user chose of the training blocks, and the cuts where nobody says. Apart from the transform: no Beam."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ringdata.layout import BLOCK_TOKENS, REPORTED, Cuts

GIVEN = ("slots", "trust_flags", "formats", "inputs")
_EMBARGO = 168


@dataclass(frozen=True, slots=True)
class AskedCuts:
    """What a user said of the cuts; None: nothing. Hours since 1970 UTC, hour ending."""

    validation: int | None = None
    test: int | None = None
    embargo: int | None = None

    def over(self, before: Cuts | None, first: int, last: int) -> Cuts:
        """The cuts: what was said, over those of before, over the default for hours `first`..`last` (inclusive).

        LayoutError where they are out of order.
        """
        embargo = self.embargo if self.embargo is not None else before.embargo if before else _EMBARGO
        base = before or default_cuts(first, last, embargo)
        validation = base.validation if self.validation is None else self.validation
        return Cuts(validation, base.test if self.test is None else self.test, embargo)


def default_cuts(first: int, last: int, embargo: int = _EMBARGO) -> Cuts:
    """2023 for validation and what follows for test, where the hours leave room for all three.

    Else the last tenth, at least 1,024 hours, is test, and the tenth before it, at least 2,048 hours, validation; both
    begin with a month. Where that leaves less than 1,024 hours of train: tenths that begin with a day, if any fit.
    """
    fixed, end = Cuts(embargo=embargo), last + 1
    if first + BLOCK_TOKENS <= fixed.validation - embargo and fixed.test + BLOCK_TOKENS <= end:
        return fixed
    tenth = (end - first) // 10
    test = _month(end - max(tenth, BLOCK_TOKENS))
    validation = _month(test - embargo - max(tenth, 2 * BLOCK_TOKENS))
    if first + BLOCK_TOKENS <= validation - embargo:
        return Cuts(validation, test, embargo)
    test = (end - tenth) // 24 * 24
    validation = (test - embargo - tenth) // 24 * 24
    return Cuts(validation, test, embargo) if first < validation - embargo and validation + embargo < test else fixed


def _month(hour: int) -> int:
    """The beginning of the month that holds an hour."""
    begun = datetime.fromtimestamp(hour * 3600, UTC).replace(day=1, hour=0)
    return int(begun.timestamp()) // 3600


@dataclass(frozen=True, slots=True)
class BlockSettings:
    """Cuts between the splits, formats (none: no blocks), and which flags count against an hour.

    `first`..`last` (inclusive, hours since 1970 UTC) is the frame on which values are read. `slots` are series by slot:
    those named that hold no value keep theirs empty, those not named come after them, by id. `inputs` is what `value`
    holds where demand was not observed: reported (0), or estimate. `asked` is what was said of the cuts; `given` are
    the names of those other settings of which anything was said (GIVEN).
    """

    cuts: Cuts
    formats: tuple[str, ...]
    against: frozenset[str]
    first: int
    last: int
    slots: tuple[str, ...] = ()
    asked: AskedCuts = field(default_factory=AskedCuts)
    inputs: str = REPORTED
    given: frozenset[str] = frozenset()
