# SPDX-License-Identifier: Apache-2.0
"""A source as it was at a moment: what another output had stored until then. Nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from eia930.errors import Stop, UsageError
from eia930.question.span import Span
from eia930.sources.columns import Columns, Row, Stored
from eia930.sources.fetched import Fetched, Tally
from eia930.sources.matrix import Matrix
from eia930.sources.quota import NONE
from eia930.sources.source import Estimate, Source, Terms
from eia930.store.run import Run
from eia930.store.storage import Storage


@dataclass(frozen=True, slots=True)
class PastSource:
    """`inner` as far as the answers in `raw` tell it that were retrieved no later than `until`, Unix seconds."""

    inner: Source
    raw: Storage
    until: int
    origins: tuple[str, ...]

    @classmethod
    def on(cls, terms: Terms) -> Self:
        """There are no terms: it is made of another source."""
        raise UsageError("--as_of takes its hours from --raw alone")

    @property
    def name(self) -> str:
        """What the tidy column `source` said then."""
        return self.inner.name

    @property
    def requests_per_hour(self) -> int | None:
        """None: nothing is asked."""
        return None

    @property
    def quota(self) -> str:
        """There is no pace to share."""
        return NONE

    @property
    def refresh(self) -> bool:
        """Nothing is asked again."""
        return False

    def at(self, url: str) -> PastSource:
        """The same: there is no server."""
        return self

    def check_here(self) -> None:
        """Nothing is lacking."""

    def check_elsewhere(self) -> tuple[str, ...]:
        """UsageError where workers on other machines do not reach the stored answers."""
        if self.raw.path is not None:
            raise UsageError(f"--raw {self.raw.place}: workers on other machines do not reach this folder")
        return ()

    def plan_size(self, spans: Sequence[Span]) -> int:
        """No request."""
        return 0

    def estimate(self, storage: Storage, spans: Sequence[Span]) -> Estimate:
        """No request."""
        return Estimate(0, 0, 0, "of none", "nothing is asked")

    def counting(self, storage: Storage, spans: Sequence[Span]) -> str:
        """Nothing is counted."""
        return "none"

    def fetch(self, storage: Storage, spans: Sequence[Span], run: Run) -> Fetched:
        """Nothing is asked for: what there was is stored."""
        return Fetched(Tally(), 0, 0, (), "", "")

    def count(self, storage: Storage, spans: Sequence[Span], run: Run) -> tuple[Fetched, list[Matrix]]:
        """Nothing is counted."""
        raise UsageError("--as_of asks nobody, so it counts nothing")

    def columns(self, storage: Storage, span: Span) -> Iterator[Stored]:
        """What was stored then for a span."""
        return (one for one in _stored(self, span) if one.at.timestamp() <= self.until)

    def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Iterator[tuple[str, Columns, list[Row]]]:
        """Stored answers once more."""
        return self.inner.verbatim(self.raw, span, names)


def _stored(source: PastSource, span: Span) -> Iterator[Stored]:
    """Stop where an answer is damaged: only a load of the output that it lies in asks for it again."""
    try:
        yield from source.inner.columns(source.raw, span)
    except Stop as stop:
        remedy = f"load {source.raw.place} once more, which asks for it again; then run this again"
        raise Stop(stop.what, remedy) from None


def require_then(source: PastSource, spans: Sequence[Span]) -> None:
    """UsageError where nothing of the spans was stored then; it says when the first answer came."""
    first: datetime | None = None
    for span in spans:
        for one in _stored(source, span):
            if one.at.timestamp() <= source.until:
                return
            first = one.at if first is None else min(first, one.at)
    if first is None:
        raise UsageError(f"--raw {source.raw.place}: no stored answer speaks of these regions and hours")
    raise UsageError(
        f"--as_of {datetime.fromtimestamp(source.until, UTC):%Y-%m-%dT%H}: the first answer of these regions in "
        f"{source.raw.place} was retrieved {first:%Y-%m-%dT%H:%M:%S}",
        remedy="give an hour after that, once it has come; as it is now it stands in that output",
    )
