# SPDX-License-Identifier: Apache-2.0
"""A server's rows as a test says, code by code: whatever is not said, it does not have, nor list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eia930.emulator import Series
from eia930.reference.routes import ROUTES, Route

Codes = tuple[str, str, str]
"""Route, respondent, kind."""


@dataclass(frozen=True)
class Having:
    """Series → the hours that have a row; `lists` besides: (route, respondent) that are listed and have none."""

    rows: Mapping[Codes, Sequence[int]]
    now: int
    lists: tuple[tuple[str, str], ...] = ()

    def respondents(self, route: Route) -> Sequence[str]:
        silent = {code for name, code in self.lists if name == route.id}
        return sorted({code for name, code, _ in self.rows if name == route.id} | silent)

    def kinds(self, route: Route) -> Sequence[str]:
        return sorted({kind for name, _, kind in self.rows if name == route.id})

    def names(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        return {}, {}

    def span(self, route: Route) -> tuple[int, int]:
        return ROUTES[route.id].first, self.now

    def series(self, route: Route, respondent: str) -> tuple[Series, ...]:
        mine = sorted(kind for name, code, kind in self.rows if (name, code) == (route.id, respondent))
        return tuple(self._one(route.id, respondent, kind) for kind in mine)

    def _one(self, *codes: str) -> Series:
        route, code, kind = codes
        hours = np.array(sorted(self.rows[route, code, kind]), np.int32)
        return Series(code, code, kind, kind, hours, np.arange(len(hours)) + 100, np.zeros(len(hours), np.bool_))
