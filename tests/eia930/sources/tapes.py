# SPDX-License-Identifier: Apache-2.0
"""A server in this process for tests of requests for several respondents, whose rows come and go meanwhile."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import numpy as np

from eia930.question.several import Several
from eia930.question.span import Span
from eia930.question.window import Window
from eia930.reference.hours import stamp
from eia930.reference.routes import PAGE, ROUTES
from eia930.sources.api.lanes import Lane
from eia930.sources.api.responses import Answer, read_answer, read_body
from eia930.sources.api.together.company import Company
from eia930.sources.api.together.joint import parts_of, read_joint
from eia930.sources.api.together.tape import Tape

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROUTE = ROUTES["fuel-type-data"]
Place = tuple[int, int]
"""Of which hour a row is, and of which kind."""


@dataclass
class Server:
    """Rows as JSON, of each respondent by hour and kind; `change` is called before every answer."""

    rows: dict[str, dict[Place, bytes]] = field(default_factory=dict)
    change: Callable[["Server"], None] = lambda _: None
    hears: Callable[[Sequence[str]], Sequence[str]] = lambda codes: codes
    """Of several, whom it answers for."""
    asked: list[Window] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(len(some) for some in self.rows.values())

    def put(self, code: str, place: Place, value: object) -> None:
        hour, kind = place
        row = {"period": stamp(hour), ROUTE.respondent: code, ROUTE.kind: f"K{kind}", "value": value}
        self.rows.setdefault(code, {})[place] = json.dumps(row | {"value-units": ROUTE.unit}).encode()

    def of(self, code: str, first: int, last: int, *, descending: bool = False) -> list[bytes]:
        """The rows of a respondent in hours `first`..`last`, in order of period, then kind."""
        mine = self.rows.get(code, {})
        places = sorted(place for place in mine if first <= place[0] <= last)
        if descending:
            places.sort(key=lambda place: -place[0])
        return [mine[place] for place in places]

    def answer(self, window: Window) -> Answer:
        """What it answers now, read as the client reads it."""
        self.change(self)
        self.asked.append(window)
        several = window if isinstance(window, Several) else None
        codes = self.hears(several.respondents) if several else (window.respondent,)
        skip = several.skip if several else 0
        found = [
            row for code in codes for row in self.of(code, window.first, window.last, descending=window.descending)
        ]
        page = found[skip : skip + PAGE]
        self.received.append(len(page))
        body = b'{"response":{"total":"%d","data":[%s]},"apiVersion":"2.1.8"}' % (len(found), b",".join(page))
        return read_joint(body, several, NOW) if several else read_answer(body, window, NOW)


def full(counts: Sequence[tuple[Span, int]], *, gaps: float = 0.0, seed: int = 0) -> Server:
    """Of every span all hours with so many rows each, less some that are lost by chance."""
    draw, server = np.random.default_rng(seed), Server()
    for span, kinds in counts:
        for hour in range(span.first, span.last + 1):
            for kind in np.flatnonzero(draw.random(kinds) >= gaps).tolist():
                server.put(span.respondent, (hour, kind), kind)
    return server


def rows_in(part: Answer) -> list[bytes]:
    """Its rows of the hours that it settles, as they were served."""
    rows = msgspec.json.decode(read_body(part.body, part.window).data, type=list[msgspec.Raw])
    hours = part.columns.hour.tolist()
    return [bytes(row) for row, hour in zip(rows, hours, strict=True) if part.first <= hour <= part.last]


def play(lanes: Sequence[Lane | Tape], server: Server, company: Company | None = None) -> list[Answer]:
    """Ask everything; every answer that is stored, and each must be what the server has just then."""
    stored: list[Answer] = []
    while True:
        windows = [(lane, window) for lane in lanes for window in iter(lane.next_window, None)]
        if not windows:
            assert sum(lane.left for lane in lanes) == 0
            return stored
        for lane, window in windows:
            answer = server.answer(window)
            answer = company.check(answer) if company else answer
            for part in parts_of(answer):
                there = server.of(part.window.respondent, part.first, part.last, descending=part.window.descending)
                assert rows_in(part) == there, part.window.id
            lane.answered(answer)
            stored += parts_of(answer)
