# SPDX-License-Identifier: Apache-2.0
"""An output whose stored responses a test makes, and what a load of them rejects."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from eia930.question.span import Span
from eia930.record.assembly import GroupReport, Screening, assemble
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.sources.api.responses import ResponseStore, unpack
from eia930.sources.api.source import ApiSource
from eia930.sources.fetched import Failure
from eia930.store.storage import Storage
from tests.eia930.making import FIRST, LATER, answer, row, window

HOURS = 8
SCREENING = Screening(FLAGS, screen_series)
SOURCE = ApiSource("http://127.0.0.1:1", "none:")
Rows = list[dict[str, Any]]
_one_row = st.tuples(st.integers(0, HOURS + 1), st.sampled_from(["D", "NG"]), st.sampled_from([None, "1", "2", "1,0"]))


def watched(read: list[str]) -> ApiSource:
    """Adds to `read` the answers whose rows are read once more."""

    class Watched(ApiSource):
        def verbatim(self, storage: Storage, span: Span, names: Sequence[str]) -> Any:
            read.extend(names)
            return super().verbatim(storage, span, names)

    return Watched("http://127.0.0.1:1", "none:")


class Folder:
    """An output whose responses a test makes; `late` is when each was retrieved, in hours."""

    def __init__(self, place: str, *, route: str = "region-data") -> None:
        self.storage = Storage.at(place)
        self.route = route
        self._store = ResponseStore(self.storage, settle_hours=1)

    def hold(self, first: int, last: int, rows: Rows, *, late: int = 0, kinds: tuple[str, ...] = ()) -> str:
        asked = window(first, last, route=self.route, kinds=kinds)
        return self._store.put(answer(asked, rows, at=LATER + timedelta(hours=late)))

    def hold_drawn(self, data: Any, number: Iterator[int], *, late: int, kinds: tuple[str, ...] = ()) -> None:
        """An answer of any hours; every row has a name of its own."""
        first, last = sorted(data.draw(st.tuples(st.integers(0, HOURS), st.integers(0, HOURS))))
        drawn = data.draw(st.lists(_one_row, max_size=12))
        mine = [one for one in drawn if first <= one[0] <= last and (not kinds or one[1] in kinds)]
        rows = [{**row(*one), "type-name": f"row {next(number)}"} for one in mine]
        self.hold(first, last, rows, kinds=kinds, late=late)

    def load(self, *failures: Failure, source: ApiSource = SOURCE) -> tuple[GroupReport, list[dict[str, Any]]]:
        span = Span(self.route, "PACW", FIRST, FIRST + HOURS - 1)
        report = assemble(self.storage, source, span, screening=SCREENING, failures=failures)
        paths = [file.path for file in report.files if file.path.startswith("rejects/")]
        return report, [json.loads(line) for path in paths for line in self.storage.get(path).splitlines()]

    def served(self, key: str) -> Rows:
        found: Rows = json.loads(unpack(self.storage.get(key)))["response"]["data"]
        return found
