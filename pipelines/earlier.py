# SPDX-License-Identifier: Apache-2.0
"""What an earlier load left in an output that this one will not hold: said before, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from eia.files import read_manifest
from eia.hours import parse_hour
from eia.lanes import Span
from eia.storage import Storage
from eia.tidy import tidy_path
from quality.publication import REPORT


def narrower(storage: Storage, spans: Sequence[Span]) -> Iterator[str]:
    """A line a respondent whose tidy hours, from the last load, are more than are asked for now."""
    asked = {span.id: span for span in spans}
    for one in _last_spans(storage):
        span = asked.get(f"{one['route']}/{one['respondent']}")
        if span and (parse_hour(one["first"]) < span.first or parse_hour(one["last"]) > span.last):
            yield (
                f"tidy/ has {span.id} from {one['first']} to {one['last']}; this load asks for fewer hours and leaves "
                "only those there (raw/ keeps all: ask for the longer range again, and nothing is sent)"
            )


def others(storage: Storage, spans: Sequence[Span]) -> int:
    """How many tidy files of earlier loads stay beside those of this one, which its report does not speak of."""
    mine = {tidy_path(span.route, span.respondent) for span in spans}
    return sum(file.path.startswith("tidy/") and file.path not in mine for file in read_manifest(storage))


def _last_spans(storage: Storage) -> list[dict[str, Any]]:
    try:
        report = msgspec.json.decode(storage.get(REPORT))
        return list(report["spans"])
    except (KeyError, msgspec.DecodeError):
        return []
