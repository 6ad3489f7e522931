# SPDX-License-Identifier: Apache-2.0
"""Which hours of a series count as asked: all of the span, or, by a coverage file, those that exist or may exist."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from eia930.question.pieces import Flags, wanted_hours
from eia930.question.span import Span
from eia930.record.grid import Series
from eia930.reference.routes import ROUTES
from eia930.reference.series import SeriesKey


class PassedOver(msgspec.Struct, frozen=True):
    """How many hours of a series a coverage file shows not to exist: they are not asked, and so not missing."""

    series_id: str
    hours: int


def asked_hours(span: Span, series: Series) -> Flags:
    """bool[hours of the span]: what may exist of a series, and what came all the same."""
    came = series.at != 0
    asked: Flags = np.ones(span.hours, bool) if series.asked is None else series.asked | came
    if span.existing is None:
        return asked
    pieces = next((one.pieces for one in span.existing if one.kind == series.kind), ())
    existing: Flags = (asked & wanted_hours(pieces, span.first, span.last)) | came
    return existing


def passed_over(span: Span, asked: Mapping[str, int]) -> list[PassedOver]:
    """What is left of each series after the hours `asked` (by kind), of all kinds named, expected or found."""
    if span.existing is None:
        return []
    route = ROUTES[span.route]
    kinds = sorted({*(span.kinds or route.expected(span.respondent, (span.first, span.last))), *asked})
    left = [(kind, span.hours - asked.get(kind, 0)) for kind in kinds]
    return [PassedOver(SeriesKey(route, span.respondent, kind).id, hours) for kind, hours in left if hours]
