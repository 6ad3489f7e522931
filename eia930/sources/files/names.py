# SPDX-License-Identifier: Apache-2.0
"""The three kinds of six-month files, their names, and the index that lists them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from eia930.errors import Garbled
from eia930.reference.halves import FIRST, FIRST_FUELS, Half
from eia930.reference.routes import FUEL, INTERCHANGE, REGION, SUBREGION, Route

BALANCE, FLOWS, PARTS = "balance", "interchange", "subregion"
KINDS = (BALANCE, FLOWS, PARTS)
INDEX = "EIA930_File_List_Meta.csv"
ROUTES_OF: Mapping[str, tuple[Route, ...]] = MappingProxyType(
    {BALANCE: (REGION, FUEL), FLOWS: (INTERCHANGE,), PARTS: (SUBREGION,)}
)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.csv", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileName:
    """One file of EIA's: its kind, its half, and the name under which it is served."""

    kind: str
    half: Half
    name: str

    @property
    def folder(self) -> str:
        """`balance/2015_Jul_Dec`: where its versions are kept."""
        return f"{self.kind}/{self.half.name}"


def ruled(kind: str, half: Half) -> FileName:
    """The name by the rule that all known files follow."""
    return FileName(kind, half, f"EIA930_{kind.upper()}_{half.name}.csv")


def exists(kind: str, half: Half) -> bool:
    """Whether EIA publishes, or will, a file of this kind and half."""
    return half >= (FIRST_FUELS if kind == PARTS else FIRST)


def kinds_for(routes: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of files that hold any of the routes (their ids)."""
    return tuple(kind for kind in KINDS if any(route.id in routes for route in ROUTES_OF[kind]))


def held() -> frozenset[str]:
    """The routes (their ids) that the files have."""
    return frozenset(route.id for routes in ROUTES_OF.values() for route in routes)


def parse_index(data: bytes) -> dict[tuple[str, Half], FileName]:
    """EIA's list of files, by column name; further columns and kinds are passed over.

    Garbled where it is no such list (an HTML page, say): the names then follow the rule.
    """
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    names = {" ".join(name.split()).upper(): name for name in rows.fieldnames or () if name}
    lacking = [name for name in ("YEAR", "PERIOD", "FILENAME", "DESCRIPTION") if name not in names]
    if lacking:
        raise Garbled(f"{INDEX}: no list of files: column {', '.join(lacking)} is not there")
    found: dict[tuple[str, Half], FileName] = {}
    for row in rows:
        one = _listed({name: (row[names[name]] or "").strip() for name in names})
        if one is not None:
            found[one.kind, one.half] = one
    return found


def _listed(row: Mapping[str, str]) -> FileName | None:
    kind, year, period = row["DESCRIPTION"].lower(), row["YEAR"], row["PERIOD"]
    name = row["FILENAME"].rpartition("/")[2]
    if kind not in KINDS or period not in ("1", "2") or not re.fullmatch(r"20\d\d", year) or not _FILE.fullmatch(name):
        return None
    return FileName(kind, Half(int(year), int(period)), name)
