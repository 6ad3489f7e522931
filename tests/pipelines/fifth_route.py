# SPDX-License-Identifier: Apache-2.0
"""A program with a fifth route, of another unit, added as docs/how-to/add-a-route.md says: in two tables.

python -m tests.pipelines.fifth_route historical --routes=co2-data …
"""

import sys
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType
from typing import Any

from eia930.reference import routes

CO2 = replace(
    routes.FUEL,
    id="co2-data",
    name="Hourly Emissions by Energy Source",
    series="EBA.{respondent}-ALL.CO2X.{kind}.H",
    word="CO2X",
    titled="Emissions from {name}",
    unit="short tons",
    total="",
)
# Before anything else has taken the tables.
routes.ROUTES = MappingProxyType({**routes.ROUTES, CO2.id: CO2})


def main() -> int:
    """The program that the first word names."""
    rows: Any = import_module("eia930.emulator.synthetic_rows")
    rows.MADE = MappingProxyType({**rows.MADE, CO2.id: rows.MADE[routes.FUEL.id]})
    found = import_module(f"pipelines.{sys.argv[1]}").main(sys.argv[2:])
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
