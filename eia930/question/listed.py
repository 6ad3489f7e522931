# SPDX-License-Identifier: Apache-2.0
"""What a server lists of its routes, as far as a plan needs it: EIA names new codes between two releases of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from eia930.reference.routes import Route

_CODE = re.compile(r"[A-Za-z0-9_]{1,16}", re.ASCII)
_TAKEN = ("counts", "facets")
"""Folders beside those of respondents."""


class Lists(msgspec.Struct, frozen=True):
    """Code → name of the respondents of a route, and of its kinds: types, fuels, neighbours or sub-regions."""

    respondents: dict[str, str]
    kinds: dict[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """The lists of some routes, by id. Of a route that it lacks nothing is known but the tables."""

    routes: Mapping[str, Lists] = field(default_factory=dict, hash=False)

    def respondents(self, route: Route) -> tuple[str, ...]:
        """Who has hours in a route by the server, sorted, as far as a file can be named so."""
        codes = self._of(route).respondents
        return tuple(sorted(code for code in codes if _CODE.fullmatch(code) and code.lower() not in _TAKEN))

    def kinds(self, route: Route) -> tuple[str, ...]:
        """Its kinds by the server, sorted, less those of another record that stand in the same list."""
        return tuple(sorted(code for code in self._of(route).kinds if _CODE.fullmatch(code) and _ours(route, code)))

    def odd(self, route: Route) -> tuple[str, ...]:
        """Listed codes that cannot be asked for by name, sorted: no file can be named so."""
        lists = self._of(route)
        asked = {*self.respondents(route), *self.kinds(route)}
        return tuple(sorted({*lists.respondents, *(kind for kind in lists.kinds if _ours(route, kind))} - asked))

    def types(self, route: Route) -> tuple[str, ...]:
        """The types to ask for by name, newer ones among them; empty where a route takes whatever there is."""
        return tuple(sorted({*route.types, *self.kinds(route)})) if route.types else ()

    def _of(self, route: Route) -> Lists:
        return self.routes.get(route.id, _NOTHING)


_NOTHING = Lists({}, {})
UNLISTED = Listed(MappingProxyType({}))
"""Where no server was asked: the tables are all that is known."""


def _ours(route: Route, kind: str) -> bool:
    return kind not in route.beside
