# SPDX-License-Identifier: Apache-2.0
"""Windows, rows and bodies for tests, as the API would write them, and the emulator's faults by name."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from eia930.emulator import Faults
from eia930.question.window import Window
from eia930.reference.hours import parse_hour, stamp
from eia930.reference.routes import ROUTES
from eia930.sources.api.responses import Answer, read_answer
from eia930.sources.columns import Columns

FIRST = parse_hour("2023-01-01T00")
LATER = datetime(2023, 6, 1, 12, 30, 7, tzinfo=UTC)
UNIT = "megawatthours"
KINDS = {"region-data": "D", "fuel-type-data": "SUN", "interchange-data": "BPAT", "region-sub-ba-data": "PGAE"}


def window(first: int = 0, last: int = 23, *, route: str = "region-data", **other: Any) -> Window:
    """Hours `first`..`last` after 2023-01-01T00 of PACW."""
    return Window(route, other.pop("respondent", "PACW"), FIRST + first, FIRST + last, **other)


def row(hour: int, kind: str = "D", value: Any = "1", *, route: str = "region-data", **other: Any) -> dict[str, Any]:
    """One row; `hour` counts from 2023-01-01T00."""
    names = ROUTES[route]
    return {
        "period": stamp(FIRST + hour),
        names.respondent: "PACW",
        names.respondent_name: "PacifiCorp West",
        names.kind: kind,
        names.kind_name: "a name",
        "value": value,
        "value-units": names.unit,
        **other,
    }


def body(rows: Sequence[Any], *, total: Any = None, **members: Any) -> bytes:
    """A whole answer of EIA v2 around the rows."""
    said = str(len(rows)) if total is None else total
    whole = {
        "response": {"total": said, "dateFormat": 'YYYY-MM-DD"T"HH24', "data": rows, "description": "x"},
        "request": {"command": "/v2/", "params": {"api_key": "echoed-in-clear"}},
        "apiVersion": "2.1.8",
        **members,
    }
    return json.dumps(whole, separators=(",", ":")).replace("/", "\\/").encode()


def answer(asked: Window, rows: Sequence[Any], *, total: Any = None, at: datetime = LATER) -> Answer:
    """The answer that `rows` are."""
    return read_answer(body(rows, total=total), asked, at)


def always(fault: str, **other: float) -> Faults:
    """Faults of the emulator, the one of this name at every request."""
    chosen: dict[str, Any] = {fault: 1.0, **other}
    return Faults(**chosen)


def triples(columns: Columns) -> Iterable[tuple[int, str, float]]:
    """(hour after 2023-01-01T00, kind, value) of the kept rows."""
    kinds = [columns.kinds[code] for code in columns.kind.tolist()]
    return list(zip((columns.hour - FIRST).tolist(), kinds, columns.value.tolist(), strict=True))
