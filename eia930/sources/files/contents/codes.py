# SPDX-License-Identifier: Apache-2.0
"""Codes of authorities, neighbours and sub-regions in the files: always text, numbered as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eia930.reference.respondents import respondents, subregions
from eia930.reference.routes import INTERCHANGE, SUBREGION


@dataclass(slots=True)
class Codes:
    """Texts → numbers from 0, the same for the whole file though each block counts anew."""

    texts: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def numbers(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """int32 a text."""
        for text in texts:
            if text not in self._places:
                self._places[text] = len(self.texts)
                self.texts.append(text)
        return np.array([self._places[text] for text in texts], np.int32)


def spelled(route: str, respondent: str, kind: str) -> str:
    """A kind as the API spells it: sub-regions come in other letter case and without leading zeros in places."""
    if route != SUBREGION.id:
        return kind
    return _spellings(respondent).get(_bare(kind), kind)


def is_known(route: str, respondent: str, kind: str) -> bool:
    """Whether the tables know a neighbour, or a sub-region of its parent; other kinds are known by their header."""
    if route == INTERCHANGE.id:
        return kind in respondents()
    return route != SUBREGION.id or kind in subregions().get(respondent, ())


@cache
def _spellings(respondent: str) -> dict[str, str]:
    return {_bare(code): code for code in subregions().get(respondent, ())}


def _bare(code: str) -> str:
    return code.upper().lstrip("0")
