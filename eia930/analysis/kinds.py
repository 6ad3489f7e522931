# SPDX-License-Identifier: Apache-2.0
"""What an analyst calls a series of a region: `D`, `NG.SUN`, `ID.PACW`, `SUB.PGAE`.

A word is a type of region-data, or a route's own word and its kind; `NG.*`, `ID.*` and `SUB.*` are all that there are.
One that is neither names the nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from eia930.errors import UsageError
from eia930.reference.respondents import respondents
from eia930.reference.routes import FUEL, REGION, ROUTES, Route
from eia930.reference.series import SeriesKey

PREFIXES = {route.word: route for route in ROUTES.values() if route.word}
ALL = "*"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word of a question: a route and one of its kinds; `*` for all that there are."""

    word: str
    route: Route
    kind: str


def wanted(word: str) -> Wanted:
    """A word → what is wanted. UsageError, with the nearest word, for one that names nothing."""
    if word in REGION.types:
        return Wanted(word, REGION, word)
    prefix, _, kind = word.partition(".")
    route = PREFIXES.get(prefix)
    if route is not None and (kind == ALL or kind in route.kinds()):
        return Wanted(word, route, kind)
    raise UsageError(f"kinds: no {word!r}; {_near(word)}")


def word_of(key: SeriesKey) -> str:
    """The word for a series: `NG.SUN`."""
    return f"{key.route.word}.{key.kind}" if key.route.word else key.kind


def title_of(key: SeriesKey) -> str:
    """What the kind is called beside its word: `Solar`, `Interchange with PacifiCorp West`."""
    return key.route.titled.format(name=key.route.names().get(key.kind, key.kind))


def checked_regions(regions: Sequence[str]) -> tuple[str, ...]:
    """The codes, each once. UsageError, with the nearest code, for one that the tables do not know."""
    known = respondents()
    for code in regions:
        if code not in known:
            named = [one.code for one in known.values() if code.casefold() in one.name.casefold()]
            raise UsageError(
                f"regions: no {code!r}; {_mean(get_close_matches(code.upper(), known, 3, 0.5) or named[:3])}"
            )
    return tuple(dict.fromkeys(regions))


def _near(word: str) -> str:
    words = [*REGION.types, *(f"{prefix}.{kind}" for prefix, route in PREFIXES.items() for kind in route.kinds())]
    code = word.upper()
    same = [one for one in words if one.partition(".")[2] == code]
    called = [
        f"NG.{kind}" for kind, name in FUEL.names().items() if name.casefold() == word.rpartition(".")[2].casefold()
    ]
    return _mean(called or same[:3] or get_close_matches(code, words, 3, 0.5))


def _mean(near: Iterable[str]) -> str:
    words = " or ".join(near)
    return f"did you mean {words}?" if words else "python -m pipelines.codes lists all"
