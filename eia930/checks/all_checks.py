# SPDX-License-Identifier: Apache-2.0
"""Cross-checks: series held against each other and against their own past. They report; they never change a value.

Tolerances and what they rest on are explained in docs/quality.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from eia930.checks.asked import EVERYTHING, Asked
from eia930.checks.clock_change import clock_change
from eia930.checks.outcome import Check, Outcome, Series, Tolerance, collect
from eia930.checks.repeated_days import repeated_days
from eia930.checks.shifted import AGREES, GAIN, shifted
from eia930.checks.stretches import stretches
from eia930.checks.sums.balances import Keys, Members, balances
from eia930.checks.sums.equations import Equation, compare, sides
from eia930.checks.swapped_sign import swapped_sign
from eia930.reference.routes import REGION, SUBREGION
from eia930.reference.series import SeriesKey, known_series

SAME_METER = Tolerance(3.0, 0.001)  # figures of one authority: rounding, a few MW of station use
TWO_METERS = Tolerance(10.0, 0.05)  # both ends of a tie line, metered and integrated apart
SUBREGIONS = Tolerance(3.0, 0.02)  # settlement figures against the operator's total
REGIONS = Tolerance(3.0, 0.005)  # EIA's own sums, with its imputed hours inside

_SMOOTH = ("D", "DF")
_SUMS = ("Sum of the parts", "Reported")
_PAIRS = ("Opposite of the other side", "Reported")
_BALANCES = (
    ("demand_balance", "demand = net generation − total interchange", "demand", SAME_METER),
    ("generation_by_fuel", "net generation = sum over energy sources", "fuels", SAME_METER),
    ("total_interchange", "total interchange = sum over neighbours", "neighbours", SAME_METER),
    ("interchange_pairs", "A→B = −(B→A)", "pairs", TWO_METERS),
    ("subregions", "demand = sum over sub-regions", "subregions", SUBREGIONS),
    ("regions", "a region or US48 = sum over its authorities", "regions", REGIONS),
)
_MOVE = ("demand", "fuels", "neighbours", "pairs")
"""Balances whose sides should move together: evaluated once for both checks."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Every check's outcome, and every stretch of hours that one of them found wrong (`stretches.SCHEMA`)."""

    checks: tuple[Check, ...]
    stretches: pa.Table


def run_checks(series: Series, first_hour: int, members: Members, *, asked: Asked = EVERYTHING) -> Checked:
    """Run every check over `series` (float64[hours] each, MW, NaN = absent) on one common frame.

    `first_hour`: hours since 1970-01-01 UTC of index 0 (hour ending). `members`: an authority → its sub-regions,
    a region or US48 → its authorities. `asked`: what was asked for; a sum is checked only where that holds all of
    its parts. Each series is taken when needed, so a mapping may load it on demand. A name that no route of ours has
    takes part in nothing.
    """
    keys = known_series(series)
    known = balances(keys, members, asked)
    checks, moves, tables = [], list[Outcome](), list[pa.Table]()

    def took(name: str, what: str, outcomes: Sequence[Outcome], **more: Any) -> None:
        checks.append(collect(name, what, outcomes=outcomes, **more))
        tables.append(stretches(name, outcomes, first_hour))

    for name, what, kind, by in _BALANCES:
        found = list[Outcome]()
        for equation in getattr(known, kind):
            both = sides(equation, series)
            found += compare(equation, both, series, first_hour=first_hour, tolerance=by)
            if kind in _MOVE:
                moves.append(shifted(equation, both, series, first_hour=first_hour))
        columns, left_out = _PAIRS if kind == "pairs" else _SUMS, known.left_out.get(kind, 0)
        took(name, what, found, tolerance=str(by), columns=columns, left_out=left_out)
    ahead, parents = (
        [shifted(one, sides(one, series), series, first_hour=first_hour) for one in some]
        for some in (_forecasts(keys), _parents(keys))
    )
    took(
        "swapped_sign",
        "A→B has the sign of B→A",
        list(swapped_sign(known.pairs, known.neighbours, series, first_hour=first_hour, tolerance=TWO_METERS)),
        tolerance=str(TWO_METERS),
        columns=("With the other sign", "Reported"),
    )
    took(
        "shifted_stamps",
        "a week moves hours before or after its reference",
        [*ahead, *moves, *parents],
        tolerance=f"correlation {AGREES:g} at the delay, {GAIN:g} and half of the rest above none",
        columns=("Delay expected, h", "Delay found, h"),
    )
    took(
        "repeated_days",
        "24 and more hours equal those a day or a week before",
        list(repeated_days(list(keys), series, first_hour=first_hour)),
        tolerance="exact",
        columns=("Expected", "Reported"),
    )
    took(
        "clock_change",
        "an hour of a clock-change night is missing or doubled",
        list(clock_change(_smooth(keys), series, first_hour=first_hour)),
        tolerance="1.6 to 2.4 times its neighbours",
        columns=("A day before", "Reported"),
    )
    return Checked(tuple(checks), pa.concat_tables(tables))


def _smooth(keys: Keys) -> list[str]:
    return [name for name, key in keys.items() if key.type in _SMOOTH]


def _forecasts(keys: Keys) -> list[Equation]:
    """A total's demand should move together with its forecast."""
    whole = [name for name, key in keys.items() if key.type == "D" and key.route is REGION]
    pairs = [(name, SeriesKey(REGION, keys[name].respondent, "DF").id) for name in whole]
    return [Equation(total=name, parts=(ahead,)) for name, ahead in pairs if ahead in keys]


def _parents(keys: Keys) -> list[Equation]:
    """A sub-region's demand should move together with its parent's."""
    inside = [name for name, key in keys.items() if key.type == "D" and key.route is SUBREGION]
    pairs = [(name, SeriesKey(REGION, keys[name].respondent, "D").id) for name in inside]
    return [Equation(total=name, parts=(parent,)) for name, parent in pairs if parent in keys]
