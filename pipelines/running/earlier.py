# SPDX-License-Identifier: Apache-2.0
"""What an earlier load left in an output that this one will not hold: said before, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from eia930.account.publication import REPORT
from eia930.question.span import Span
from eia930.record.tidy import tidy_path
from eia930.reference.hours import parse_hour
from eia930.store.manifest import read_manifest
from eia930.store.storage import Storage


class _Held(msgspec.Struct, frozen=True):
    route: str
    respondent: str
    first: str
    last: str

    def __post_init__(self) -> None:
        """Refuse what is no hour: msgspec then calls the whole file no account."""
        for text in (self.first, self.last):
            parse_hour(text)

    def beyond(self, span: Span) -> bool:
        """Whether some of these hours are not asked for now."""
        return parse_hour(self.first) < span.first or parse_hour(self.last) > span.last


class _Report(msgspec.Struct, frozen=True):
    spans: tuple[_Held, ...]


def narrower(storage: Storage, spans: Sequence[Span]) -> Iterator[str]:
    """A line a respondent whose tidy hours, from the last load, are more than are asked for now."""
    asked = {span.id: span for span in spans}
    for one in _last_spans(storage):
        span = asked.get(f"{one.route}/{one.respondent}")
        if span and one.beyond(span):
            yield (
                f"tidy/ has {span.id} from {one.first} to {one.last}; this load asks for fewer hours and leaves "
                "only those there (raw/ keeps all: ask for the longer range again, and nothing is sent)"
            )


def others(storage: Storage, spans: Sequence[Span]) -> int:
    """How many tidy files of earlier loads stay beside those of this one, which its report does not speak of."""
    mine = {tidy_path(span.route, span.respondent) for span in spans}
    return sum(file.path.startswith("tidy/") and file.path not in mine for file in read_manifest(storage))


def _last_spans(storage: Storage) -> tuple[_Held, ...]:
    """What the last load asked for; nothing where its account is none of ours: this load writes a new one."""
    try:
        return msgspec.json.decode(storage.get(REPORT), type=_Report).spans
    except (KeyError, msgspec.DecodeError):
        return ()
