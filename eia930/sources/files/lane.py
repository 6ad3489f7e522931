# SPDX-License-Identifier: Apache-2.0
"""What the dispatcher works through: the index first, then the files that are wanted, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eia930.reference.halves import Half
from eia930.sources.files.names import INDEX, ROUTES_OF, FileName, ruled

Listing = dict[tuple[str, Half], FileName]


def hours_of(half: Half) -> int:
    """How long it is, by whatever clock: files of any kind count alike in a progress."""
    first, last = half.hours()
    return last - first + 1


@dataclass(frozen=True, slots=True)
class FileRequest:
    """One file, or the index (None)."""

    file: FileName | None

    @property
    def id(self) -> str:
        """The file's name."""
        return self.file.name if self.file else INDEX

    @property
    def route(self) -> str:
        """The route of its hours; of BALANCE, which has two, the first."""
        return ROUTES_OF[self.file.kind][0].id if self.file else ""

    @property
    def respondent(self) -> str:
        """A file is for all of them."""
        return ""

    @property
    def first(self) -> int:
        """The first hour of its half."""
        return self.file.half.hours()[0] if self.file else 0

    @property
    def last(self) -> int:
        """The last hour of its half."""
        return self.file.half.hours()[1] if self.file else 0


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What came: the index as a listing, or the records of a file that was not stored before."""

    rows: int
    listing: Listing | None = None
    stored: int = 1
    hours: int = 0
    """Of the half of a file."""


@dataclass(slots=True)
class Files:
    """Wanted files, the newest first. Where there is no index, their names follow the rule.

    `is_due(file)` says whether a file is to be asked for; it is called when its turn comes.
    """

    wanted: Sequence[tuple[str, Half]]
    is_due: Callable[[FileName], bool]
    _left: list[FileName] | None = None
    _asked_index: bool = field(default=False)
    _spared: int = 0
    """Hours of files that need not be asked for after all."""

    def __post_init__(self) -> None:
        if not self.wanted:
            self._left = []

    @property
    def pages(self) -> float:
        """How many are left."""
        return float(len(self.wanted) + 1 if self._left is None else len(self._left))

    def next_window(self) -> FileRequest | None:
        """The index, then file by file."""
        if self._left is None:
            if self._asked_index:
                return None
            self._asked_index = True
            return FileRequest(None)
        while self._left:
            file = self._left.pop(0)
            if self.is_due(file):
                return FileRequest(file)
            self._spared += hours_of(file.half)
        return None

    def answered(self, answer: FileAnswer) -> int:
        """Take the index in; a file is stored already. The hours that are settled, as a progress tells them."""
        if self._left is None:
            self._name(answer.listing)
        spared, self._spared = self._spared, 0
        return answer.hours + spared

    def given_up(self, window: FileRequest) -> bool:
        """A file is left out; without an index the rule names them."""
        if window.file is None:
            self._name(None)
        return True

    def shrink(self, window: FileRequest) -> None:
        """A file has no smaller part."""

    def _name(self, listing: Listing | None) -> None:
        order = sorted(self.wanted, key=lambda one: (one[1], one[0]), reverse=True)
        if listing is None:
            self._left = [ruled(*one) for one in order]
        else:
            self._left = [listing[one] for one in order if one in listing]
            self._spared += sum(hours_of(half) for kind, half in order if (kind, half) not in listing)
