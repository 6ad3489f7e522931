# SPDX-License-Identifier: Apache-2.0
"""Account and drawings → one HTML file that asks nobody for anything."""

from __future__ import annotations

from typing import Any

import msgspec
from markupsafe import Markup

from eia930.reference.routes import REGION
from eia930.report.drawing.figures import draw_event, draw_months, draw_rate, month_ticks
from eia930.report.reading.events import AROUND
from eia930.report.reading.findings import Findings, Line
from eia930.report.telling.model import LineTold, Shown
from eia930.report.telling.words import count, figure, percent, three_digits, unit_of
from eia930.report.templates import environment

OPEN = 8
"""Regions whose history is unfolded from the start."""
SHORT_SHOWN = 20
"""Series below the completeness asked for that stand in a table; the rest are folded away."""
_MEASURED = ("records_per_second", "requests_per_second", "rate.seconds")
_SHARES = ("share", "success_rate", "page_fill", "completeness.minimum")


def page(shown: Shown, found: Findings) -> str:
    """The page as text. A template's paths are those of report.json, so it is given what stands there."""
    told, frame = shown.quality, found.frame
    maps = [
        [draw_months(row.present, told.coverage.hours, row.series) for row in one.rows] for one in told.coverage.maps
    ]
    report = msgspec.to_builtins(shown)
    names = {
        "report": report,
        "told": report["quality"],
        "lines": sorted(zip(told.lines, found.lines, range(len(found.lines)), strict=True), key=_doubtful_first),
        "units": sorted({unit_of(one.series_id) for one in shown.series} or {REGION.power}),
        "open": OPEN,
        "short_shown": SHORT_SHOWN,
        "maps": maps,
        "months": month_ticks(frame),
        "worst": [draw_event(one, frame) for one in found.shown()],
        "around": AROUND,
        "rate": draw_rate(shown.rate.per_minute, shown.rate.limit_per_hour),
        "data": _inline({"months": told.coverage.months, "hours": told.coverage.hours}),
    }
    made = environment()
    made.filters.update(shown=shown_as, inline=_inline, unit=unit_of)
    return made.get_template("page.html.j2").render(names)


def shown_as(value: Any, key: str) -> str:
    """A figure of report.json as the page shows it: by its name a share or a speed, else by its type."""
    if value is None:
        return "–"
    if key.endswith(_SHARES):
        return percent(value)
    if key.endswith(_MEASURED):
        return three_digits(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return figure(value) if isinstance(value, float) else str(value)


def _doubtful_first(line: tuple[LineTold, Line, int]) -> tuple[int, str]:
    return -line[0].flagged, line[0].respondent


def _inline(data: Any) -> Markup:
    """JSON for a script element: no `<` ends it early."""
    return Markup(msgspec.json.encode(data).decode().replace("<", "\\u003c"))  # noqa: S704
