# SPDX-License-Identifier: Apache-2.0
"""What an earlier load left in an output that this one will not hold: said before, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eia930.account.model import SpanAsked
from eia930.account.stored import read_account
from eia930.errors import UsageError
from eia930.question.span import Span
from eia930.record.tidy import tidy_path
from eia930.reference.hours import parse_hour
from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage


def narrower(storage: Storage, spans: Sequence[Span]) -> Iterator[str]:
    """A line a respondent whose tidy hours, from the last load, are more than are asked for now."""
    asked = {span.id: span for span in spans}
    for one in _last_spans(storage):
        span = asked.get(f"{one.route}/{one.respondent}")
        if span and _beyond(one, span):
            yield (
                f"tidy/ has {span.id} from {one.first} to {one.last}; this load asks for fewer hours and leaves "
                "only those there (raw/ keeps all: ask for the longer range again, and nothing is sent)"
            )


def others(storage: Storage, spans: Sequence[Span]) -> int:
    """How many tidy files of earlier loads stay beside those of this one, which its report does not speak of."""
    mine = {tidy_path(span.route, span.respondent) for span in spans}
    return sum(file.path.startswith("tidy/") and file.path not in mine for file in read_manifest(storage))


def _last_spans(storage: Storage) -> tuple[SpanAsked, ...]:
    """What the last load asked for; nothing where its account is none of ours: this load writes a new one."""
    try:
        return read_account(storage).spans
    except UsageError:
        return ()


def _beyond(one: SpanAsked, span: Span) -> bool:
    """Whether some of these hours are not asked for now."""
    return parse_hour(one.first) < span.first or parse_hour(one.last) > span.last
